package meta

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/errcode"
)

const scope = "github.com/waba-platform/onboarding/services/onboarding/internal/meta"

// answered is the class of a call that went well.
const answered = "ok"

func (c *Client) instruments(meter metric.Meter) (err error) {
	c.durations, err = meter.Float64Histogram("waba.meta.call.duration",
		metric.WithDescription("Requests to the Graph API, by operation and class of outcome."),
		metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	if err != nil {
		return err
	}
	c.usage, err = meter.Int64Gauge("waba.meta.usage",
		metric.WithDescription("How much of Meta's limit is used, as last said, by whose limit it is."),
		metric.WithUnit("%"))
	if err != nil {
		return err
	}
	c.reached, err = meter.Int64Counter("waba.meta.limits.reached",
		metric.WithDescription("Limits of Meta that were reached, by whose limit it is."))
	if err != nil {
		return err
	}
	c.kept, err = meter.Int64Counter("waba.meta.calls.kept_back",
		metric.WithDescription("Calls that were not made because a limit of Meta lasts or is near, by whose limit it is."))
	return err
}

// keptBack counts a call that was not made.
func (c *Client) keptBack(ctx context.Context, op errcode.Operation, kind limitKind) {
	c.kept.Add(ctx, 1, metric.WithAttributes(
		attribute.String("operation", string(op)), attribute.String("limit", string(kind))))
}

// record counts one request.
func (c *Client) record(ctx context.Context, op errcode.Operation, took time.Duration, err error) {
	c.durations.Record(ctx, took.Seconds(), metric.WithAttributes(
		attribute.String("operation", string(op)), attribute.String("class", classOf(err))))
}

func classOf(err error) string {
	if err == nil {
		return answered
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		return string(failure.Class)
	}
	return "error"
}

// span begins the span of a call; end ends it with how the call went. No
// attribute holds a token, a code or a URL.
func (c *Client) span(ctx context.Context, op errcode.Operation, name string, more ...attribute.KeyValue) (_ context.Context, end func(err error)) {
	ctx, span := c.tracer.Start(ctx, "meta."+name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(more, attribute.String("graph.operation", string(op)))...))
	return ctx, func(err error) {
		defer span.End()
		span.SetAttributes(attribute.String("graph.class", classOf(err)))
		if err == nil {
			return
		}
		span.SetStatus(codes.Error, err.Error())
		failure, ok := errors.AsType[*Error](err)
		if !ok {
			return
		}
		span.SetAttributes(
			attribute.Int("http.response.status_code", failure.HTTPStatus),
			attribute.Int("graph.code", failure.Code),
			attribute.Int("graph.subcode", failure.Subcode),
			attribute.String("graph.fbtrace_id", failure.FbtraceID))
	}
}
