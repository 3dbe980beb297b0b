package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// ReasonGap is why the audit log is not ready while the database lacks rows.
const ReasonGap telemetry.Reason = "rows are missing: run `waba audit rebuild`"

// Missing returns how many decisions have no row although the bus was told that they
// have one: those that the database lost, or that came after the backup it was
// restored from. [Rewind] brings them back. Decisions that are still to be read do
// not count, so there is no gap while rows are rebuilt.
func Missing(ctx context.Context, js jetstream.JetStream, db *bun.DB) (uint64, error) {
	consumer, err := js.Consumer(ctx, bus.Log, bus.DurableAuditlog)
	if err != nil {
		return 0, fmt.Errorf("consumer %s of %s: %w", bus.DurableAuditlog, bus.Log, err)
	}
	stream, err := js.Stream(ctx, bus.Log)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", bus.Log, err)
	}
	log := stream.CachedInfo().State
	first, last, deleted := max(1, log.FirstSeq), consumer.CachedInfo().AckFloor.Stream, uint64(log.NumDeleted) //nolint:gosec // a count
	if last < first+deleted {
		return 0, nil
	}
	told := last - first + 1 - deleted
	stored, err := db.NewSelect().Table("whatsapp_integration_logs").
		Where("stream = ?", bus.Log).Where("stream_seq BETWEEN ? AND ?", first, last).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return told - min(told, uint64(stored)), nil //nolint:gosec // a count
}

// How often the rows are counted. Counting reads the whole table: it takes a
// hundredth of the time at most.
const (
	countEvery    = 5 * time.Minute
	countSoon     = 10 * time.Second // while rows are missing, or could not be counted
	countSparsely = 100
)

// Gap is what a running audit log knows of rows that are missing. The zero value
// knows of none.
type Gap struct{ missing atomic.Uint64 }

// check is a readiness check.
func (g *Gap) check(context.Context) error {
	if missing := g.missing.Load(); missing > 0 {
		return fmt.Errorf("%d decisions: %w", missing, ReasonGap)
	}
	return nil
}

// watch counts until ctx ends.
func (g *Gap) watch(ctx context.Context, deps Deps) {
	for {
		began := time.Now()
		known := g.look(ctx, deps)
		wait := countEvery
		if !known || g.missing.Load() > 0 {
			wait = countSoon
		}
		timer := time.NewTimer(max(wait, countSparsely*time.Since(began)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// look counts once; false: it could not.
func (g *Gap) look(ctx context.Context, deps Deps) bool {
	missing, err := Missing(ctx, deps.JetStream, deps.DB)
	if err != nil {
		deps.Logger.DebugContext(ctx, "rows cannot be counted", "error", err) // bus and database have checks of their own
		return false
	}
	switch before := g.missing.Swap(missing); {
	case missing > 0 && before == 0:
		deps.Logger.ErrorContext(ctx, "rows are missing: run `waba audit rebuild`", "missing", missing)
	case missing == 0 && before > 0:
		deps.Logger.InfoContext(ctx, "no rows are missing any more")
	}
	return true
}
