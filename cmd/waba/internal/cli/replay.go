package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// replayed is one decision of a history, and whether this build decides the same.
type replayed struct {
	Seq        uint64          `json:"seq"`
	Sequence   uint64          `json:"sequence"`
	Time       time.Time       `json:"time"`
	Event      string          `json:"event"`
	Status     string          `json:"status"`
	Stage      string          `json:"stage"`
	Data       json.RawMessage `json:"data,omitempty"`
	Matches    bool            `json:"matches"`
	Difference string          `json:"difference,omitempty"`
}

func newEventsReplay(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay RESTAURANT_ID",
		Short: t.say("Refaz a história de um restaurante e confere os estados gravados", "Runs a restaurant's history again and checks the recorded states"),
		Long: t.say("Lê as decisões de um restaurante, passa de novo pela máquina de estados tudo o que levou a elas e compara com o que está gravado. Não chama ninguém e não escreve nada. Sai com 1 quando algo difere.",
			"Reads a restaurant's decisions, runs all that led to them through the state machine again and compares with what is recorded. It calls nobody and writes nothing. Exits with 1 when something differs."),
		Example: "  waba events replay 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b",
		Args:    t.oneArg("RESTAURANT_ID"),
	}
	output, address := t.formatFlag(cmd), natsFlag(t, cmd)
	cmd.RunE = t.run(func(cmd *cobra.Command, args []string) error {
		id, err := t.restaurantArg(args[0])
		if err != nil {
			return err
		}
		return t.withBus(cmd.Context(), *address, func(ctx context.Context, js jetstream.JetStream) error {
			history, err := onboarding.Replay(ctx, js, id)
			if err != nil {
				return err
			}
			return t.printReplay(history, *output)
		})
	})
	return cmd
}

func (t *terminal) printReplay(history onboarding.Replayed, output format) error {
	if len(history.Entries) == 0 {
		return &failure{
			exit: exitNotFound,
			what: t.say("nada foi decidido sobre este restaurante", "nothing was decided about this restaurant"),
			next: t.say("confira o id e o barramento (--nats)", "check the id and the bus (--nats)"),
		}
	}
	list := []replayed{}
	different := 0
	for _, e := range history.Entries {
		list = append(list, replayed(e))
		if !e.Matches {
			different++
		}
	}
	if err := t.printHistory(list, output); err != nil {
		return err
	}
	if different > 0 {
		return &failure{
			exit: exitFailed,
			what: fmt.Sprintf(t.say("%d de %d decisões diferem do que esta versão decide", "%d of %d decisions differ from what this version decides"), different, len(list)),
		}
	}
	if output == asJSON {
		return nil
	}
	_, err := fmt.Fprintf(t.out, t.say("\n%s %d decisões: esta versão chega aos mesmos estados.\n", "\n%s %d decisions: this version comes to the same states.\n"),
		t.paint(green, "✔"), len(list))
	return err
}

func (t *terminal) printHistory(list []replayed, output format) error {
	if output == asJSON {
		return t.printJSON(list)
	}
	lang := errcode.Lang(t.lang())
	rows := [][]string{{t.say("Nº", "NO"), t.say("QUANDO", "WHEN"), t.say("EVENTO", "EVENT"), t.say("ETAPA", "STAGE"), t.say("SITUAÇÃO", "STATUS"), t.say("CONFERE", "SAME")}}
	for _, e := range list {
		same := t.yesNo(e.Matches)
		if e.Difference != "" {
			same += ": " + e.Difference
		}
		rows = append(rows, []string{
			fmt.Sprint(e.Sequence), e.Time.Local().Format("2006-01-02 15:04:05.000"), e.Event,
			errcode.StageLabel(lang, event.Stage(e.Stage)), errcode.StatusLabel(lang, event.Status(e.Status)), same,
		})
	}
	return printTable(t.out, rows...)
}
