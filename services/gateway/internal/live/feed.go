package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

const (
	watchBuffer  = 256 // a run takes a few dozen decisions
	heartbeat    = 2 * time.Second
	restartAfter = 500 * time.Millisecond
	lateAfter    = 3 * time.Second
)

// Feed follows the log and hands each decision to those who watch its restaurant.
// It is safe for concurrent use.
type Feed struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	logger *slog.Logger

	seen atomic.Uint64 // last place that was handed out

	mu      sync.Mutex
	watches map[event.RestaurantID]map[*Watch]struct{}
	count   int

	lag struct {
		sync.Mutex
		target uint64    // what should be seen by now
		since  time.Time // when it was there to be seen
	}
}

// OpenFeed binds to the log at its present end: what is decided from now on is
// handed out once [Feed.Run] runs.
func OpenFeed(ctx context.Context, js jetstream.JetStream, logger *slog.Logger) (*Feed, error) {
	stream, err := js.Stream(ctx, bus.Log)
	if err != nil {
		return nil, fmt.Errorf("open feed: %w", err)
	}
	f := &Feed{js: js, stream: stream, logger: logger, watches: map[event.RestaurantID]map[*Watch]struct{}{}}
	f.seen.Store(stream.CachedInfo().State.LastSeq)
	return f, nil
}

// Run follows the log until ctx ends, over reconnects and restarts of the server:
// no decision is left out.
func (f *Feed) Run(ctx context.Context) error {
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was to end
		}
		f.logger.WarnContext(ctx, "feed of decisions starts again", "seq", f.seen.Load(), "error", err)
		select {
		case <-time.After(restartAfter):
		case <-ctx.Done():
		}
	}
}

// follow consumes until the consumer gives up or ctx ends.
func (f *Feed) follow(ctx context.Context) error {
	consumer, err := f.js.OrderedConsumer(ctx, bus.Log, jetstream.OrderedConsumerConfig{
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       f.seen.Load() + 1,
		InactiveThreshold: time.Minute,
	})
	if err != nil {
		return fmt.Errorf("ordered consumer: %w", err)
	}
	failed := make(chan error, 1)
	consuming, err := consumer.Consume(func(msg jetstream.Msg) { f.deliver(ctx, msg) },
		jetstream.PullHeartbeat(heartbeat),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			select {
			case failed <- err:
			default:
			}
		}))
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	defer consuming.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-consuming.Closed():
		select {
		case err := <-failed:
			return err
		default:
			return errors.New("consumer is closed")
		}
	}
}

// deliver hands one message out. What nobody watches is not even decoded.
func (f *Feed) deliver(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		return // not a message of a stream
	}
	seq := meta.Sequence.Stream
	if seq <= f.seen.Load() {
		return // again, after a restart
	}
	f.hand(ctx, seq, msg)
	f.seen.Store(seq)
}

func (f *Feed) hand(ctx context.Context, seq uint64, msg jetstream.Msg) {
	_, id, _, ok := event.ParseSubject(msg.Subject())
	if !ok || !f.watched(id) {
		return
	}
	decision, err := decode(seq, msg.Data(), msg.Headers().Get(event.StateHeader))
	if err != nil {
		f.logger.ErrorContext(ctx, "decision cannot be read", "restaurant_id", id, "seq", seq, "error", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for watch := range f.watches[id] {
		select {
		case watch.decisions <- &decision:
		default: // too slow: it is cut, and its owner reads the head
			f.remove(watch)
		}
	}
}

func (f *Feed) watched(id event.RestaurantID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.watches[id]) > 0
}

// Check says whether what was decided is handed out: nil, or that the feed is
// behind, or what kept it from finding out.
func (f *Feed) Check(ctx context.Context) error {
	info, err := f.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	f.lag.Lock()
	defer f.lag.Unlock()
	now, seen := time.Now(), f.seen.Load()
	if seen >= f.lag.target {
		f.lag.target, f.lag.since = info.State.LastSeq, now
		return nil
	}
	if late := now.Sub(f.lag.since); late > lateAfter {
		return fmt.Errorf("feed: decision %d is not seen after %s: at %d", f.lag.target, late.Round(time.Second), seen)
	}
	return nil
}

// Watching returns how many watches there are.
func (f *Feed) Watching() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Watch receives the decisions about one restaurant, in order, from the moment
// on at which it was made.
type Watch struct {
	feed       *Feed
	restaurant event.RestaurantID
	decisions  chan *Decision // pointers: most of the buffer is never used
	gone       bool           // guarded by feed.mu
}

// Watch begins to watch a restaurant. The caller closes it.
func (f *Feed) Watch(id event.RestaurantID) *Watch {
	watch := &Watch{feed: f, restaurant: id, decisions: make(chan *Decision, watchBuffer)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watches[id] == nil {
		f.watches[id] = map[*Watch]struct{}{}
	}
	f.watches[id][watch] = struct{}{}
	f.count++
	return watch
}

// Decisions is closed when the watch is closed, or cut because it was too slow. What
// comes is shared with other watches and not to be changed.
func (w *Watch) Decisions() <-chan *Decision { return w.decisions }

// Close ends the watch. It may be called again.
func (w *Watch) Close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	w.feed.remove(w)
}

// remove needs f.mu.
func (f *Feed) remove(watch *Watch) {
	if watch.gone {
		return
	}
	watch.gone = true
	f.count--
	close(watch.decisions)
	delete(f.watches[watch.restaurant], watch)
	if len(f.watches[watch.restaurant]) == 0 {
		delete(f.watches, watch.restaurant)
	}
}
