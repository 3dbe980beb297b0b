package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

func newErrors(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "errors",
		Short: t.say("Explica os códigos de erro, nossos e da Meta", "Explains error codes, ours and Meta's"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newErrorsList(t), newErrorsExplain(t))
	return cmd
}

// ourError is an error code of ours, in words.
type ourError struct {
	Code       event.Code       `json:"code"`
	HTTPStatus int              `json:"http_status"`
	Retryable  bool             `json:"retryable"`
	Actor      event.Actor      `json:"actor"`
	Action     event.ActionKind `json:"action"`
	Title      string           `json:"title"`
	Text       string           `json:"text"`
	Next       string           `json:"next"`
}

func (t *terminal) ourError(e errcode.Entry) ourError {
	words := e.Words(errcode.Lang(t.lang()))
	return ourError{
		Code: e.Code, HTTPStatus: e.HTTPStatus, Retryable: e.Retryable, Actor: e.Actor, Action: e.Action,
		Title: words.Title, Text: words.Text, Next: words.Next,
	}
}

// metaError is an error of Meta, and what is made of it here.
type metaError struct {
	Code      int                 `json:"code"`
	Subcode   int                 `json:"subcode,omitempty"`
	Only      []errcode.Operation `json:"only,omitempty"`
	Name      string              `json:"name"`
	Class     event.Class         `json:"class"`
	Retryable bool                `json:"retryable"`
	WaitFor   string              `json:"wait_for,omitempty"`
	Remedy    string              `json:"remedy"`
	Source    string              `json:"source"`
}

func metaErrorOf(e errcode.MetaError) metaError {
	shown := metaError{
		Code: e.Code, Subcode: e.Subcode, Only: e.Only, Name: e.Name,
		Class: e.Class, Retryable: e.Retryable, Remedy: e.Remedy, Source: e.Source,
	}
	if wait := errcode.UsualWait(e.Code, e.Subcode); wait > 0 {
		shown.WaitFor = strings.TrimSuffix(strings.TrimSuffix(wait.Round(time.Second).String(), "0s"), "0m")
	}
	return shown
}

func newErrorsList(t *terminal) *cobra.Command {
	var meta bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   t.say("Lista os códigos de erro", "Lists the error codes"),
		Example: "  waba errors list\n  waba errors list --meta -o json",
		Args:    t.noArgs,
	}
	output := t.formatFlag(cmd)
	cmd.Flags().BoolVar(&meta, "meta", false, t.say("os da Meta, em vez dos nossos", "Meta's, in place of ours"))
	cmd.RunE = t.run(func(*cobra.Command, []string) error {
		if meta {
			return t.listMeta(*output)
		}
		list := []ourError{}
		rows := [][]string{{t.say("CÓDIGO", "CODE"), "HTTP", t.say("QUEM AGE", "WHO ACTS"), t.say("O QUE HOUVE", "WHAT HAPPENED")}}
		for _, entry := range errcode.All() {
			e := t.ourError(entry)
			list = append(list, e)
			rows = append(rows, []string{string(e.Code), strconv.Itoa(e.HTTPStatus), errcode.ActorLabel(errcode.Lang(t.lang()), e.Actor), e.Title})
		}
		if *output == asJSON {
			return t.printJSON(list)
		}
		return printTable(t.out, rows...)
	})
	return cmd
}

func (t *terminal) listMeta(output format) error {
	list := []metaError{}
	rows := [][]string{{t.say("CÓDIGO", "CODE"), t.say("CLASSE", "CLASS"), t.say("NOME NA META", "NAME AT META")}}
	for _, row := range errcode.MetaErrors() {
		e := metaErrorOf(row)
		list = append(list, e)
		rows = append(rows, []string{metaCode(e.Code, e.Subcode), string(e.Class), e.Name})
	}
	if output == asJSON {
		return t.printJSON(list)
	}
	return printTable(t.out, rows...)
}

func newErrorsExplain(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain CODE",
		Short: t.say("Diz o que um código quer dizer, quem age e como", "Says what a code means, who acts and how"),
		Long: t.say("Diz o que um código quer dizer, quem age e como. Aceita os nossos (phone_pin_mismatch) e os da Meta, com ou sem subcódigo (190, 190/463).",
			"Says what a code means, who acts and how. Takes ours (phone_pin_mismatch) and Meta's, with or without a subcode (190, 190/463)."),
		Example: "  waba errors explain phone_pin_mismatch\n  waba errors explain 190/463\n  waba errors explain 368 -o json",
		Args:    t.oneArg("CODE"),
		ValidArgsFunction: cobra.FixedCompletions(func() (codes []string) {
			for _, entry := range errcode.All() {
				codes = append(codes, string(entry.Code))
			}
			return codes
		}(), cobra.ShellCompDirectiveNoFileComp),
	}
	output := t.formatFlag(cmd)
	cmd.RunE = t.run(func(_ *cobra.Command, args []string) error {
		if entry, ok := errcode.Lookup(event.Code(args[0])); ok {
			return t.explainOurs(t.ourError(entry), *output)
		}
		code, subcode, ok := parseMetaCode(args[0])
		rows := metaRows(code, subcode)
		if !ok || len(rows) == 0 {
			return &failure{
				exit: exitNotFound,
				what: t.say("este código não é conhecido", "this code is not known"),
				next: t.say("waba errors list mostra os nossos, waba errors list --meta os da Meta", "waba errors list shows ours, waba errors list --meta those of Meta"),
			}
		}
		return t.explainMeta(rows, *output)
	})
	return cmd
}

func (t *terminal) explainOurs(e ourError, output format) error {
	if output == asJSON {
		return t.printJSON(e)
	}
	lang := errcode.Lang(t.lang())
	return printTable(t.out,
		[]string{string(e.Code), e.Title},
		[]string{t.say("O que houve", "What happened"), e.Text},
		[]string{t.say("Quem age", "Who acts"), errcode.ActorLabel(lang, e.Actor)},
		[]string{t.say("O que fazer", "What to do"), e.Next},
		[]string{"HTTP", strconv.Itoa(e.HTTPStatus)},
		[]string{t.say("Tentar de novo", "Try again"), t.yesNo(e.Retryable)},
	)
}

func (t *terminal) explainMeta(rows []errcode.MetaError, output format) error {
	list := []metaError{}
	for _, row := range rows {
		list = append(list, metaErrorOf(row))
	}
	if output == asJSON {
		return t.printJSON(list)
	}
	for i, e := range list {
		if i > 0 {
			if _, err := fmt.Fprintln(t.out); err != nil {
				return err
			}
		}
		table := [][]string{
			{"Meta " + metaCode(e.Code, e.Subcode), e.Name},
			{t.say("Classe", "Class"), string(e.Class)},
			{t.say("O que fazer", "What to do"), e.Remedy},
			{t.say("Tentar de novo", "Try again"), t.yesNo(e.Retryable)},
		}
		if len(e.Only) > 0 {
			table = append(table, []string{t.say("Só em", "Only in"), fmt.Sprint(e.Only)})
		}
		if e.WaitFor != "" {
			table = append(table, []string{t.say("Esperar", "Wait"), e.WaitFor})
		}
		if err := printTable(t.out, append(table, []string{t.say("Fonte", "Source"), e.Source})...); err != nil {
			return err
		}
	}
	return nil
}

func (t *terminal) yesNo(yes bool) string {
	if yes {
		return t.say("sim", "yes")
	}
	return t.say("não", "no")
}

// metaRows returns what is known of a code: with a subcode its rows, or those of
// the code alone where it has none; without one every row of the code.
func metaRows(code, subcode int) []errcode.MetaError {
	all := errcode.MetaErrors()
	with := func(subcode int) []errcode.MetaError {
		return slices.DeleteFunc(slices.Clone(all), func(e errcode.MetaError) bool {
			return e.Code != code || subcode >= 0 && e.Subcode != subcode
		})
	}
	if subcode < 0 {
		return with(-1)
	}
	if rows := with(subcode); len(rows) > 0 {
		return rows
	}
	return with(0)
}

// parseMetaCode reads "190" or "190/463"; subcode is -1 when there is none.
func parseMetaCode(text string) (code, subcode int, ok bool) {
	first, second, both := strings.Cut(text, "/")
	code, err := strconv.Atoi(first)
	if err != nil || code < 0 {
		return 0, 0, false
	}
	if !both {
		return code, -1, true
	}
	subcode, err = strconv.Atoi(second)
	return code, subcode, err == nil && subcode >= 0
}

func metaCode(code, subcode int) string {
	if subcode == 0 {
		return strconv.Itoa(code)
	}
	return strconv.Itoa(code) + "/" + strconv.Itoa(subcode)
}
