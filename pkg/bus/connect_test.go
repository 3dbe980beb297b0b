package bus_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

func TestAServiceMayStartBeforeTheBus(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true}
	first, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	url := first.URL()
	options.Addr = strings.TrimPrefix(url, "nats://")
	require.NoError(t, first.Close())

	var log lines
	connected := make(chan *nats.Conn, 1)
	go func() {
		conn, _, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: "nats://user:hunter2@" + options.Addr, Service: "gateway", Logger: log.logger()})
		if err != nil {
			t.Error(err)
		}
		connected <- conn
	}()
	logged(t, &log, "bus is not there", 1)
	server, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	conn := take(t, connected)
	require.True(t, conn.IsConnected())
	require.Equal(t, "gateway", conn.Opts.Name)
	require.True(t, strings.HasPrefix(conn.NewInbox(), bus.InboxPrefix("gateway")+"."))
	require.NotContains(t, log.String(), "hunter2")
	require.Contains(t, log.String(), options.Addr)
	conn.Close()
	require.NoError(t, server.Close())
}

func TestWaitingForTheBusEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, _, err := bus.Connect(ctx, bus.ConnectOptions{URL: "nats://user:hunter2@127.0.0.1:1", Service: "gateway"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "127.0.0.1:1")
	require.NotContains(t, err.Error(), "hunter2")
}

func TestWhatWaitingDoesNotMendIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	server, err := natsserver.Start(t.Context(), natsserver.Options{
		Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true,
		Users: natsserver.Users(bus.Users(), func(string) string { return "right" }),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	seed := filepath.Join(t.TempDir(), "seed")
	require.NoError(t, os.WriteFile(seed, []byte("hunter2"), 0o600))
	addr := strings.TrimPrefix(server.URL(), "nats://")
	for name, tt := range map[string]struct {
		options bus.ConnectOptions
		says    string
	}{
		"a wrong password":     {bus.ConnectOptions{URL: "nats://gateway:hunter2@" + addr}, "authorization"},
		"no password":          {bus.ConnectOptions{URL: addr}, "authorization"},
		"no URL":               {bus.ConnectOptions{}, "no URL"},
		"no host":              {bus.ConnectOptions{URL: "nats://gateway:hunter2@"}, "URL 1: not a list"},
		"a broken URL":         {bus.ConnectOptions{URL: addr + ",nats://gateway:hunter2@[::1"}, "URL 2: not a list"},
		"a URL with a space":   {bus.ConnectOptions{URL: "nats://gateway:hun ter2@x"}, "URL 1: not a list"},
		"another scheme":       {bus.ConnectOptions{URL: "http://gateway:hunter2@x"}, "scheme of URL 1"},
		"no credentials file":  {bus.ConnectOptions{URL: addr, CredsFile: "/nowhere/creds"}, "/nowhere/creds"},
		"no seed file":         {bus.ConnectOptions{URL: addr, NKeySeedFile: "/nowhere/seed"}, "seed"},
		"a seed that is none":  {bus.ConnectOptions{URL: addr, NKeySeedFile: seed}, "seed"},
		"several, all refused": {bus.ConnectOptions{URL: addr + "," + addr}, "authorization"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			tt.options.Service = "gateway"
			_, _, err := bus.Connect(ctx, tt.options)
			require.Error(t, err)
			require.NoError(t, ctx.Err(), "it waited")
			require.Contains(t, strings.ToLower(err.Error()), strings.ToLower(tt.says))
			require.NotContains(t, err.Error(), "hunter2")
			require.NotContains(t, err.Error(), "ter2@x")
		})
	}
}

func TestALostConnectionFailsAtOnceAndComesBack(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	server, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	var log lines
	conn, js, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: server.URL(), Service: "gateway", Logger: log.logger()})
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	options.Addr = strings.TrimPrefix(server.URL(), "nats://")
	require.NoError(t, server.Close())
	logged(t, &log, "connection to the bus is lost", 1)

	start := time.Now()
	require.Error(t, bus.PutSecret(t.Context(), js, "ref", "sealed"))
	require.Less(t, time.Since(start), time.Second, "nothing is kept for later")

	server, err = natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	logged(t, &log, "connection to the bus is back", 1)
	secrets, err := bus.OpenSecrets(t.Context(), js)
	require.NoError(t, err)
	_, err = secrets.Get(t.Context(), "ref")
	require.ErrorIs(t, err, bus.ErrSecretGone, "what failed is not done after all")
	require.NoError(t, bus.PutSecret(t.Context(), js, "ref", "sealed"))
	conn.Close()
	require.NoError(t, server.Close())
}
