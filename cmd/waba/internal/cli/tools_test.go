package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/cli"
	"github.com/waba-platform/onboarding/pkg/natsserver"
)

// system is `waba dev` in this process, and what its tools are told about it.
type system struct {
	env    map[string]string
	admin  string
	output *lockedBuffer
}

// start starts `waba dev` on free ports and returns once everything answers.
func start(t *testing.T) *system {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	args := []string{
		"dev", "--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--simulator", "127.0.0.1:0",
		"--data-dir", t.TempDir(), "--ready-file", ready,
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	output, ended := &lockedBuffer{}, make(chan int, 1)
	here, err := os.Getwd()
	require.NoError(t, err)
	go func() {
		ended <- cli.Run(ctx, args, cli.Process{
			Getenv: func(string) string { return "" }, Stdout: output, Stderr: output, Version: "test",
			Command: filepath.Join(here, "bin", "waba"),
		})
	}()
	t.Cleanup(func() {
		cancel()
		require.Zero(t, <-ended, output)
	})
	var at struct{ HTTP, Admin, NATS string }
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, &at) == nil
	}, 20*time.Second, 10*time.Millisecond, "%s", output)
	return &system{env: map[string]string{"API_BASE_URL": at.HTTP, "NATS_URL": at.NATS}, admin: at.Admin, output: output}
}

func (s *system) waba(t *testing.T, args ...string) result {
	t.Helper()
	return waba(t, s.env, args...)
}

func TestBannerShowsWhereEverythingIsAndACallThatWorks(t *testing.T) {
	t.Parallel()
	s := start(t)
	require.Eventually(t, func() bool { return strings.Contains(s.output.String(), "Ctrl-C") }, 10*time.Second, 10*time.Millisecond)
	banner := s.output.String()
	require.Contains(t, banner, "✔ NATS JetStream  "+s.env["NATS_URL"])
	require.Contains(t, banner, s.env["API_BASE_URL"]+"/docs")
	require.Contains(t, banner, `"state":"dev" é aceito`)
	require.Regexp(t, "META_API_VERSION v22.0 termin(a|ou) em 2027-05-20", banner)
	require.Contains(t, banner, "   ./bin/waba events tail\n", "as it can be typed here")
	require.True(t, strings.HasPrefix(banner, " ✔"), "nothing comes before it: %s", banner)
	call := regexp.MustCompile(`curl -s (\S+) -H 'Content-Type: application/json' -d '([^']+)'`).FindStringSubmatch(banner)
	require.Len(t, call, 3, banner)
	require.Equal(t, s.env["API_BASE_URL"]+"/api/whatsapp/waba/complete-flow", call[1])
	var body struct{ Code, State, RestaurantID string }
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(call[2], "restaurant_id", "RestaurantID")), &body))
	require.NoError(t, uuid.Validate(body.RestaurantID))
	require.NotContains(t, start(t).output.String(), body.RestaurantID, "a fresh one each time")
}

func TestToolsFollowARestaurantToTheEndOfItsStory(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := uuid.NewString()
	require.Equal(t, 3, s.waba(t, "status", id).exit)
	require.Equal(t, 3, s.waba(t, "watch", id).exit)
	require.Equal(t, 3, s.waba(t, "events", "replay", id).exit)

	got := s.waba(t, "trigger", "default", "--restaurant", id, "--wait")
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.out, "WabaReady")
	require.Contains(t, got.out, "Conectado")

	got = s.waba(t, "status", id, "-o", "json")
	require.Zero(t, got.exit)
	var status map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.out), &status))
	require.Equal(t, "completed", status["status"])
	require.Contains(t, s.waba(t, "status", strings.ToUpper(id)).out, "Conectado")

	got = s.waba(t, "watch", id, "-o", "json")
	require.Zero(t, got.exit, got.stderr)
	require.Greater(t, strings.Count(got.out, "\n"), 5)
	for line := range strings.Lines(got.out) {
		require.True(t, json.Valid([]byte(line)), line)
	}

	got = s.waba(t, "events", "replay", id)
	require.Zero(t, got.exit, got.out+got.stderr)
	require.Contains(t, got.out, "esta versão chega aos mesmos estados")
	require.Zero(t, s.waba(t, "events", "replay", id, "-o", "json").exit)

	got = s.waba(t, "ready", "--admin", s.admin)
	require.Zero(t, got.exit, got.out+got.stderr)
	require.Contains(t, got.out, "database")
}

func TestExitCodesSayWhatBecameOfAScenario(t *testing.T) {
	t.Parallel()
	s := start(t)
	for scenario, want := range map[string]struct {
		exit int
		says string
	}{
		"creates-2b":           {0, "Conectado"},
		"all-strategies-fail":  {5, "Aguardando a criação da conta"},
		"pin-mismatch":         {5, "phone_pin_mismatch"},
		"token-expired":        {5, "Meta 190/463"},
		"code-expired":         {1, "Falhou"},
		"disconnect":           {0, "IntegrationDisconnected"},
		"two-accounts-chosen":  {0, "WabaReady"},
		"signup-only-waba":     {5, "phone_missing"},
		"disconnect-refused":   {0, "disconnect_incomplete, Meta 200/1349174"},
		"account-rate-limited": {124, "a integração continua"},
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			got := s.waba(t, "trigger", scenario, "--wait", "--timeout", "20s")
			require.Equal(t, want.exit, got.exit, got.out+got.stderr)
			require.Contains(t, got.out+got.stderr, want.says)
		})
	}
	require.Equal(t, 3, s.waba(t, "trigger", "no-such-scenario").exit)
}

func TestCodeForABusyRestaurantIsAConflict(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := uuid.NewString()
	require.Zero(t, s.waba(t, "trigger", "never-appears", "--restaurant", id).exit)
	require.Eventually(t, func() bool {
		return strings.Contains(s.waba(t, "status", id, "-o", "json").out, `"polling"`)
	}, 10*time.Second, 50*time.Millisecond)
	got := s.waba(t, "trigger", "default", "--restaurant", id, "--wait", "--timeout", "20s")
	require.Equal(t, 4, got.exit, got.out+got.stderr)
	require.Contains(t, got.stderr, "busy")
}

func TestRunThatTakesTooLongExitsWith124AndGoesOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := uuid.NewString()
	got := s.waba(t, "trigger", "never-appears", "--restaurant", id, "--wait", "--timeout", "1s")
	require.Equal(t, 124, got.exit, got.out+got.stderr)
	require.Contains(t, got.stderr, "waba watch "+id)
}

func TestTailShowsWhatWasAndWhatComes(t *testing.T) {
	t.Parallel()
	s := start(t)
	before, after := uuid.NewString(), uuid.NewString()
	require.Zero(t, s.waba(t, "trigger", "default", "--restaurant", before, "--wait").exit)

	for _, tt := range []struct {
		name  string
		flags []string
		want  []string
		not   []string
	}{
		{"all decisions from the beginning", []string{"--since", "all", "-o", "json"}, []string{"WabaReady", "TokenChecked", before, after}, []string{"OAuthCodeReceived"}},
		{"only what comes", []string{"-o", "json"}, []string{"WabaReady", after}, []string{before}},
		{"only one restaurant", []string{"--since", "10m", "--restaurant", after}, []string{"WabaReady", after}, []string{before}},
		{"only some events, inputs too", []string{"--since", "10m", "--type", "WabaReady,OAuthCodeReceived"}, []string{"WabaReady", "OAuthCodeReceived", before, after}, []string{"TokenChecked"}},
		{"only inputs that come", []string{"--type", "OAuthCodeReceived"}, []string{"OAuthCodeReceived", after}, []string{before}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
			out, ended := &lockedBuffer{}, make(chan int, 1)
			go func() {
				ended <- cli.Run(ctx, append([]string{"events", "tail"}, tt.flags...), cli.Process{
					Getenv: func(name string) string { return s.env[name] }, Stdout: out, Stderr: out,
				})
			}()
			// What comes is sent again until the tail, which may just begin, has seen it.
			require.Eventually(t, func() bool {
				s.waba(t, "trigger", "disconnect", "--restaurant", after, "--timeout", "10s") // so that it can connect again
				for _, want := range tt.want {
					if !strings.Contains(out.String(), want) {
						return false
					}
				}
				return true
			}, 20*time.Second, 50*time.Millisecond, "%s", out)
			cancel()
			require.Zero(t, <-ended, out)
			for _, not := range tt.not {
				require.NotContains(t, out.String(), not)
			}
		})
	}
}

func TestToolsSayWhereNothingAnswers(t *testing.T) {
	t.Parallel()
	env := map[string]string{"API_BASE_URL": "http://127.0.0.1:1", "NATS_URL": "nats://somebody:CANARY@127.0.0.1:1"}
	id := uuid.NewString()
	for _, args := range [][]string{{"status", id}, {"trigger", "default"}, {"events", "replay", id}, {"events", "tail"}, {"ready", "--admin", "http://127.0.0.1:1"}} {
		got := waba(t, env, args...)
		require.Equal(t, 1, got.exit, args)
		require.Contains(t, got.stderr, "127.0.0.1:1 ·", args)
		require.NotContains(t, got.stderr, "CANARY")
	}
}

func TestMigrateMakesDatabaseAndStreamsAndTakesTheDatabaseBack(t *testing.T) {
	t.Parallel()
	server, err := natsserver.Start(t.Context(), natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0", LazySync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	env := map[string]string{"DATABASE_URL": "sqlite://" + filepath.Join(t.TempDir(), "waba.db"), "NATS_URL": server.URL()}
	require.Contains(t, waba(t, env, "migrate", "status").out, "falta")
	require.Zero(t, waba(t, env, "migrate", "up").exit)
	require.Contains(t, waba(t, env, "migrate", "up").out, "nada a fazer")
	require.NotContains(t, waba(t, env, "migrate", "status").out, "falta")
	require.Zero(t, waba(t, env, "migrate", "down", "--yes").exit)
	require.Contains(t, waba(t, env, "migrate", "status").out, "falta")

	got := waba(t, map[string]string{"NATS_URL": env["NATS_URL"]}, "migrate", "status", "-o", "json")
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.out, `"WABA"`)
	require.NotContains(t, got.out, "missing", "streams stay")
}
