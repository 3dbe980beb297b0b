package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
)

const (
	gateFresh   = time.Second
	gateTimeout = 2 * time.Second
)

// ErrDatabase says that it is the database that does not answer.
var ErrDatabase = errors.New("database does not answer")

// Gate says whether bus and database answer. It asks at most once a second,
// however many want to know. A code that is accepted while one of them is down
// would be lost: it lives 30 seconds.
type Gate struct {
	js jetstream.JetStream
	db *bun.DB // nil: the database is not this gateway's matter

	mu   sync.Mutex
	at   time.Time
	last error
}

// NewGate returns a gate for a bus and a database; db may be nil.
func NewGate(js jetstream.JetStream, db *bun.DB) *Gate { return &Gate{js: js, db: db} }

// Check returns nil, or which of the two does not answer. What it says is at most
// a second old.
func (g *Gate) Check(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.at.IsZero() && time.Since(g.at) < gateFresh {
		return g.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), gateTimeout)
	defer cancel()
	var onBus, onDB error
	var group sync.WaitGroup
	group.Go(func() { onBus = g.Bus(ctx) })
	group.Go(func() { onDB = g.Database(ctx) })
	group.Wait()
	g.last, g.at = errors.Join(onBus, onDB), time.Now()
	return g.last
}

// Bus asks the bus.
func (g *Gate) Bus(ctx context.Context) error {
	if !g.js.Conn().IsConnected() {
		return errors.New("bus: not connected")
	}
	if _, err := g.js.Stream(ctx, bus.In); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	return nil
}

// Database asks the database, if there is one.
func (g *Gate) Database(ctx context.Context) error {
	if g.db == nil {
		return nil
	}
	if err := g.db.PingContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrDatabase, err)
	}
	return nil
}
