package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/fault"
)

// RouterConfig says how a router works. All fields may be left out.
type RouterConfig struct {
	Subscriber SubscriberConfig
	Timeout    time.Duration // for one handling; 0: 2 minutes
	Logger     *slog.Logger  // nil: nothing is logged
}

// Router is Watermill's router with our middleware, outermost first: [Settle],
// [Trace], [Recover], [Timeout].
type Router struct {
	*message.Router
	subscriber *Subscriber
}

// NewRouter returns a router without handlers; see [Handle]. Run serves until its
// context ends, then waits for handlers as [Subscriber.Subscribe] says.
func NewRouter(js jetstream.JetStream, config RouterConfig) (*Router, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Timeout <= 0 {
		config.Timeout = 2 * time.Minute
	}
	if config.Subscriber.Logger == nil {
		config.Subscriber.Logger = config.Logger
	}
	config.Subscriber = config.Subscriber.withDefaults(js)
	router, err := message.NewRouter(message.RouterConfig{
		CloseTimeout: config.Subscriber.Drain + 5*time.Second,
	}, routerLog{config.Logger})
	if err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	router.AddMiddleware(
		Settle(js, config.Subscriber.Backoff, config.Logger),
		Trace,
		Recover(),
		Timeout(config.Timeout),
	)
	return &Router{Router: router, subscriber: NewSubscriber(js, config.Subscriber)}, nil
}

// Handle lets a handler have the events of a topic, see [Topic]; names of handlers
// are unique. The handler's error says what becomes of the message, see
// [fault.Settle]. It is called for many messages at once, in no order, and may be
// called again for the same one. A message whose subject is not one of an event
// becomes a dead letter.
func Handle(router *Router, name, topic string, handler func(ctx context.Context, msg Message) error) {
	HandleRaw(router, name, topic, func(ctx context.Context, m Message) error {
		if m.Family == "" {
			return &fault.Permanent{Reason: "subject_malformed", Err: errNoEvent}
		}
		return handler(ctx, m)
	})
}

// HandleRaw is [Handle] for a topic of messages that are no events.
func HandleRaw(router *Router, name, topic string, handler func(ctx context.Context, msg Message) error) {
	router.AddConsumerHandler(name, topic, router.subscriber, func(msg *message.Message) error {
		m, ok := FromMessage(msg)
		if !ok {
			return &fault.Permanent{Reason: "subject_malformed", Err: errNoEvent}
		}
		return handler(msg.Context(), m)
	})
}

var errNoEvent = errors.New("subject is not waba.<family>.<restaurant>.<Name>")

// routerLog lets Watermill's router log. Its own story of starting and closing is
// for debugging; one line for each message comes from [Settle].
type routerLog struct{ logger *slog.Logger }

// Error implements [watermill.LoggerAdapter].
func (l routerLog) Error(msg string, err error, fields watermill.LogFields) {
	l.log(slog.LevelError, msg, fields.Add(watermill.LogFields{"error": err}))
}

// Info implements [watermill.LoggerAdapter].
func (l routerLog) Info(msg string, fields watermill.LogFields) {
	l.log(slog.LevelDebug, msg, fields)
}

// Debug implements [watermill.LoggerAdapter].
func (l routerLog) Debug(msg string, fields watermill.LogFields) {
	l.log(slog.LevelDebug, msg, fields)
}

// Trace implements [watermill.LoggerAdapter].
func (routerLog) Trace(string, watermill.LogFields) {}

// With implements [watermill.LoggerAdapter].
func (l routerLog) With(fields watermill.LogFields) watermill.LoggerAdapter {
	args := make([]any, 0, 2*len(fields))
	for key, value := range fields {
		args = append(args, key, value)
	}
	return routerLog{l.logger.With(args...)}
}

func (l routerLog) log(level slog.Level, msg string, fields watermill.LogFields) {
	ctx := context.TODO() //nolint:forbidigo // Watermill hands over none
	if !l.logger.Enabled(ctx, level) {
		return
	}
	attributes := make([]slog.Attr, 0, len(fields))
	for key, value := range fields {
		attributes = append(attributes, slog.Any(key, value))
	}
	l.logger.LogAttrs(ctx, level, "watermill", append(attributes, slog.String("what", msg))...)
}
