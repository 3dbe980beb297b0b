package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/cli"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

// cancelled publishes an input of a new restaurant, for which there is one row.
func cancelled(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	_, err := bus.PublishInput(t.Context(), js, event.Meta{
		ID: uuid.NewString(), Source: "test", Restaurant: event.RestaurantID(uuid.NewString()), Time: time.Now(),
	}, event.CancelRequested{})
	require.NoError(t, err)
}

func rows(t *testing.T, url string) (n int) {
	t.Helper()
	db, err := database.Open(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.QueryRow("SELECT count(*) FROM whatsapp_integration_logs").Scan(&n))
	return n
}

// auditlog runs `waba auditlog` until stop is called.
func auditlog(t *testing.T, env map[string]string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	output, ended := &lockedBuffer{}, make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"auditlog"}, cli.Process{
			Getenv: func(name string) string { return env[name] }, Stdout: output, Stderr: output, Version: "test",
		})
	}()
	return func() {
		cancel()
		require.Zero(t, <-ended, output)
	}
}

func TestAuditRebuildWritesTheRowsOfALostDatabaseAgain(t *testing.T) {
	t.Parallel()
	server, err := natsserver.Start(t.Context(), natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	path := filepath.Join(t.TempDir(), "waba.db")
	env := map[string]string{"DATABASE_URL": "sqlite://" + path, "NATS_URL": server.URL(), "ADMIN_ADDR": "127.0.0.1:0"}
	require.Zero(t, waba(t, env, "migrate").exit)
	conn, js, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: server.URL(), Service: "test"})
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	for range 3 {
		cancelled(t, js)
	}
	written := func(n int) {
		t.Helper()
		require.Eventually(t, func() bool { return rows(t, env["DATABASE_URL"]) == n }, 20*time.Second, 10*time.Millisecond)
	}
	stop := auditlog(t, env)
	written(3)
	stop()

	for _, suffix := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(path+suffix))
	}
	got := waba(t, env, "audit", "rebuild")
	require.Equal(t, 1, got.exit, "there are no tables yet")
	require.Contains(t, got.stderr, "waba migrate up")
	require.Zero(t, waba(t, env, "migrate").exit)

	got = waba(t, env, "audit", "rebuild")
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.out, "WABA 0/0  WABA_IN 0/3  WABA_TIMERS 0/0\n")
	require.Contains(t, got.out, "o auditlog não está rodando: ele escreve as linhas quando for iniciado")
	stop = auditlog(t, env)
	written(3)

	cancelled(t, js)
	for range 2 {
		got = waba(t, env, "audit", "rebuild")
		require.Zero(t, got.exit, got.stderr)
		require.Contains(t, got.out, "WABA_IN 4/4")
		require.Contains(t, got.out, "✔ todas as linhas estão no banco\n")
	}
	written(4)
	stop()
}

func TestAuditRebuildSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	got := waba(t, nil, "audit", "rebuild")
	require.Equal(t, 78, got.exit, got.stderr)

	s := start(t)
	s.env["DATABASE_URL"] = "sqlite://" + filepath.Join(t.TempDir(), "waba.db")
	require.Zero(t, waba(t, map[string]string{"DATABASE_URL": s.env["DATABASE_URL"]}, "migrate").exit)
	got = s.waba(t, "audit", "rebuild")
	require.Equal(t, 1, got.exit)
	require.Contains(t, got.stderr, "erro: o barramento não deixa este usuário refazer o log · use o usuário migrate em NATS_URL")
}
