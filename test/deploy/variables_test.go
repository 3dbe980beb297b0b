package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

// decided are the variables that the compose file sets itself, or has no use for.
var decided = map[string]string{
	"NATS_URL":                  "the server of this file, each service with its own password",
	"NATS_CREDS":                "passwords are used",
	"NATS_NKEY_SEED_FILE":       "passwords are used",
	"NATS_SYS_CREDS":            "the server of this file",
	"DATABASE_URL":              "the database of this file",
	"HTTP_ADDR":                 "the published port leads to it",
	"WABA_SIGNING_KEY_FILE":     "in the volume of keys",
	"WABA_SEAL_PUBLIC_KEY_FILE": "in the volume of keys",
	"WABA_KEYRING_FILE":         "in the volume of keys",
	"WABA_API_KEYS_FILE":        "a secret of this file",
}

// loadWith parses the compose file with the lines of an environment file.
func loadWith(t *testing.T, env string) (*types.Project, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file, []byte(env), 0o600))
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(wabatest.Root(), "docker-compose.yml")},
		cli.WithWorkingDirectory(wabatest.Root()), cli.WithEnvFiles(file), cli.WithDotEnv,
	)
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

// production is the example for production, filled in.
func production(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), "deploy", "production.env.example"))
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^(\w+)=$`).ReplaceAllString(string(body), "${1}=a1B2c3")
}

// variables are what a service reads, as the binary says.
func variables(t *testing.T, service string) []string {
	t.Helper()
	run := wabatest.Start(t, nil, "config", "print", service, "-o", "json")
	run.Wait(wabatest.Patience) // with 78, as nothing is configured
	var settings []struct{ Name string }
	require.NoError(t, json.NewDecoder(strings.NewReader(run.Output())).Decode(&settings), run.Output())
	require.NotEmpty(t, settings)
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i] = s.Name
	}
	return names
}

func TestWhatAnOperatorSetsReachesTheServiceThatReadsItAndOnlyThat(t *testing.T) {
	t.Parallel()
	reads := map[string][]string{
		"gateway":    variables(t, "gateway"),
		"onboarding": variables(t, "onboarding"),
		"auditlog":   variables(t, "auditlog"),
		"migrate":    {"DATABASE_URL", "NATS_URL", "NATS_SYS_CREDS", "WABA_STREAM_REPLICAS", "WABA_ALLOW_LAZY_SYNC"},
	}
	var env strings.Builder
	env.WriteString(production(t))
	for _, names := range reads {
		for _, name := range names {
			env.WriteString("\n" + name + "=probe-" + name)
		}
	}
	project, err := loadWith(t, env.String())
	require.NoError(t, err)
	for service, names := range reads {
		environment := project.Services[service].Environment
		for _, name := range names {
			if _, ok := decided[name]; ok {
				continue
			}
			require.NotNil(t, environment[name], "%s does not get %s", service, name)
			require.Equal(t, "probe-"+name, *environment[name], "%s of %s", name, service)
		}
		for name := range environment {
			if !strings.HasPrefix(name, "OTEL_") {
				require.Contains(t, names, name, "%s does not read it", service)
			}
		}
	}
}

func TestWhatAnOperatorDoesNotSetIsLeftToTheService(t *testing.T) {
	t.Parallel()
	project, err := loadWith(t, production(t))
	require.NoError(t, err)
	for _, service := range []string{"gateway", "onboarding", "auditlog"} {
		for name, value := range project.Services[service].Environment {
			if value != nil {
				require.NotEmpty(t, *value, "%s of %s", name, service)
			}
		}
		for _, name := range []string{"WABA_LOG_LEVEL", "META_API_VERSION", "WABA_POLL_INTERVAL", "OTEL_TRACES_EXPORTER"} {
			require.Nil(t, project.Services[service].Environment[name], "%s of %s", name, service)
		}
	}
}

// TestTheExampleForProductionHasEverythingThatIsNeeded and cannot be used as it is.
func TestTheExampleForProductionHasEverythingThatIsNeeded(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), "deploy", "production.env.example"))
	require.NoError(t, err)
	_, err = loadWith(t, string(body))
	require.ErrorContains(t, err, "set ")
	compose, err := os.ReadFile(filepath.Join(wabatest.Root(), "docker-compose.yml"))
	require.NoError(t, err)
	for _, needed := range regexp.MustCompile(`\$\{(\w+):\?`).FindAllStringSubmatch(string(compose), -1) {
		require.Regexp(t, `(?m)^`+needed[1]+`=$`, string(body))
	}
	for _, set := range regexp.MustCompile(`(?m)^(\w+)=`).FindAllStringSubmatch(string(body), -1) {
		require.Contains(t, string(compose), "${"+set[1], "compose does not read it")
	}
}

// TestAServiceWouldStartWithTheExampleForProduction as far as its configuration goes.
func TestAServiceWouldStartWithTheExampleForProduction(t *testing.T) {
	t.Parallel()
	project, err := loadWith(t, strings.Replace(production(t), "API_BASE_URL=a1B2c3", "API_BASE_URL=https://waba.example", 1))
	require.NoError(t, err)
	for _, service := range []string{"gateway", "onboarding", "auditlog"} {
		var env []string
		for name, value := range project.Services[service].Environment {
			if value != nil {
				env = append(env, name+"="+*value)
			}
		}
		run := wabatest.Start(t, env, "config", "print", service)
		require.Zero(t, run.Wait(wabatest.Patience), "%s\n%s", service, run.Output())
	}
}
