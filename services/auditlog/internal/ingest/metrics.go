package ingest

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// metrics are what an operator sees of the ingest.
type metrics struct {
	rows     metric.Int64Counter
	odd      metric.Int64Counter
	failures metric.Int64Counter
	lag      metric.Float64Histogram
	pending  metric.Int64Gauge
}

func newMetrics(meter metric.Meter) (metrics, error) {
	var m metrics
	var errs [5]error
	m.rows, errs[0] = meter.Int64Counter("waba.audit.rows",
		metric.WithDescription("Rows added to the audit log."))
	m.odd, errs[1] = meter.Int64Counter("waba.audit.odd_messages",
		metric.WithDescription("Messages that were not as they should be, by stream and reason."))
	m.failures, errs[2] = meter.Int64Counter("waba.audit.failed_writes",
		metric.WithDescription("Writes that the database did not take and that were tried again."))
	m.lag, errs[3] = meter.Float64Histogram("waba.audit.lag", metric.WithUnit("s"),
		metric.WithDescription("From the bus to the row, for the oldest message of each batch."),
		metric.WithExplicitBucketBoundaries(.01, .025, .05, .1, .25, .5, 1, 5, 30, 300, 3600))
	m.pending, errs[4] = meter.Int64Gauge("waba.audit.pending",
		metric.WithDescription("Messages of a stream that were still to be read when the last one was."))
	return m, errors.Join(errs[:]...)
}

// committed counts a batch that has been stored.
func (m metrics) committed(ctx context.Context, batch []delivery, stored int64) {
	m.rows.Add(ctx, stored)
	oldest := batch[0].stored
	for _, d := range batch {
		if d.stored.Before(oldest) {
			oldest = d.stored
		}
	}
	m.lag.Record(ctx, time.Since(oldest).Seconds())
}

func (m metrics) troubled(ctx context.Context, stream string, reason trouble) {
	m.odd.Add(ctx, 1, metric.WithAttributes(attribute.String("stream", stream), attribute.String("reason", string(reason))))
}

func (m metrics) failed(ctx context.Context) { m.failures.Add(ctx, 1) }

func (m metrics) waiting(ctx context.Context, stream string, pending uint64) {
	m.pending.Record(ctx, int64(min(pending, 1<<62)), metric.WithAttributes(attribute.String("stream", stream))) //nolint:gosec // capped
}
