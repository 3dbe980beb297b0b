package natsserver_test

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

var update = flag.Bool("update", false, "write the configuration anew")

var configFile = filepath.Join("..", "..", "deploy", "nats", "nats-server.conf")

func TestTheConfigurationInTheRepositoryIsTheGeneratedOne(t *testing.T) {
	t.Parallel()
	want := natsserver.Config(bus.Users())
	if *update {
		require.NoError(t, os.WriteFile(configFile, want, 0o644)) //nolint:gosec // a file of the repository
	}
	got, err := os.ReadFile(configFile)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run: go test ./pkg/natsserver -run Configuration -update")
}

//nolint:paralleltest // it sets the process's environment
func TestTheConfigurationStartsAServerThatLetsInWhoHasAPassword(t *testing.T) {
	setPasswords(t)
	options, err := server.ProcessConfigFile(configFile)
	require.NoError(t, err)
	require.True(t, options.SyncAlways)
	require.Empty(t, options.NoAuthUser)
	options.StoreDir, options.Host, options.Port, options.HTTPPort, options.NoSigs, options.NoLog = t.TempDir(), "127.0.0.1", server.RANDOM_PORT, 0, true, true
	s, err := server.NewServer(options)
	require.NoError(t, err)
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(10*time.Second))
	address := "127.0.0.1:" + strconv.Itoa(s.Addr().(*net.TCPAddr).Port)

	_, err = nats.Connect(address)
	require.ErrorIs(t, err, nats.ErrAuthorization, "without a password")
	_, err = nats.Connect(address, nats.UserInfo(bus.UserGateway, "wrong"))
	require.ErrorIs(t, err, nats.ErrAuthorization)

	conn, js, err := bus.Connect(t.Context(), bus.ConnectOptions{
		URL:     "nats://migrate:PasswordOfmigrate@" + address,
		Service: bus.UserMigrate,
	})
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	require.NoError(t, bus.Migrate(t.Context(), js, 1))

	sys, err := nats.Connect(address, nats.UserInfo("sys", "PasswordOfsys"))
	require.NoError(t, err)
	t.Cleanup(sys.Close)
	answer, err := sys.Request("$SYS.REQ.SERVER.PING.JSZ", nil, 5*time.Second)
	require.NoError(t, err)
	require.Contains(t, string(answer.Data), `"sync_always":true`)
}

//nolint:paralleltest // it sets the process's environment
func TestTheConfigurationIsRefusedWithoutPasswords(t *testing.T) {
	setPasswords(t)
	require.NoError(t, os.Unsetenv(natsserver.PasswordVariable(bus.UserGateway)))
	_, err := server.ProcessConfigFile(configFile)
	require.ErrorContains(t, err, "NATS_GATEWAY_PASSWORD")
}

func setPasswords(t *testing.T) {
	t.Helper()
	names := []string{"sys"}
	for _, user := range bus.Users() {
		names = append(names, user.Name)
	}
	for _, name := range names {
		t.Setenv(natsserver.PasswordVariable(name), "PasswordOf"+strings.ToLower(name))
	}
}
