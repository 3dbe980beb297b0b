package telemetry

import (
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Record marks span as failed with *err, if there is an error. It is made to be
// deferred after span.End, so that it runs before it:
//
//	ctx, span := tracer.Start(ctx, "meta.SubscribeApp")
//	defer span.End()
//	defer telemetry.Record(span, &err)
//
// The text of the error goes to the trace, so it must have no secret in it.
func Record(span trace.Span, err *error) { //nolint:gocritic // a deferred call sees the named result by its address
	if *err == nil {
		return
	}
	span.RecordError(*err)
	span.SetStatus(codes.Error, (*err).Error())
}
