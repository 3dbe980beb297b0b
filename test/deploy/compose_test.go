// Package deploy checks what deploys the system, as far as that goes without a
// container engine: the compose file by its own parser, its commands by the
// binary, its configuration by the programs that read it.
package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

// load parses the compose file with the variables that the documents name.
func load(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions(
		[]string{filepath.Join(wabatest.Root(), "docker-compose.yml")},
		cli.WithWorkingDirectory(wabatest.Root()),
		cli.WithEnvFiles(filepath.Join(wabatest.Root(), "deploy", "simulator.env")),
		cli.WithDotEnv,
		cli.WithProfiles(profiles),
	)
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func TestTheComposeFileHasTheWholeSystem(t *testing.T) {
	t.Parallel()
	project := load(t)
	require.ElementsMatch(t, []string{"nats", "postgres", "keys", "migrate", "gateway", "onboarding", "auditlog"}, project.ServiceNames())
	require.Contains(t, load(t, "simulator").ServiceNames(), "simulator", "the simulator is a profile")
}

func TestEveryServiceThatStaysHasAHealthCheck(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, name := range []string{"nats", "postgres", "gateway", "onboarding", "auditlog"} {
		check := project.Services[name].HealthCheck
		require.NotNil(t, check, name)
		require.False(t, check.Disable, name)
		require.NotEmpty(t, check.Test, name)
	}
}

func TestServicesStartAfterTheMigration(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, name := range []string{"gateway", "onboarding", "auditlog"} {
		after, ok := project.Services[name].DependsOn["migrate"]
		require.True(t, ok, name)
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, after.Condition, name)
	}
}

func TestNATSIsNewEnoughAndSyncsAlways(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`^nats:(\d+)\.(\d+)`).FindStringSubmatch(load(t).Services["nats"].Image)
	require.NotNil(t, version)
	major, err := strconv.Atoi(version[1])
	require.NoError(t, err)
	minor, err := strconv.Atoi(version[2])
	require.NoError(t, err)
	require.True(t, major > 2 || major == 2 && minor >= 14, "scheduled messages need 2.14")

	config, err := os.ReadFile(filepath.Join(wabatest.Root(), "deploy", "nats", "nats-server.conf"))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^\s*sync_interval:\s*"?always"?`, string(config))
}

func TestEveryCommandOfTheComposeFileIsOneOfTheBinary(t *testing.T) {
	t.Parallel()
	project := load(t, "simulator")
	for name, service := range project.Services {
		if service.Build == nil {
			continue
		}
		help := wabatest.Start(t, nil, append(slices.Clone([]string(service.Command)), "--help")...)
		require.Zero(t, help.Wait(wabatest.Patience), "%s: waba %s\n%s", name, strings.Join(service.Command, " "), help.Output())
		if check := service.HealthCheck; check != nil && !check.Disable {
			require.Equal(t, []string{"CMD", "/waba"}, []string(check.Test[:2]), name)
			help := wabatest.Start(t, nil, append(slices.Clone([]string(check.Test[2:])), "--help")...)
			require.Zero(t, help.Wait(wabatest.Patience), "%s: health check\n%s", name, help.Output())
		}
	}
}

// TestEveryVariableOfTheComposeFileIsKnown keeps the file and the code's
// configuration together.
func TestEveryVariableOfTheComposeFileIsKnown(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile(filepath.Join(wabatest.Root(), ".env.example"))
	require.NoError(t, err)
	for name, service := range load(t, "simulator").Services {
		if service.Build == nil {
			continue
		}
		for variable := range service.Environment {
			if strings.HasPrefix(variable, "OTEL_") {
				continue // the standard has more than are listed
			}
			known := regexp.MustCompile(`(?m)^#?\s*` + regexp.QuoteMeta(variable) + `=`)
			require.Regexp(t, known, string(example), "%s sets %s", name, variable)
		}
	}
}

// The Dockerfile is read by no engine here; what can be held is that it builds and
// starts what there is.
func TestTheDockerfileBuildsTheBinaryThatThereIs(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(filepath.Join(wabatest.Root(), "Dockerfile"))
	require.NoError(t, err)
	text := string(body)
	require.Contains(t, text, "go build -trimpath")
	require.Contains(t, text, "./cmd/waba")
	require.Contains(t, text, `ENTRYPOINT ["/waba"]`)
	require.Regexp(t, `(?m)^USER \d+:\d+$`, text)
	goMod, err := os.ReadFile(filepath.Join(wabatest.Root(), "go.work"))
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(goMod)
	require.Contains(t, text, "FROM golang:"+string(version[1]))
}
