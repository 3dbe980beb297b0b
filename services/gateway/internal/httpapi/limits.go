package httpapi

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A restaurant's commands are limited, so that one that is stuck in a loop leaves
// the others their share: a burst, and then so many a second.
const (
	commandBurst  = 200
	commandsEvery = 50 * time.Millisecond
	forgetAfter   = time.Minute
)

// limits is a bucket for each restaurant that was active lately. It is safe for
// concurrent use.
type limits struct {
	mu      sync.Mutex
	buckets map[event.RestaurantID]*bucket
	swept   time.Time
}

type bucket struct {
	tokens *rate.Limiter
	used   time.Time
}

func newLimits() *limits { return &limits{buckets: map[event.RestaurantID]*bucket{}} }

// take takes one of a restaurant's tokens, or says how long to wait for one.
func (l *limits) take(id event.RestaurantID, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	b := l.buckets[id]
	if b == nil {
		b = &bucket{tokens: rate.NewLimiter(rate.Every(commandsEvery), commandBurst)}
		l.buckets[id] = b
	}
	b.used = now
	if b.tokens.AllowN(now, 1) {
		return 0, true
	}
	return commandsEvery, false
}

// sweep forgets buckets that are full again.
func (l *limits) sweep(now time.Time) {
	if now.Sub(l.swept) < forgetAfter {
		return
	}
	l.swept = now
	for id, b := range l.buckets {
		if now.Sub(b.used) > forgetAfter {
			delete(l.buckets, id)
		}
	}
}
