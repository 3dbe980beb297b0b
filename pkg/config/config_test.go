package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
)

const canary = "EAACANARY"

type polling struct {
	Interval time.Duration `env:"POLL_INTERVAL" envDefault:"3s" doc:"Between polls."`
	Attempts int           `env:"POLL_ATTEMPTS" envDefault:"10" doc:"How many polls."`
}

func (p polling) Validate() error {
	var errs []error
	if p.Interval <= 0 {
		errs = append(errs, fmt.Errorf("POLL_INTERVAL is %s, not more than 0", p.Interval))
	}
	if p.Attempts < 1 || p.Attempts > 100 {
		errs = append(errs, fmt.Errorf("POLL_ATTEMPTS is %d, not from 1 to 100", p.Attempts))
	}
	return errors.Join(errs...)
}

type settings struct {
	Addr     config.Addr    `env:"HTTP_ADDR" envDefault:":8080" doc:"Where the API listens."`
	Peer     netip.AddrPort `env:"PEER" doc:"An address."`
	Secret   seal.Secret    `env:"APP_SECRET" doc:"Secret."`
	DSN      string         `env:"DATABASE_URL" secret:"true" doc:"Database."`
	Graph    url.URL        `env:"GRAPH" envDefault:"https://graph.facebook.com" doc:"Graph API."`
	Callback *url.URL       `env:"CALLBACK" doc:"Callback."`
	Scopes   []string       `env:"SCOPES" envDefault:"a,b" doc:"Scopes."`
	Codes    []int          `env:"CODES" doc:"Codes."`
	Expose   bool           `env:"EXPOSE" doc:"Expose."`
	Level    slog.Level     `env:"LEVEL" envDefault:"info" doc:"Level."`
	Ratio    float64        `env:"RATIO" doc:"Ratio."`
	Polling  polling
	Ignored  string
}

type strict struct {
	AppID string `env:"APP_ID,required" doc:"App."`
	Poll  polling
}

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestEmptyEnvironmentGivesTheDefaults(t *testing.T) {
	t.Parallel()
	var cfg settings
	require.NoError(t, config.Load(environment(nil), &cfg))
	require.Equal(t, config.Addr(":8080"), cfg.Addr)
	require.True(t, cfg.Secret.IsZero())
	require.Equal(t, "graph.facebook.com", cfg.Graph.Host)
	require.Nil(t, cfg.Codes)
	require.Equal(t, []string{"a", "b"}, cfg.Scopes)
	require.Equal(t, polling{Interval: 3 * time.Second, Attempts: 10}, cfg.Polling)
}

func TestEnvironmentFillsEveryKindOfField(t *testing.T) {
	t.Parallel()
	cfg := settings{Ignored: "kept"}
	require.NoError(t, config.Load(environment(map[string]string{
		"HTTP_ADDR": "localhost:0", "PEER": "127.0.0.1:4222", "APP_SECRET": canary, "DATABASE_URL": "sqlite://x",
		"GRAPH": "http://127.0.0.1:1/base", "CALLBACK": "https://a.example/b", "SCOPES": " x, y ,,z",
		"CODES": "4, 17", "EXPOSE": "true", "LEVEL": "debug", "RATIO": "0.5", "POLL_INTERVAL": "250ms", "POLL_ATTEMPTS": "2",
	}), &cfg))
	require.Equal(t, config.Addr("localhost:0"), cfg.Addr)
	require.Equal(t, uint16(4222), cfg.Peer.Port())
	require.Equal(t, canary, cfg.Secret.Reveal())
	require.Equal(t, "sqlite://x", cfg.DSN)
	require.Equal(t, "/base", cfg.Graph.Path)
	require.Equal(t, "a.example", cfg.Callback.Host)
	require.Equal(t, []string{"x", "y", "z"}, cfg.Scopes)
	require.Equal(t, []int{4, 17}, cfg.Codes)
	require.True(t, cfg.Expose)
	require.Equal(t, slog.LevelDebug, cfg.Level)
	require.InDelta(t, 0.5, cfg.Ratio, 0)
	require.Equal(t, polling{Interval: 250 * time.Millisecond, Attempts: 2}, cfg.Polling)
	require.Equal(t, "kept", cfg.Ignored)
}

func TestAllMistakesAreReportedAtOnceAndNoneQuotesAValue(t *testing.T) {
	t.Parallel()
	bad := map[string]string{}
	for _, name := range []string{
		"HTTP_ADDR", "PEER", "GRAPH", "CALLBACK", "CODES", "EXPOSE", "LEVEL", "RATIO", "POLL_INTERVAL", "APP_SECRET_FILE",
	} {
		bad[name] = canary
	}
	bad["POLL_ATTEMPTS"] = "-1"
	var cfg settings
	var other strict
	err := config.Load(environment(bad), &cfg, &other)
	mistakes, ok := errors.AsType[*config.Error](err)
	require.True(t, ok)
	require.Equal(t, []string{
		"HTTP_ADDR is not host:port with a port from 0 to 65535",
		"PEER is not a valid addrport",
		"APP_SECRET_FILE: no such file or directory",
		"GRAPH is not an absolute URL such as https://example.com",
		"CALLBACK is not an absolute URL such as https://example.com",
		"CODES is not a comma-separated list in which each is a whole number",
		"EXPOSE is not true or false",
		"LEVEL is not debug, info, warn or error",
		"RATIO is not a number",
		"POLL_INTERVAL is not a duration such as 250ms, 3s or 5m",
		"POLL_ATTEMPTS is -1, not from 1 to 100",
		"APP_ID is not set",
	}, mistakes.Mistakes)
	require.NotContains(t, err.Error(), canary)
	require.Equal(t, 78, config.ExitCode)
}

func TestAddrIsHostAndPort(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		":8080": true, "127.0.0.1:0": true, "[::1]:65535": true, "db.example:4222": true,
		"8080": false, "host": false, "host:": false, ":65536": false, ":-1": false, ":http": false, "::1:80": false,
	} {
		var cfg settings
		err := config.Load(environment(map[string]string{"HTTP_ADDR": text}), &cfg)
		require.Equal(t, ok, err == nil, text)
	}
}

func TestSecretIsReadFromAFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	for _, tt := range []struct{ name, content, want string }{
		{"one line break is trimmed", canary + "\n", canary},
		{"a line break of Windows too", canary + "\r\n", canary},
		{"only one", canary + "\n\n", canary + "\n"},
		{"no other white space", " " + canary + " ", " " + canary + " "},
	} {
		var cfg settings
		path := write(tt.name, tt.content)
		require.NoError(t, config.Load(environment(map[string]string{"APP_SECRET_FILE": path, "DATABASE_URL_FILE": path}), &cfg))
		require.Equal(t, tt.want, cfg.Secret.Reveal(), tt.name)
		require.Equal(t, tt.want, cfg.DSN, tt.name)
	}
	for _, tt := range []struct{ want, path, value string }{
		{"APP_SECRET and APP_SECRET_FILE are both set", write("both", "a"), canary},
		{"APP_SECRET_FILE: the file is empty", write("empty", "\n"), ""},
		{"APP_SECRET_FILE: is a directory", folder, ""},
		{"APP_SECRET_FILE: the file is larger than 1048576 bytes", write("large", string(make([]byte, 1<<20+1))), ""},
	} {
		var cfg settings
		err := config.Load(environment(map[string]string{"APP_SECRET_FILE": tt.path, "APP_SECRET": tt.value}), &cfg)
		require.EqualError(t, err, tt.want)
	}
	var cfg settings
	require.NoError(t, config.Load(environment(map[string]string{"HTTP_ADDR_FILE": "/absent"}), &cfg), "only secrets have files")
}

func TestOverlayAnswersOnlyForWhatIsUnset(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{"A": "1", "B": "1", "C_FILE": "1", "D": "1"}
	getenv := config.Overlay(environment(map[string]string{"A": "2", "B_FILE": "2", "C": "2"}), defaults)
	for name, want := range map[string]string{"A": "2", "B": "", "B_FILE": "2", "C": "2", "C_FILE": "", "D": "1", "E": ""} {
		require.Equal(t, want, getenv(name), name)
	}
}

func TestMisuseOfTagsIsAnError(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]any{
		"is not a pointer to a struct": settings{},
		"write envDefault": &struct {
			A string `env:"A" default:"x"`
		}{},
		"only required is known": &struct {
			A string `env:"A,file"`
		}{},
		"no name": &struct {
			A string `env:""`
		}{},
	} {
		require.ErrorContains(t, config.Load(environment(nil), cfg), want)
		require.Nil(t, config.Describe(cfg))
	}
}
