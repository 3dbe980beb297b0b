package service_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
)

func TestConfigReportsEveryMistakeAndQuotesNoValue(t *testing.T) {
	t.Parallel()
	var cfg service.Config
	var streams service.StreamConfig
	err := config.Load(getenv(map[string]string{
		"NATS_URL":             "nats://bus:4222,http://user:CANARY@bus",
		"NATS_CREDS":           "creds",
		"NATS_NKEY_SEED_FILE":  "seed",
		"DATABASE_URL":         "mysql://user:CANARY@host/db",
		"ADMIN_ADDR":           "9090",
		"WABA_LOG_FORMAT":      "xml",
		"WABA_STREAM_REPLICAS": "2",
	}), &cfg, &streams)
	wrong, ok := errors.AsType[*config.Error](err)
	require.True(t, ok)
	require.Equal(t, []string{
		"ADMIN_ADDR is not host:port with a port from 0 to 65535",
		"WABA_LOG_FORMAT is not json or text",
		"NATS_URL is not nats://host:port, tls://host:port or a list of these",
		"NATS_CREDS and NATS_NKEY_SEED_FILE are both set",
		"DATABASE_URL is not postgres://… or sqlite://path",
		"WABA_STREAM_REPLICAS is not 1, 3 or 5",
	}, wrong.Mistakes)
	require.NotContains(t, err.Error(), "CANARY")
	require.Equal(t, 78, service.ExitCode(err))
	require.Equal(t, "gateway: NATS_URL is not set\ngateway: DATABASE_URL is not set\n",
		service.Report("gateway", config.Load(getenv(nil), &service.Config{})))
}

func TestExitCodeSaysWhetherTheConfigurationIsWrong(t *testing.T) {
	t.Parallel()
	require.Zero(t, service.ExitCode(nil))
	require.Equal(t, 1, service.ExitCode(errors.New("bus is gone")))
	require.Equal(t, 78, service.ExitCode(errors.Join(errors.New("close"), &config.Error{Mistakes: []string{"X is not set"}})))
}

func getenv(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}
