package natstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// System is a server with a system account, as in production.
type System struct {
	URL    string // of a user who may do everything with streams
	System string // of a user of the system account
}

// WithSystem returns a server on a port of its own that syncs each write, or does
// not.
func WithSystem(tb testing.TB, syncAlways bool) System {
	tb.Helper()
	system, streams := server.NewAccount("SYS"), server.NewAccount("WABA")
	s, err := server.NewServer(&server.Options{
		ServerName: "alone", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: tb.TempDir(), SyncAlways: syncAlways,
		Accounts: []*server.Account{system, streams}, SystemAccount: system.Name,
		Users: []*server.User{
			{Username: "sys", Password: "sysPassword", Account: system},
			{Username: "migrate", Password: "migratePassword", Account: streams},
		},
	})
	require.NoError(tb, err)
	s.Start()
	tb.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(tb, s.ReadyForConnections(10*time.Second))
	account, err := s.LookupAccount(streams.Name)
	require.NoError(tb, err)
	require.NoError(tb, account.EnableJetStream(nil, nil))
	address := s.Addr().String()
	return System{URL: "nats://migrate:migratePassword@" + address, System: "nats://sys:sysPassword@" + address}
}
