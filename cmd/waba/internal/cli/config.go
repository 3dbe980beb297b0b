package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/cmd/waba/internal/dev"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/service"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	gateway "github.com/waba-platform/onboarding/services/gateway/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// toolConfig is what the tools of this command line read.
type toolConfig struct {
	APIKey seal.Secret `env:"WABA_API_KEY" doc:"Service key with which status, watch and trigger call the API."`
}

// exporting is read by OpenTelemetry itself; it stands here to be listed.
type exporting struct {
	Endpoint string `env:"OTEL_EXPORTER_OTLP_ENDPOINT" doc:"Where traces are sent, as in http://collector:4318. Unset: nowhere. The other standard OTEL_* variables hold too."`
	Traces   string `env:"OTEL_TRACES_EXPORTER" doc:"otlp, console or none."`
	Metrics  string `env:"OTEL_METRICS_EXPORTER" doc:"Pushes metrics too, beside /metrics: otlp, console or none."`
	Name     string `env:"OTEL_SERVICE_NAME" doc:"Name of the service in traces and metrics, in place of its own."`
}

// sections is all configuration that there is, in the order in which it is shown.
func sections() []config.Section {
	return []config.Section{
		{Title: "Every service", Configs: []any{&service.Config{}}},
		{Title: "Gateway", Configs: []any{&gateway.Config{}}},
		{Title: "Onboarding", Configs: []any{&onboarding.Config{}}},
		{Title: "Auditlog", Configs: []any{&auditlog.Config{}}},
		{Title: "OpenTelemetry", Configs: []any{&exporting{}}},
		{Title: "waba migrate", Configs: []any{&service.StreamConfig{}, &syncConfig{}}},
		{Title: "waba dev", Configs: []any{&dev.Config{}}},
		{Title: "Command line", Configs: []any{&toolConfig{}, &onboarding.RehearsalConfig{}}},
		{Title: "Not used yet: this version does not read these", Configs: []any{&unread{}}},
	}
}

// unread is of parts that are still to come. It stands here so that what an
// operator prepares for them is known by its name.
type unread struct {
	BSPToken   seal.Secret `env:"WHATSAPP_BSP_TOKEN" doc:"The partner's own system token at Meta."`
	WebhookURL string      `env:"WEBHOOK_URL" doc:"Public address of our webhook."`
}

// servicesByName are the configurations of the processes.
func servicesByName() map[string][]any {
	return map[string][]any{
		"gateway":    {&service.Config{}, &gateway.Config{}},
		"onboarding": {&service.Config{}, &onboarding.Config{}},
		"auditlog":   {&service.Config{}, &auditlog.Config{}},
	}
}

func newConfig(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: t.say("Mostra a configuração", "Shows the configuration"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newConfigPrint(t), newConfigExample(t))
	return cmd
}

func newConfigExample(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:     "example",
		Short:   t.say("Escreve um .env com todas as variáveis, feito do código", "Writes an .env with every variable, made from the code"),
		Example: "  waba config example > .env.example",
		Args:    t.noArgs,
		RunE: t.run(func(*cobra.Command, []string) error {
			text, err := config.Example(sections()...)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(t.out, text)
			return err
		}),
	}
}

func newConfigPrint(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "print [gateway|onboarding|auditlog]",
		Short: t.say("Mostra o que vale aqui, sem segredos, e o que está errado", "Shows what holds here, without secrets, and what is wrong"),
		Long: t.say("Mostra o que vale neste ambiente, sem segredos. Com o nome de um serviço, também o que nele está errado: sai com 78 quando ele não iniciaria.",
			"Shows what holds in this environment, without secrets. With the name of a service, also what is wrong for it: exits with 78 when it would not start."),
		Example:   "  waba config print\n  waba config print gateway -o json",
		Args:      t.oneOf("auditlog", "gateway", "onboarding"),
		ValidArgs: []string{"auditlog", "gateway", "onboarding"},
	}
	output := t.formatFlag(cmd)
	cmd.RunE = t.run(func(_ *cobra.Command, args []string) error {
		shown, err := t.settings(args)
		if err != nil {
			return err
		}
		if *output == asJSON {
			err = t.printJSON(shown)
		} else {
			rows := [][]string{{t.say("VARIÁVEL", "VARIABLE"), t.say("VALOR", "VALUE"), t.say("ORIGEM", "SOURCE")}}
			for _, s := range shown {
				rows = append(rows, []string{s.Name, s.Value, s.Source})
			}
			err = printTable(t.out, rows...)
		}
		if err != nil || len(args) == 0 {
			return err
		}
		return config.Load(t.getenv, servicesByName()[args[0]]...)
	})
	return cmd
}

// setting is a variable as it holds here.
type setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // environment, file, default or unset
}

func (t *terminal) settings(args []string) ([]setting, error) {
	list := sections()
	if len(args) == 1 {
		list = []config.Section{{Configs: servicesByName()[args[0]]}}
	}
	merged, err := config.Merge(list...)
	if err != nil {
		return nil, err
	}
	var shown []setting
	for _, v := range slices.Concat(merged...) {
		shown = append(shown, settingOf(v, t.getenv))
	}
	return shown, nil
}

func settingOf(v config.Variable, getenv func(string) string) setting {
	value, source := getenv(v.Name), "environment"
	switch {
	case value != "" && v.Secret:
		value = seal.Redacted
	case value != "":
		value = withoutUser(value)
	case v.Secret && getenv(v.Name+"_FILE") != "":
		value, source = seal.Redacted, "file"
	case v.Default != "":
		value, source = v.Default, "default"
	default:
		source = "unset"
	}
	return setting{Name: v.Name, Value: value, Source: source}
}

// withoutUser takes users and passwords out of an address, or a list of them.
func withoutUser(list string) string {
	addresses := strings.Split(list, ",")
	for i, address := range addresses {
		scheme, rest, ok := strings.Cut(address, "://")
		authority, path, hasPath := strings.Cut(rest, "/")
		at := strings.LastIndex(authority, "@")
		if !ok || at < 0 {
			continue
		}
		addresses[i] = scheme + "://" + seal.Redacted + authority[at:]
		if hasPath {
			addresses[i] += "/" + path
		}
	}
	return strings.Join(addresses, ",")
}
