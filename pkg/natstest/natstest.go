// Package natstest gives a test a JetStream of its own: a real server, in this
// process, on no port.
package natstest

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

// New returns a JetStream with all streams and consumers. It is gone with the
// test.
func New(tb testing.TB) jetstream.JetStream {
	tb.Helper()
	js := Empty(tb)
	require.NoError(tb, bus.Migrate(tb.Context(), js, 1))
	return js
}

// Empty returns a JetStream without streams. Writes are not synced: the tests of
// power cuts have servers of their own.
func Empty(tb testing.TB) jetstream.JetStream {
	tb.Helper()
	return Connect(tb, Server(tb))
}

// Server returns a server without streams, to which a test can [Connect] more than
// once.
func Server(tb testing.TB) *natsserver.Server {
	tb.Helper()
	server, err := natsserver.Start(tb.Context(), natsserver.Options{Dir: tb.TempDir(), LazySync: true})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, server.Close()) })
	return server
}

// Connect returns another connection to a server.
func Connect(tb testing.TB, server *natsserver.Server) jetstream.JetStream {
	tb.Helper()
	conn, err := nats.Connect("", server.InProcess())
	require.NoError(tb, err)
	tb.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(tb, err)
	return js
}
