package cli_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestMigrateByItselfMigrates(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "waba.db")}
	got := waba(t, env, "migrate")
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.out, "aplicada")
	require.NotContains(t, waba(t, env, "migrate", "status").out, "falta")
	require.Equal(t, 78, waba(t, nil, "migrate").exit, "with nothing to migrate it does not succeed")
	require.Equal(t, 2, waba(t, env, "migrate", "upp").exit)
}

func TestMigrateRefusesABusThatDoesNotSyncEachWrite(t *testing.T) {
	t.Parallel()
	lazy := natstest.WithSystem(t, false)
	env := map[string]string{"NATS_URL": lazy.URL, "NATS_SYS_CREDS": lazy.System, "WABA_LANG": "en"}
	got := waba(t, env, "migrate", "up")
	require.Equal(t, 1, got.exit, got.out)
	require.Contains(t, got.stderr, "acknowledges before it syncs to disk (alone)")
	require.NotContains(t, got.stderr, "Password")
	require.Contains(t, waba(t, env, "migrate", "status").out, "missing", "and has made nothing")

	env["WABA_ALLOW_LAZY_SYNC"] = "true"
	got = waba(t, env, "migrate", "up")
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.stderr, "warning: NATS acknowledges before it syncs to disk")

	always := natstest.WithSystem(t, true)
	env = map[string]string{"NATS_URL": always.URL, "NATS_SYS_CREDS": always.System}
	got = waba(t, env, "migrate")
	require.Zero(t, got.exit, got.stderr)
	require.Empty(t, got.stderr)
}

func TestMigrateThatCannotAskAboutSyncingSaysSo(t *testing.T) {
	t.Parallel()
	always := natstest.WithSystem(t, true)
	for creds, want := range map[string]struct {
		exit int
		text string
	}{
		always.URL:        {1, "not of the system account"},
		"/nowhere/CANARY": {78, "NATS_SYS_CREDS não é nats://usuário:senha@host:porta nem um arquivo que se possa ler"},
	} {
		got := waba(t, map[string]string{"NATS_URL": always.URL, "NATS_SYS_CREDS": creds}, "migrate")
		require.Equal(t, want.exit, got.exit)
		require.Contains(t, got.stderr, want.text)
		require.NotContains(t, got.stderr, "CANARY")
		require.NotContains(t, got.stderr, "Password")
	}
}
