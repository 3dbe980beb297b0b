package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/waba-platform/onboarding/cmd/waba/internal/dev"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/errcode"
)

func newDev(t *terminal) *cobra.Command {
	o := dev.Options{
		HTTP: "127.0.0.1:8080", Admin: "127.0.0.1:9090", NATS: "127.0.0.1:4222", Simulator: "127.0.0.1:8081",
		Getenv: t.getenv, Stderr: t.err, Version: t.version, Lang: errcode.Lang(t.lang()),
	}
	cmd := &cobra.Command{
		Use:   "dev",
		Short: t.say("Inicia tudo nesta máquina, com a Meta simulada", "Starts everything on this machine, with a simulated Meta"),
		Long: t.say(`Inicia tudo em um processo: gateway, onboarding, auditlog, NATS com JetStream, SQLite e a Meta simulada.
Só escuta no loopback. O que o ambiente define é usado (NATS_URL, DATABASE_URL, META_GRAPH_API_BASE, …); o resto recebe um valor que funciona com o simulador.`,
			`Starts everything in one process: gateway, onboarding, auditlog, NATS with JetStream, SQLite and a simulated Meta.
Listens on loopback only. What the environment sets is used (NATS_URL, DATABASE_URL, META_GRAPH_API_BASE, …); the rest gets a value that works with the simulator.`),
		Example: "  waba dev\n  waba dev --reset\n  waba dev --http 127.0.0.1:0 --admin 127.0.0.1:0 --nats 127.0.0.1:0 --simulator 127.0.0.1:0 --data-dir .waba-2",
		Args:    t.noArgs,
		RunE: t.run(func(cmd *cobra.Command, _ []string) error {
			if err := t.addressesOf(cmd.Flags(), &o); err != nil {
				return err
			}
			o.Stopping = func() {
				_, _ = fmt.Fprintln(t.out, t.say("Encerrando: o que está em andamento termina antes. Ctrl-C de novo encerra já.",
					"Stopping, once what is under way has ended. Ctrl-C again stops it at once."))
			}
			err := dev.Run(cmd.Context(), o, func(r dev.Ready) { _, _ = fmt.Fprint(t.out, t.banner(r)) })
			if errors.Is(err, dev.ErrUnfinished) {
				_, err = fmt.Fprintln(t.out, t.say("A Meta não respondeu a tempo a uma chamada; o passo é retomado no próximo início.",
					"Meta did not answer a call in time; its step is resumed at the next start."))
			}
			if err == nil {
				_, err = fmt.Fprintln(t.out, t.say("Encerrado. Os dados ficam em ", "Stopped. The data stays in ")+o.DataDir)
				return err
			}
			return t.devFailure(err)
		}),
	}
	flags := cmd.Flags()
	flags.Var((*addrFlag)(&o.HTTP), "http", t.say("API (HTTP_ADDR)", "API (HTTP_ADDR)"))
	flags.Var((*addrFlag)(&o.Admin), "admin", t.say("/healthz, /readyz e /metrics (ADMIN_ADDR)", "/healthz, /readyz and /metrics (ADMIN_ADDR)"))
	flags.Var((*addrFlag)(&o.NATS), "nats", t.say("servidor NATS deste processo; sem efeito com NATS_URL", "NATS server of this process; without effect when NATS_URL is set"))
	flags.Var((*addrFlag)(&o.Simulator), "simulator", t.say("Meta simulada; a porta 0 escolhe uma, aqui e nas outras", "simulated Meta; port 0 picks one, here and in the others"))
	flags.StringVar(&o.DataDir, "data-dir", ".waba", t.say("pasta dos dados e das chaves", "folder of data and keys"))
	flags.BoolVar(&o.Reset, "reset", false, t.say("começa com a pasta de dados vazia", "begins with an empty data folder"))
	flags.StringVar(&o.Graph, "graph", "", t.say("usa esta Graph API em vez do simulador (META_GRAPH_API_BASE)", "uses this Graph API in place of the simulator (META_GRAPH_API_BASE)"))
	flags.StringVar(&o.ReadyFile, "ready-file", "", t.say("arquivo escrito quando tudo responde", "file that is written once everything answers"))
	return cmd
}

// addressesOf takes an address from the environment where no flag gives one. That
// of every interface, which a gateway on its own has by default, becomes loopback.
func (t *terminal) addressesOf(flags *pflag.FlagSet, o *dev.Options) error {
	var mistakes []string
	for _, a := range []struct {
		flag, variable string
		to             *config.Addr
	}{{"http", "HTTP_ADDR", &o.HTTP}, {"admin", "ADMIN_ADDR", &o.Admin}} {
		text := t.getenv(a.variable)
		if text == "" || flags.Changed(a.flag) {
			continue
		}
		if strings.HasPrefix(text, ":") { // every interface; here that is loopback
			text = "127.0.0.1" + text
		}
		if err := a.to.UnmarshalText([]byte(text)); err != nil {
			mistakes = append(mistakes, a.variable+" is not "+a.to.Want())
		}
	}
	if mistakes != nil {
		return &config.Error{Mistakes: mistakes}
	}
	return nil
}

// banner is what a person sees once everything answers.
func (t *terminal) banner(r dev.Ready) string {
	var out strings.Builder
	tick := t.paint(green, "✔")
	bus := "NATS JetStream"
	if !r.Embedded {
		bus = "NATS"
	}
	fmt.Fprintf(&out, " %s %s  %s    %s %s  %s", tick, bus, r.NATS, tick, r.DatabaseKind, r.Database)
	if r.Simulator != "" {
		fmt.Fprintf(&out, "    %s %s  %s", tick, t.say("Simulador da Meta", "Meta simulator"), r.Simulator)
	}
	fmt.Fprintf(&out, "\n API  %s/docs     %s  %s/metrics\n", r.HTTP, t.say("Métricas", "Metrics"), r.Admin)
	if r.Open {
		fmt.Fprintf(&out, " %s\n", t.say(`Sem autenticação: quem chama desta máquina entra como dev, e "state":"dev" é aceito.`,
			`No authentication: callers on this machine are let in as dev, and "state":"dev" is accepted.`))
	}
	if r.Missing > 0 {
		fmt.Fprintf(&out, " %s %s\n", t.paint(yellow, t.say("Atenção:", "Note:")), fmt.Sprintf(
			t.say("o banco perdeu linhas (%d decisões); elas são refeitas agora a partir dos eventos. Tokens não voltam.",
				"the database has lost rows (%d decisions); they are written again now, from the events. Tokens do not come back."), r.Missing))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&out, " %s %s\n", t.paint(yellow, t.say("Atenção:", "Note:")), warning)
	}
	fmt.Fprintf(&out, "\n %s\n%s\n", t.say("Experimente:", "Try:"), t.paint(bold, exampleCall(r)))
	fmt.Fprintf(&out, "   %[1]s trigger all-strategies-fail --wait\n   %[1]s events tail\n", t.command)
	fmt.Fprintf(&out, "\n %s\n", t.say("Ctrl-C encerra; os dados ficam para a próxima vez.", "Ctrl-C stops it; the data stays for the next time."))
	return out.String()
}

// exampleCall is a curl that works once, as it stands.
func exampleCall(r dev.Ready) string {
	credential, state := "", "dev"
	if !r.Open {
		credential, state = ` -H "Authorization: Bearer $WABA_API_KEY"`, "$STATE"
	}
	id := uuid.NewString()
	return fmt.Sprintf(`   curl -s %s/api/whatsapp/waba/complete-flow%s -H 'Content-Type: application/json' -d '{"code":"demo-%s","state":"%s","restaurant_id":"%s"}'`,
		r.HTTP, credential, id[:8], state, id)
}

// devFailure says in words why not everything could be started.
func (t *terminal) devFailure(err error) error {
	if busy, ok := errors.AsType[*dev.BusyError](err); ok {
		return t.portBusy(busy.Flag, busy.Addr, err)
	}
	if inUse, ok := errors.AsType[*dev.InUseError](err); ok {
		f := &failure{
			exit: exitConflict, cause: err,
			what: fmt.Sprintf(t.say("a pasta %s já está em uso por outro waba dev (processo %d)", "folder %s is in use by another waba dev (process %d)"), inUse.Dir, inUse.PID),
			next: t.say("encerre-o ou use --data-dir com outra pasta", "stop it or use --data-dir with another folder"),
		}
		return f
	}
	if open, ok := errors.AsType[*dev.NotLoopbackError](err); ok {
		return &failure{
			exit: exitUsage, cause: err,
			what: fmt.Sprintf(t.say("%s %s não é loopback, e waba dev não pergunta quem chama", "%s %s is not loopback, and waba dev does not ask who calls"), open.Flag, open.Addr),
			next: t.say("use 127.0.0.1, ou waba gateway para atender outras máquinas", "use 127.0.0.1, or waba gateway to serve other machines"),
		}
	}
	return t.keysFailure(err, t.say("comece do zero com --reset: os dados da pasta são apagados", "begin anew with --reset: the data of the folder is deleted"))
}
