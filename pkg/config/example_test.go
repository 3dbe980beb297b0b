package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/config"
)

func TestDescribeListsVariablesInOrder(t *testing.T) {
	t.Parallel()
	require.Equal(t, []config.Variable{
		{Name: "APP_ID", Doc: "App.", Required: true},
		{Name: "POLL_INTERVAL", Default: "3s", Doc: "Between polls."},
		{Name: "POLL_ATTEMPTS", Default: "10", Doc: "How many polls."},
	}, config.Describe(&strict{}))
	variables := config.Describe(&settings{})
	require.True(t, variables[2].Secret)
	require.True(t, variables[3].Secret)
}

func TestExampleNamesEveryVariableOnce(t *testing.T) {
	t.Parallel()
	text, err := config.Example(
		config.Section{Title: "App", Configs: []any{&strict{}}},
		config.Section{Title: "Only what stands above", Configs: []any{&polling{}}},
		config.Section{Title: "Service", Configs: []any{&polling{}, &struct {
			Secret string `env:"TOKEN,required" secret:"true" doc:"A token."`
			Text   string `env:"TEXT" envDefault:"it's $5" doc:"A text."`
		}{}}},
	)
	require.NoError(t, err)
	require.Equal(t, `# All configuration, made from the code: do not edit. An empty value means unset.
# A secret can also be read from a file: NAME_FILE=/path in place of NAME.

# --- App ---

# App. (required)
APP_ID=

# Between polls.
POLL_INTERVAL=3s

# How many polls.
POLL_ATTEMPTS=10

# --- Service ---

# A token. (secret, required)
TOKEN=

# A text.
TEXT='it'\''s $5'
`, text)
}

func TestConfigsMustAgreeAboutAVariable(t *testing.T) {
	t.Parallel()
	_, err := config.Example(config.Section{Title: "App", Configs: []any{&polling{}, &struct {
		Interval string `env:"POLL_INTERVAL" envDefault:"4s" doc:"Between polls."`
		Nameless string `env:"NAMELESS"`
	}{}, polling{}}})
	require.ErrorContains(t, err, "POLL_INTERVAL of")
	require.ErrorContains(t, err, "is described otherwise elsewhere")
	require.ErrorContains(t, err, "NAMELESS of")
	require.ErrorContains(t, err, "is not a pointer to a struct")
}

func TestAVariableIsRequiredWhenOneOfThoseThatReadItRequiresIt(t *testing.T) {
	t.Parallel()
	type may struct {
		Key string `env:"KEY" doc:"A key."`
	}
	type must struct {
		Key string `env:"KEY,required" doc:"A key."`
	}
	for _, configs := range [][]any{{&may{}, &must{}}, {&must{}, &may{}}} {
		merged, err := config.Merge(config.Section{Configs: configs[:1]}, config.Section{Configs: configs[1:]})
		require.NoError(t, err)
		require.Len(t, merged[0], 1)
		require.Empty(t, merged[1])
		require.True(t, merged[0][0].Required)
	}
}
