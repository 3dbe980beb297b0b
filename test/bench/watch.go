package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
)

// watch sees rows of the audit log as soon as they can be read, over a connection
// of its own. It is safe for concurrent use.
type watch struct {
	db   *bun.DB
	bell chan struct{} // holds one: something was seen, or it is over

	mu    sync.Mutex
	last  int64 // id of the last row that was read
	count int   // WabaReady rows
	delay map[string]time.Duration
	err   error
}

// ends are the events after which a run does not go on to WabaReady by itself.
var ends = []string{
	event.NameWabaReady.Type(), event.NameAwaitingWabaCreation.Type(), event.NameActionRequired.Type(),
	event.NameOnboardingFailed.Type(), event.NameInputRefused.Type(), event.NameReauthorizationRequired.Type(),
}

// newWatch returns a watch that sees all rows.
func newWatch(db *bun.DB) *watch {
	return &watch{db: db, bell: make(chan struct{}, 1), delay: map[string]time.Duration{}}
}

// run looks again and again until ctx ends.
func (w *watch) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.fail(err)
			return
		}
	}
}

func (w *watch) look(ctx context.Context) error {
	var rows []struct {
		ID           int64
		RestaurantID string
		EventType    string
		CreatedAt    time.Time
	}
	w.mu.Lock()
	last := w.last
	w.mu.Unlock()
	err := w.db.NewSelect().Table("whatsapp_integration_logs").Column("id", "restaurant_id", "event_type", "created_at").
		Where("id > ?", last).Where("event_type IN (?)", bun.List(ends)).OrderBy("id", bun.OrderAsc).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	seen := time.Now()
	if len(rows) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, row := range rows {
		w.last = row.ID
		if row.EventType != event.NameWabaReady.Type() {
			w.err = fmt.Errorf("restaurant %s came to %s", row.RestaurantID, row.EventType)
			continue
		}
		w.count++
		w.delay[row.RestaurantID] = seen.Sub(row.CreatedAt)
	}
	w.ring()
	return nil
}

func (w *watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = errors.Join(w.err, err)
	w.ring()
}

func (w *watch) ring() {
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// ready returns how many WabaReady rows were seen.
func (w *watch) ready() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count, w.err
}

// await returns when so many WabaReady rows were seen in all. One caller at a time.
func (w *watch) await(ctx context.Context, count int) error {
	for {
		have, err := w.ready()
		if err != nil || have >= count {
			return err
		}
		select {
		case <-w.bell:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d were ready: %w", have, count, context.Cause(ctx))
		}
	}
}

// delayOf returns how long after its event a restaurant's WabaReady row could be
// read; the clock is the machine's, which is that of the event too.
func (w *watch) delayOf(restaurant string) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delay, ok := w.delay[restaurant]
	return delay, ok
}
