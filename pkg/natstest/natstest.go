// Package natstest gives a test a JetStream of its own: a real server, in this
// process, on no port.
package natstest

import (
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

// New returns a JetStream with all streams and consumers. It is gone with the
// test. Its user may do everything.
func New(tb testing.TB) jetstream.JetStream {
	tb.Helper()
	js := Empty(tb)
	require.NoError(tb, bus.Migrate(tb.Context(), js, 1))
	return js
}

// Empty returns a JetStream without streams.
func Empty(tb testing.TB) jetstream.JetStream {
	tb.Helper()
	return Connect(tb, Server(tb))
}

// Server returns a server without streams, to which a test can [Connect] more than
// once. Writes are not synced: the tests of power cuts have servers of their own.
func Server(tb testing.TB) *natsserver.Server {
	tb.Helper()
	return start(tb, natsserver.Options{})
}

// Secured returns a way to connect as any of [bus.Users], to a server with all
// streams and consumers where each may do only what is its own. Errors of a
// connection, such as a refused publish, are sent to refused, if it is not nil.
func Secured(tb testing.TB) func(user string, refused chan<- error) jetstream.JetStream {
	tb.Helper()
	server := start(tb, natsserver.Options{
		Users: natsserver.Users(bus.Users(), func(user string) string { return "password-of-" + user }),
	})
	connect := func(user string, refused chan<- error) jetstream.JetStream {
		options := []nats.Option{
			nats.UserInfo(user, "password-of-"+user),
			nats.CustomInboxPrefix(bus.InboxPrefix(user)),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				if refused != nil {
					refused <- err
				}
			}),
		}
		return Connect(tb, server, options...)
	}
	migrate := connect(bus.UserMigrate, nil)
	require.NoError(tb, bus.Migrate(tb.Context(), migrate, 1))
	return connect
}

// Connect returns another connection to a server.
func Connect(tb testing.TB, server *natsserver.Server, options ...nats.Option) jetstream.JetStream {
	tb.Helper()
	closed := make(chan struct{})
	var once sync.Once
	conn, err := nats.Connect("", append(options, server.InProcess(),
		nats.ClosedHandler(func(*nats.Conn) { once.Do(func() { close(closed) }) }))...)
	require.NoError(tb, err)
	tb.Cleanup(func() {
		conn.Close()
		<-closed
	})
	js, err := jetstream.New(conn)
	require.NoError(tb, err)
	return js
}

func start(tb testing.TB, options natsserver.Options) *natsserver.Server {
	tb.Helper()
	options.Dir, options.LazySync = tb.TempDir(), true
	server, err := natsserver.Start(tb.Context(), options)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, server.Close()) })
	return server
}
