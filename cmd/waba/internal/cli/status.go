package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/cmd/waba/internal/api"
	"github.com/waba-platform/onboarding/pkg/errcode"
)

func newStatus(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status RESTAURANT_ID",
		Short: t.say("Mostra onde está a integração de um restaurante", "Shows where a restaurant's integration stands"),
		Example: `  waba status 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b
  waba status 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b -o json`,
		Args: t.oneArg("RESTAURANT_ID"),
	}
	output, client := t.formatFlag(cmd), t.apiFlag(cmd)
	cmd.RunE = t.run(func(cmd *cobra.Command, args []string) error {
		id, err := t.restaurantArg(args[0])
		if err != nil {
			return err
		}
		calls, err := client()
		if err != nil {
			return err
		}
		defer calls.Close()
		status, raw, err := calls.Status(cmd.Context(), id)
		if err != nil {
			return t.apiFailure(err)
		}
		if *output == asJSON {
			return t.printJSON(raw)
		}
		return printTable(t.out, t.card(status)...)
	})
	return cmd
}

// card is an integration in two columns: what it is about, and who acts next.
func (t *terminal) card(s api.Status) [][]string {
	lang := errcode.Lang(t.lang())
	rows := [][]string{
		{t.say("Restaurante", "Restaurant"), string(s.RestaurantID)},
		{t.say("Integração", "Integration"), string(s.IntegrationID) + t.say(", rodada ", ", run ") + strconv.Itoa(s.Run)},
		{t.say("Situação", "Status"), errcode.StatusLabel(lang, s.Status)},
		{t.say("Etapa", "Stage"), errcode.StageLabel(lang, s.Stage)},
	}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	if s.Strategy != "" {
		add(t.say("Estratégia", "Strategy"), fmt.Sprintf("%s (%s)", errcode.StrategyLabel(lang, s.Strategy), s.Strategy))
	}
	add("WABA", string(s.WabaID))
	add(t.say("Empresa", "Business"), string(s.BusinessID))
	add(t.say("Número", "Number"), s.DisplayPhoneNumber)
	if s.Polling != nil {
		add(t.say("Consultas", "Polls"), fmt.Sprintf(t.say("%d de %d", "%d of %d"), s.Polling.Attempts, s.Polling.MaxAttempts))
	}
	for _, a := range s.Strategies {
		add(t.say("Tentativa", "Attempt"), string(a.Strategy)+": "+errcode.ResultLabel(lang, a.Outcome)+metaSuffix(a.Error))
	}
	if s.Error != nil {
		add(t.say("Erro", "Error"), fmt.Sprintf("%s (%s%s)", s.Error.Message, s.Error.Code, metaSuffix(s.Error.Meta)))
	}
	add(t.say("Agora", "Now"), t.nextStep(s))
	if s.NextAction != nil {
		for _, choice := range s.NextAction.Choices {
			words := []string{choice.Display, string(choice.ID), choice.WabaName, "WABA " + string(choice.WabaID)}
			add(t.say("Opção", "Choice"), strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "  "))
		}
	}
	for _, warning := range s.Warnings {
		add(t.say("Aviso", "Warning"), errcode.WarningText(lang, warning))
	}
	add(t.say("Atualizada", "Updated"), when(s.UpdatedAt))
	return rows
}

func metaSuffix(e *api.MetaError) string {
	switch {
	case e == nil || e.Code == 0:
		return ""
	case e.Subcode == 0:
		return fmt.Sprintf(", Meta %d", e.Code)
	default:
		return fmt.Sprintf(", Meta %d/%d", e.Code, e.Subcode)
	}
}

// nextStep says who must act, how, and from when on.
func (t *terminal) nextStep(s api.Status) string {
	next := s.NextAction
	if next == nil {
		return ""
	}
	lang := errcode.Lang(t.lang())
	text := errcode.ActorLabel(lang, next.Actor) + ": " + errcode.ActionText(lang, next.Kind)
	if next.URL != "" {
		text += " " + next.URL
	}
	if next.AvailableAt.After(time.Now()) {
		text += t.say(" (a partir de ", " (from ") + when(next.AvailableAt) + ")"
	}
	return text
}
