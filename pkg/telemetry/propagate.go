package telemetry

import (
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/otel/propagation"
)

// propagator carries W3C trace context and no baggage: baggage would bring
// whatever a caller sends into events that stay for months.
var propagator propagation.TextMapPropagator = propagation.TraceContext{}

// Map is a carrier with one value for each key, such as watermill's metadata.
type Map = propagation.MapCarrier

// Header is a carrier with several values for each key, such as a NATS header.
// Keys are case-sensitive, as they are on NATS; trace context is in lower case.
type Header map[string][]string

// Get implements [propagation.TextMapCarrier].
func (h Header) Get(key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Set implements [propagation.TextMapCarrier].
func (h Header) Set(key, value string) { h[key] = []string{value} }

// Keys implements [propagation.TextMapCarrier].
func (h Header) Keys() []string { return slices.Sorted(maps.Keys(h)) }

// Inject writes the trace context of ctx into a carrier, which must not be nil:
//
//	telemetry.Inject(ctx, telemetry.Header(msg.Header))
//
// Without a span in ctx nothing is written.
func Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	propagator.Inject(ctx, carrier)
}

// Extract returns ctx with the trace context that a carrier brought, so that the
// next span continues that trace. What is malformed is ignored.
func Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return propagator.Extract(ctx, carrier)
}

// TraceParent returns the W3C traceparent of the span in ctx, or "".
func TraceParent(ctx context.Context) string {
	carrier := Map{}
	propagator.Inject(ctx, carrier)
	return carrier["traceparent"]
}
