package dev

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

// broker is the bus of the process: a server of its own, or one elsewhere. Each
// service has a connection of its own, on the own server as the user that it is in
// production too.
type broker struct {
	options   bus.ConnectOptions // without Service
	server    *natsserver.Server // nil: elsewhere
	passwords map[string]string  // by user
	conns     []*nats.Conn
}

// startServer starts a server in this process. Its passwords last as long as it.
// Who connects without one, such as a tool on this machine, may read.
func startServer(ctx context.Context, o Options, f folder, lazySync bool, logger *slog.Logger) (*broker, error) {
	b := &broker{passwords: map[string]string{}}
	users := natsserver.Users(bus.Users(), func(user string) string {
		b.passwords[user] = rand.Text()
		return b.passwords[user]
	})
	started, err := natsserver.Start(ctx, natsserver.Options{
		Dir: f.nats(), Addr: string(o.NATS), LazySync: lazySync, Users: users, NoAuthUse: bus.UserReader, Logger: logger,
	})
	if err != nil {
		return nil, busy("--nats", o.NATS, err)
	}
	b.server = started
	return b, nil
}

// connect returns a connection of a user, which [broker.close] closes.
func (b *broker) connect(ctx context.Context, user string) (jetstream.JetStream, error) {
	options := b.options
	options.Service = user
	options.Options = []nats.Option{nats.NoCallbacksAfterClientClose()}
	if b.server != nil {
		options.Options = append(options.Options, b.server.InProcess(), nats.UserInfo(user, b.passwords[user]))
	}
	conn, js, err := bus.Connect(ctx, options)
	if err != nil {
		return nil, err
	}
	b.conns = append(b.conns, conn)
	return js, nil
}

// close closes the connections and stops the server.
func (b *broker) close() error {
	for _, conn := range b.conns {
		conn.Close()
	}
	if b.server == nil {
		return nil
	}
	if err := b.server.Close(); err != nil {
		return fmt.Errorf("stop nats server: %w", err)
	}
	return nil
}

// caughtUp says whether a service has nothing left to read.
func caughtUp(ctx context.Context, js jetstream.JetStream, service string) (bool, error) {
	for _, c := range bus.Consumers() {
		if c.Service != service {
			continue
		}
		consumer, err := js.Consumer(ctx, c.Stream, c.Config.Durable)
		if err != nil {
			return false, fmt.Errorf("consumer %s on %s: %w", c.Config.Durable, c.Stream, err)
		}
		if info := consumer.CachedInfo(); info.NumPending > 0 || info.NumAckPending > 0 {
			return false, nil
		}
	}
	return true, nil
}
