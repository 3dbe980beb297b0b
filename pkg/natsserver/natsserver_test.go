package natsserver_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/natsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, server *natsserver.Server, options ...nats.Option) jetstream.JetStream {
	t.Helper()
	closed := make(chan struct{})
	conn, err := nats.Connect(server.URL(), append(options, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))...)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(); <-closed })
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

func TestTwoServersOnOneFolderAreOneTooMany(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: filepath.Join(t.TempDir(), "made", "on", "the", "way")}
	first, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	_, err = natsserver.Start(t.Context(), options)
	require.ErrorIs(t, err, natsserver.ErrLocked)
	require.ErrorContains(t, err, options.Dir)
	require.NoError(t, first.Close())
	second, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err, "a closed server leaves its folder to the next")
	require.NoError(t, second.Close())
}

func TestABusyPortIsSaidAtOnceAndTheFolderIsFreeAgain(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	dir := t.TempDir()
	_, err = natsserver.Start(t.Context(), natsserver.Options{Dir: dir, Addr: listener.Addr().String()})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorContains(t, err, listener.Addr().String())
	server, err := natsserver.Start(t.Context(), natsserver.Options{Dir: dir})
	require.NoError(t, err)
	require.Empty(t, server.URL())
	require.NoError(t, server.Close())
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1", "127.0.0.1:nats", "127.0.0.1:99999", "::1:4222"} {
		_, err := natsserver.Start(t.Context(), natsserver.Options{Dir: t.TempDir(), Addr: addr})
		require.ErrorContains(t, err, "nats address", addr)
	}
}

func TestAFolderThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := natsserver.Start(t.Context(), natsserver.Options{Dir: filepath.Join(file, "nats")})
	require.ErrorIs(t, err, syscall.ENOTDIR)
}

//nolint:paralleltest // its parts come one after the other
func TestARestartKeepsTheData(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	server, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(server.URL(), "nats://127.0.0.1:"))
	require.NotContains(t, server.URL(), ":0")
	t.Run("before", func(t *testing.T) {
		js := connect(t, server)
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "KEPT", Subjects: []string{"kept"}})
		require.NoError(t, err)
		_, err = js.Publish(t.Context(), "kept", []byte("body"))
		require.NoError(t, err)
	})
	require.NoError(t, server.Close())

	server, err = natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Run("after", func(t *testing.T) {
		js := connect(t, server, server.InProcess())
		stream, err := js.Stream(t.Context(), "KEPT")
		require.NoError(t, err)
		msg, err := stream.GetMsg(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, "body", string(msg.Data))
	})
	require.NoError(t, server.Close())
}

func TestAServerThatMayNotTakeItsTimeIsNotLeftRunning(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	dir := t.TempDir()
	_, err := natsserver.Start(ctx, natsserver.Options{Dir: dir})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	server, err := natsserver.Start(t.Context(), natsserver.Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, server.Close())
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600))
	start := time.Now()
	var log bytes.Buffer
	_, err := natsserver.Start(t.Context(), natsserver.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.ErrorContains(t, err, "JetStream")
	require.Less(t, time.Since(start), 10*time.Second)
	require.Contains(t, log.String(), "JetStream")
}
