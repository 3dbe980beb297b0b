package bus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func dial(t *testing.T, address string) *nats.Conn {
	t.Helper()
	closed := make(chan struct{})
	conn, err := nats.Connect(address, nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		conn.Close()
		<-closed
	})
	return conn
}

func TestAServerSaysWhetherItSyncsEachWrite(t *testing.T) {
	t.Parallel()
	require.NoError(t, bus.CheckSync(t.Context(), dial(t, natstest.WithSystem(t, true).System)))

	lazy := natstest.WithSystem(t, false)
	err := bus.CheckSync(t.Context(), dial(t, lazy.System))
	var which *bus.LazySyncError
	require.ErrorAs(t, err, &which)
	require.Equal(t, []string{"alone"}, which.Servers)

	require.ErrorIs(t, bus.CheckSync(t.Context(), dial(t, lazy.URL)), bus.ErrNotSystem)
}

func TestOneServerOfAClusterThatDoesNotSyncIsFound(t *testing.T) {
	t.Parallel()
	var routes []*url.URL
	for range 3 {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		routes = append(routes, &url.URL{Scheme: "nats", Host: listener.Addr().String()})
		require.NoError(t, listener.Close())
	}
	var servers []*server.Server
	for i, route := range routes {
		port, err := strconv.Atoi(route.Port())
		require.NoError(t, err)
		system := server.NewAccount("SYS")
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: i != 1,
			Accounts: []*server.Account{system}, SystemAccount: system.Name,
			Users:   []*server.User{{Username: "sys", Password: "sysPassword", Account: system}},
			Cluster: server.ClusterOpts{Name: "waba", Host: "127.0.0.1", Port: port},
			Routes:  routes,
		})
		require.NoError(t, err)
		s.Start()
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
		servers = append(servers, s)
	}
	require.True(t, servers[0].ReadyForConnections(10*time.Second))
	system := dial(t, "nats://sys:sysPassword@"+servers[0].Addr().String())
	require.Eventually(t, func() bool { // the servers find each other in a moment
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var which *bus.LazySyncError
		return errors.As(bus.CheckSync(ctx, system), &which) && slices.Equal(which.Servers, []string{"n1"})
	}, 30*time.Second, 50*time.Millisecond)

	servers[2].Shutdown()
	servers[2].WaitForShutdown()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	require.ErrorContains(t, bus.CheckSync(ctx, system), "2 of 3 servers answered", "who does not answer may be lazy too")
}
