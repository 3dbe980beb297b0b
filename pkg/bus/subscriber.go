package bus

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
)

// SubscriberConfig says how a subscriber works. All fields may be left out.
type SubscriberConfig struct {
	// Consumer returns the pull consumer behind a topic. It is called again after
	// the consumer was lost. Nil: the durable that the topic names, see [Topic].
	Consumer func(ctx context.Context, topic string) (jetstream.Consumer, error)

	InFlight  int                                   // messages worked on at once, for each topic; 0: 64
	Heartbeat time.Duration                         // 0: half of the consumer's AckWait
	Drain     time.Duration                         // how long handlers may finish after Close; 0: 10 s
	GiveUp    <-chan struct{}                       // closed: the drain is over now; nil: not before its time
	Backoff   func(deliveries uint64) time.Duration // wait before the next delivery; nil: [Backoff]
	Logger    *slog.Logger                          // nil: nothing is logged
}

func (c SubscriberConfig) withDefaults(js jetstream.JetStream) SubscriberConfig {
	if c.Consumer == nil {
		c.Consumer = func(ctx context.Context, topic string) (jetstream.Consumer, error) {
			durable, stream, _ := strings.Cut(topic, "@")
			return js.Consumer(ctx, stream, durable)
		}
	}
	if c.InFlight <= 0 {
		c.InFlight = 64
	}
	if c.Drain <= 0 {
		c.Drain = 10 * time.Second
	}
	if c.Backoff == nil {
		c.Backoff = Backoff
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Backoff returns how long to wait before the next delivery of a message that was
// delivered this often: a quarter of a second, doubled each time up to a minute,
// and of that a random part of at least half.
func Backoff(deliveries uint64) time.Duration {
	const first, last = 250 * time.Millisecond, time.Minute
	wait := last
	if n := max(deliveries, 1) - 1; n < 8 {
		wait = first << n
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // jitter needs no secret randomness
}

// Subscriber delivers messages of JetStream pull consumers to Watermill. Messages
// of a topic are handled at once, up to InFlight, in no order, each at least once.
//
// It asks the server for as many messages as it can start on and no more, so that
// none waits here while another process is idle; those at work are kept from being
// delivered again by heartbeats. It survives restarts of the server and waits for
// consumers that are not there. It is safe for concurrent use.
type Subscriber struct {
	js     jetstream.JetStream
	config SubscriberConfig

	mu            sync.Mutex
	closed        bool
	stops         []context.CancelFunc
	subscriptions sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber returns a subscriber.
func NewSubscriber(js jetstream.JetStream, config SubscriberConfig) *Subscriber {
	return &Subscriber{js: js, config: config.withDefaults(js)}
}

// Subscribe starts to deliver a topic's messages. Until a message is acked or
// nacked it counts as in flight. The channel is closed once ctx has ended, or the
// subscriber or its connection was closed, and no message is in flight; messages
// that are still in flight Drain later, or when GiveUp is closed, are given back and
// their contexts end.
//
// A message's context has the values of ctx, but does not end with it, so that
// work in flight can be finished.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("subscribe to %s: %w", topic, ErrClosed)
	}
	subscription, err := newSubscription(s.js, s.config, topic)
	if err != nil {
		return nil, fmt.Errorf("subscribe to %s: %w", topic, err)
	}
	ctx, stop := context.WithCancel(ctx)
	s.stops = append(s.stops, stop)
	s.subscriptions.Go(func() {
		defer stop()
		subscription.run(ctx)
	})
	return subscription.out, nil
}

// Close stops all subscriptions and returns when their channels are closed. The
// connection stays open: it is the caller's.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, stop := range s.stops {
		stop()
	}
	s.mu.Unlock()
	s.subscriptions.Wait()
	return nil
}
