package bus

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/waba-platform/onboarding/pkg/fault"
)

// instrumentation names this package in traces and metrics.
const instrumentation = "github.com/waba-platform/onboarding/pkg/bus"

var (
	tracer = otel.Tracer(instrumentation)
	meter  = otel.Meter(instrumentation)
)

// buryWait is how long the index of dead letters may take.
const buryWait = 5 * time.Second

// Settle is the outermost middleware. It makes a verdict of the handler's error
// (see [fault.Settle]), which the subscriber passes on to the server when the
// router acks: done, again after a while, or never again. What is never tried
// again stands in the index of dead letters first; while that cannot be reached,
// the message is tried again. Each message gives one line in the log and counts
// in waba.bus.settled by verdict.
func Settle(js jetstream.JetStream, backoff func(deliveries uint64) time.Duration, logger *slog.Logger) message.HandlerMiddleware {
	settled, err := meter.Int64Counter("waba.bus.settled",
		metric.WithDescription("Messages by what became of them."))
	if err != nil {
		otel.Handle(err)
	}
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			ctx := msg.Context()
			d := deliveryOf(ctx)
			if d == nil {
				return next(msg)
			}
			start := time.Now()
			produced, err := next(msg)
			verdict, after := fault.Settle(err)
			reason := reasonOf(err)
			if verdict == fault.Term {
				bury, cancel := context.WithTimeout(context.WithoutCancel(ctx), buryWait)
				if failed := Bury(bury, js, d.Message, reason, time.Now()); failed != nil {
					verdict, err = fault.Retry, errors.Join(err, failed)
				}
				cancel()
			}
			if verdict == fault.Retry && after <= 0 {
				after = backoff(d.Deliveries)
			}
			d.decide(verdict, after, reason)
			settled.Add(ctx, 1, metric.WithAttributes(
				attribute.String("stream", d.Stream),
				attribute.String("consumer", d.Consumer),
				attribute.String("verdict", string(verdict))))
			logSettled(ctx, logger, d, verdict, time.Since(start), err)
			if verdict != fault.Ack {
				return nil, nil
			}
			return produced, nil
		}
	}
}

// reasonOf returns the stable reason of an error, empty for one of no known type.
func reasonOf(err error) string {
	if permanent, ok := errors.AsType[*fault.Permanent](err); ok {
		return permanent.Reason
	}
	if later, ok := errors.AsType[*fault.Later](err); ok {
		return later.Reason
	}
	return ""
}

func logSettled(ctx context.Context, logger *slog.Logger, d *delivery, verdict fault.Verdict, took time.Duration, err error) {
	level := slog.LevelInfo
	later, putOff := errors.AsType[*fault.Later](err)
	switch {
	case verdict == fault.Term:
		level = slog.LevelError
	case verdict == fault.Retry && !putOff && ctx.Err() == nil: // else we are stopped, and say so elsewhere
		level = slog.LevelWarn
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	attributes := make([]slog.Attr, 0, 12)
	attributes = append(attributes,
		slog.String("verdict", string(verdict)),
		slog.Uint64("attempt", d.Deliveries),
		slog.Duration("duration", took),
		slog.String("stream", d.Stream),
		slog.String("consumer", d.Consumer),
		slog.Uint64("seq", d.Seq),
		slog.String("restaurant_id", string(d.Restaurant)),
		slog.String("event", string(d.Name)))
	if verdict == fault.Retry {
		attributes = append(attributes, slog.Duration("again_after", d.after))
	}
	switch {
	case putOff && verdict == fault.Retry:
		attributes = append(attributes, slog.String("reason", later.Reason))
	case err != nil:
		attributes = append(attributes, slog.Any("error", err))
	}
	if panicked, ok := errors.AsType[*PanicError](err); ok {
		attributes = append(attributes, slog.String("stack", string(panicked.Stack)))
	}
	logger.LogAttrs(ctx, level, "message settled", attributes...)
}
