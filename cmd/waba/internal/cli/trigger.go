package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/cmd/waba/internal/api"
	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
)

// trigger is what `waba trigger` was asked for.
type trigger struct {
	restaurant string
	state      string
	wait       bool
	timeout    time.Duration
}

func newTrigger(t *terminal) *cobra.Command {
	var g trigger
	cmd := &cobra.Command{
		Use:   "trigger SCENARIO",
		Short: t.say("Faz a Meta simulada viver um cenário, pela API de verdade", "Has the simulated Meta play a scenario, through the real API"),
		Long: t.say(`Envia a complete-flow um code que escolhe um cenário do simulador, para um restaurante novo.
Com --wait acompanha até o fim e sai com 0 quando conectou, 5 quando alguém precisa agir, 1 quando falhou, 124 quando o tempo acabou.
Um cenário que depois escolhe ou desconecta acompanha sempre.

Cenários:
`, `Posts to complete-flow a code that picks a scenario of the simulator, for a new restaurant.
With --wait it follows to the end and exits with 0 when connected, 5 when somebody must act, 1 when it has failed, 124 when time is up.
A scenario that goes on to choose or to disconnect always follows.

Scenarios:
`) + t.scenarioList(),
		Example: `  waba trigger default --wait
  waba trigger all-strategies-fail --wait
  waba trigger pin-mismatch --restaurant 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b`,
		Args:      t.oneArg("SCENARIO"),
		ValidArgs: scenarioNames(),
	}
	output, client := t.formatFlag(cmd), t.apiFlag(cmd)
	cmd.Flags().StringVar(&g.restaurant, "restaurant", "", t.say("UUID do restaurante; sem ele, um novo", "the restaurant's UUID; without it, a new one"))
	cmd.Flags().StringVar(&g.state, "state", "dev", t.say("state do OAuth; dev vale em waba dev", "OAuth state; dev is good in waba dev"))
	cmd.Flags().BoolVarP(&g.wait, "wait", "w", false, t.say("acompanha até o fim, ou até alguém precisar agir", "follows to the end, or until somebody must act"))
	cmd.Flags().DurationVar(&g.timeout, "timeout", 2*time.Minute, t.say("quanto esperar com --wait", "how long to wait with --wait"))
	cmd.RunE = t.run(func(cmd *cobra.Command, args []string) error {
		scenario, err := t.scenarioArg(args[0])
		if err != nil {
			return err
		}
		id := event.RestaurantID(uuid.NewString())
		if g.restaurant != "" {
			if id, err = t.restaurantArg(g.restaurant); err != nil {
				return err
			}
		}
		calls, err := client()
		if err != nil {
			return err
		}
		defer calls.Close()
		return t.trigger(cmd.Context(), calls, g, scenario, id, *output)
	})
	return cmd
}

func (t *terminal) trigger(ctx context.Context, calls *api.Client, g trigger, scenario metasim.Scenario, id event.RestaurantID, output format) error {
	before, _, err := calls.Status(ctx, id)
	if problem, ok := errors.AsType[*api.Problem](err); ok && problem.Status == http.StatusNotFound {
		err = nil // a new restaurant
	}
	if err != nil {
		return t.apiFailure(err)
	}
	code := scenario.Code(strings.ToLower(rand.Text()[:12]))
	named := scenario.Signup(code)
	answer, err := calls.CompleteFlow(ctx, api.Code{
		Code: code, State: g.state, Restaurant: id,
		WabaID: named.WABA, PhoneNumberID: named.Phone, BusinessID: named.Business,
	})
	if err != nil {
		return t.apiFailure(err)
	}
	switch {
	case output == asTable:
		_, err = fmt.Fprintf(t.out, "%s  %s\n%s  %s\n\n", t.say("Restaurante", "Restaurant"), id, t.say("Cenário    ", "Scenario  "), t.say(scenario.PT, scenario.EN))
	case !g.wait:
		err = t.printJSON(answer)
	}
	if err != nil || !g.wait && scenario.Then == "" {
		if err == nil && output == asTable {
			_, err = fmt.Fprintf(t.out, "%s\n  waba watch %s\n", answer.Message, id)
		}
		return err
	}
	f := &follower{terminal: t, client: calls, output: output, timeout: g.timeout, opening: true}
	ended := f.follow(ctx, id, before.Version)
	asked, err := then(ctx, calls, scenario.Then, f.last)
	if err != nil {
		return t.apiFailure(err)
	}
	if !asked {
		return ended
	}
	further := &follower{terminal: t, client: calls, output: output, timeout: g.timeout, opening: true}
	return further.follow(ctx, id, f.last.Version)
}

// then asks what a scenario asks for after its run has come to what it leads to.
func then(ctx context.Context, calls *api.Client, what string, last api.Status) (asked bool, err error) {
	switch {
	case what == metasim.ThenDisconnect && last.Status == event.StatusCompleted:
		_, err = calls.Disconnect(ctx, last.RestaurantID)
	case what == metasim.ThenChoose && last.NextAction != nil && len(last.NextAction.Choices) > 0:
		_, err = calls.Select(ctx, last.RestaurantID, last.NextAction.Choices[len(last.NextAction.Choices)-1])
	default:
		return false, nil
	}
	return err == nil, err
}

// scenarioArg finds a scenario by its name.
func (t *terminal) scenarioArg(name string) (metasim.Scenario, error) {
	all := metasim.Scenarios()
	i := slices.IndexFunc(all, func(s metasim.Scenario) bool { return s.Name == name })
	if i < 0 {
		return metasim.Scenario{}, &failure{
			exit: exitNotFound,
			what: t.say("este cenário não existe", "there is no such scenario"),
			next: t.say("waba trigger --help mostra todos", "waba trigger --help lists them"),
		}
	}
	return all[i], nil
}

func scenarioNames() []string {
	var names []string
	for _, s := range metasim.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

func (t *terminal) scenarioList() string {
	var out strings.Builder
	for _, s := range metasim.Scenarios() {
		fmt.Fprintf(&out, "  %-24s %s\n", s.Name, t.say(s.PT, s.EN))
	}
	return strings.TrimSuffix(out.String(), "\n")
}
