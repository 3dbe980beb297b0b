package cli

import (
	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/service"
	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	gateway "github.com/waba-platform/onboarding/services/gateway/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// newServices returns the commands that run one service each.
func newServices(t *terminal) []*cobra.Command {
	return []*cobra.Command{
		newService(t, gateway.Serve, "gateway",
			t.say("Inicia o gateway: a API HTTP", "Starts the gateway: the HTTP API")),
		newService(t, onboarding.Serve, "onboarding",
			t.say("Inicia o onboarding: a máquina de estados, a única que chama a Meta", "Starts onboarding: the state machine, the only one that calls Meta")),
		newService(t, auditlog.Serve, "auditlog",
			t.say("Inicia o auditlog: cada evento, uma linha no banco", "Starts the audit log: each event, one row in the database")),
	}
}

func newService(t *terminal, run service.Serve, name, short string) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Long: short + t.say(".\nA configuração vem do ambiente: waba config print "+name+" mostra o que vale e o que falta. SIGTERM encerra depois do que está em andamento.",
			".\nIt is configured by the environment: waba config print "+name+" shows what holds and what is missing. SIGTERM ends it after what is under way."),
		Example: "  NATS_URL=nats://127.0.0.1:4222 DATABASE_URL=sqlite://waba.db waba " + name,
		Args:    t.noArgs,
		RunE: t.run(func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), t.getenv, t.err, t.version)
		}),
	}
}
