package bus

import (
	"bytes"
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Trace is the middleware that makes a span of each handling. It continues the
// trace of the message, through short waits too, so that one trace spans a run
// from the POST to WabaReady. A look after a rest, which may come days later,
// begins a trace of its own with a link to it.
func Trace(next message.HandlerFunc) message.HandlerFunc {
	return func(msg *message.Message) ([]*message.Message, error) {
		ctx := msg.Context()
		d := deliveryOf(ctx)
		if d == nil {
			return next(msg)
		}
		options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer)}
		parent := origin(ctx, d.Message)
		if d.Name == event.NameRetryTick {
			options = append(options, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: parent}))
		} else {
			ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
		}
		ctx, span := tracer.Start(ctx, "bus.Handle", options...)
		defer span.End()
		if span.IsRecording() {
			span.SetAttributes(
				attribute.String("messaging.system", "nats"),
				attribute.String("messaging.destination.name", d.Stream),
				attribute.String("messaging.consumer.group.name", d.Consumer),
				attribute.Int64("waba.seq", int64(d.Seq)),            //nolint:gosec // sequences stay far below 2^63
				attribute.Int64("waba.attempt", int64(d.Deliveries)), //nolint:gosec // so do deliveries
				attribute.String("waba.event", string(d.Name)),
				attribute.String("waba.restaurant_id", string(d.Restaurant)))
		}
		msg.SetContext(ctx)
		produced, err := next(msg)
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, reasonOf(err))
		}
		return produced, err
	}
}

// origin returns the trace context that a message brings: in its headers or, as
// ticks do, in its envelope. What is malformed counts as none.
func origin(ctx context.Context, m Message) trace.SpanContext {
	if len(m.Header["traceparent"]) > 0 {
		return trace.SpanContextFromContext(traces.Extract(ctx, headerCarrier(m.Header)))
	}
	parent := envelopeTrace(m.Body)
	if parent == "" {
		return trace.SpanContext{}
	}
	return trace.SpanContextFromContext(traces.Extract(ctx, propagation.MapCarrier{"traceparent": parent}))
}

// envelopeTrace finds the trace context in an envelope without decoding it. A
// quote inside a JSON string is escaped, so no value can pass for the key.
func envelopeTrace(body []byte) string {
	const key, size = `"traceparent":"`, 55
	at := bytes.Index(body, []byte(key))
	if at < 0 || len(body) < at+len(key)+size {
		return ""
	}
	return string(body[at+len(key) : at+len(key)+size])
}

// PanicError is a panic of a handler. It is tried again like any error.
type PanicError struct {
	Value any
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Recover is the middleware that makes a [PanicError] of a panic and counts it in
// waba.bus.panics.
func Recover() message.HandlerMiddleware {
	panics, err := meter.Int64Counter("waba.bus.panics",
		metric.WithDescription("Panics of handlers; each is a bug."))
	if err != nil {
		otel.Handle(err)
	}
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) (produced []*message.Message, err error) {
			defer func() {
				if value := recover(); value != nil {
					panics.Add(msg.Context(), 1)
					produced, err = nil, &PanicError{Value: value, Stack: debug.Stack()}
				}
			}()
			return next(msg)
		}
	}
}

// Timeout is the middleware that ends a message's context after a while.
func Timeout(limit time.Duration) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			ctx, cancel := context.WithTimeout(msg.Context(), limit)
			defer cancel()
			msg.SetContext(ctx)
			return next(msg)
		}
	}
}
