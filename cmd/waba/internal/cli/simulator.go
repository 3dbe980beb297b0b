package cli

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// simulatorConfig is what the simulator reads: it belongs to the same app.
type simulatorConfig struct {
	AppID     string      `env:"FACEBOOK_APP_ID"`
	AppSecret seal.Secret `env:"FACEBOOK_APP_SECRET"`

	Log telemetry.LogConfig
}

func newSimulator(t *terminal) *cobra.Command {
	addr := config.Addr("127.0.0.1:8081")
	var dir, webhook string
	var anywhere bool
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: t.say("Inicia a Meta simulada", "Starts the simulated Meta"),
		Long: t.say(`Inicia a Meta simulada: a Graph API e o diálogo do OAuth, com estado, um registro de cada chamada e roteiros de falhas.
Um code demo-<cenário> escolhe o cenário; qualquer outro usa o cenário default.`,
			`Starts the simulated Meta: the Graph API and the OAuth dialog, with state, a ledger of every call and scripted faults.
A code demo-<scenario> picks a scenario; any other plays the scenario default.`),
		Example: "  waba simulator --addr 127.0.0.1:8081\n  waba simulator --addr 127.0.0.1:0 --dir .waba/simulator",
		Args:    t.noArgs,
		RunE: t.run(func(cmd *cobra.Command, _ []string) (err error) {
			var cfg simulatorConfig
			if err := config.Load(t.getenv, &cfg); err != nil {
				return err
			}
			listener, err := (&net.ListenConfig{}).Listen(cmd.Context(), "tcp", string(addr))
			if err != nil {
				return t.listenFailure("--addr", addr, err)
			}
			simulator, err := metasim.New(metasim.Options{
				AppID: cfg.AppID, AppSecret: cfg.AppSecret.Reveal(), Dir: dir, WebhookURL: webhook, ControlAnywhere: anywhere,
				Logger: telemetry.NewLogger(t.err, cfg.Log),
			})
			if err != nil {
				return errors.Join(err, listener.Close())
			}
			defer func() { err = errors.Join(err, simulator.Close()) }()
			if _, err := fmt.Fprintf(t.out, t.say("Simulador da Meta  http://%s    META_GRAPH_API_BASE=http://%[1]s    Ctrl-C encerra\n",
				"Meta simulator  http://%s    META_GRAPH_API_BASE=http://%[1]s    Ctrl-C stops it\n"), listener.Addr()); err != nil {
				return errors.Join(err, listener.Close())
			}
			return service.ServeHTTP(cmd.Context(), listener, simulator, time.Second)
		}),
	}
	cmd.Flags().Var((*addrFlag)(&addr), "addr", t.say("onde escuta; a porta 0 escolhe uma", "where it listens; port 0 picks one"))
	cmd.Flags().StringVar(&dir, "dir", "", t.say("pasta do estado; sem ela fica na memória", "folder of the state; without it, in memory"))
	cmd.Flags().StringVar(&webhook, "webhook", "", t.say("para onde POST /_simulator/webhooks envia avisos assinados", "where POST /_simulator/webhooks sends signed webhooks to"))
	cmd.Flags().BoolVar(&anywhere, "control-anywhere", false,
		t.say("a API /_simulator/ responde também fora do loopback", "the API /_simulator/ answers off loopback too"))
	return cmd
}
