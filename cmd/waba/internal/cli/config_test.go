package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write .env.example anew")

func TestEnvExampleIsWhatTheCodeSays(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "..", ".env.example")
	got := waba(t, nil, "config", "example")
	require.Zero(t, got.exit, got.stderr)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got.out), 0o644)) //nolint:gosec // no secret is in it
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.out, "make it anew: go test ./cmd/waba/internal/cli -run EnvExample -update")
}

func TestConfigurationIsPrintedWithoutSecrets(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("CANARY"), 0o600))
	env := map[string]string{
		"NATS_URL":                 "nats://gateway:CANARY@bus:4222",
		"DATABASE_URL":             "postgres://u:CANARY@db/waba",
		"FACEBOOK_APP_ID":          "1122334455667788",
		"FACEBOOK_APP_SECRET_FILE": file,
		"META_GRAPH_API_BASE":      "https://user:CANARY@graph.facebook.com",
		"WABA_API_KEY":             "waba_id_CANARY",
	}
	for _, args := range [][]string{{"config", "print"}, {"config", "print", "-o", "json"}, {"config", "print", "onboarding"}} {
		got := waba(t, env, args...)
		require.NotContains(t, got.out+got.stderr, "CANARY", args)
		require.Contains(t, got.out, "1122334455667788")
	}
	got := waba(t, env, "config", "print", "gateway")
	require.Equal(t, 78, got.exit)
	require.Contains(t, got.stderr, "WABA_API_KEYS_FILE não está definida")
	for line := range strings.Lines(got.stderr) {
		require.Regexp(t, "^erro: [A-Z_]+ ", line)
	}
}

func TestServiceThatIsNotConfiguredExitsWithSeventyEightAndOneLineForEachMistake(t *testing.T) {
	t.Parallel()
	for service, want := range map[string][]string{
		"gateway":    {"NATS_URL não está definida", "DATABASE_URL não está definida", "FACEBOOK_APP_ID não está definida", "API_BASE_URL não está definida, nem OAUTH_REDIRECT_URI", "WABA_API_KEYS_FILE não está definida"},
		"onboarding": {"NATS_URL não está definida", "DATABASE_URL não está definida", "FACEBOOK_APP_SECRET não está definida"},
		"auditlog":   {"NATS_URL não está definida", "DATABASE_URL não está definida"},
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			got := waba(t, nil, service)
			require.Equal(t, 78, got.exit)
			for _, mistake := range want {
				require.Contains(t, got.stderr, "erro: "+mistake)
			}
		})
	}
	require.Equal(t, 78, waba(t, nil, "migrate", "up").exit)
	require.Equal(t, 78, waba(t, map[string]string{"HTTP_ADDR": "nowhere"}, "dev", "--data-dir", t.TempDir()).exit)
	got := waba(t, map[string]string{"HTTP_ADDR": "192.0.2.1:8080"}, "dev", "--data-dir", t.TempDir())
	require.Equal(t, 2, got.exit, got.stderr)
}
