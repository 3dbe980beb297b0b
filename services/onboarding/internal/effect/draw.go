package effect

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// Draw returns docs/meta.md, which is made of the tables of the calls.
func Draw() string {
	var b strings.Builder
	b.WriteString("# What we call at Meta\n\nMade from the tables in `services/onboarding/internal/meta`, `internal/effect`, `internal/machine` and `pkg/errcode` by `go generate` in `internal/effect`; do not edit. `docs/states.md` draws the machine behind it, `docs/rehearsal.md` lists what `waba rehearse` asks the real Meta.\n")
	drawRoutes(&b)
	drawEnds(&b)
	drawErrors(&b)
	drawVersions(&b)
	b.WriteString("\n## What only the real Meta can confirm\n\nNothing here was tried against Meta. Beside the calls above that are not documented:\n\n")
	for _, what := range meta.Unconfirmed {
		fmt.Fprintf(&b, "- %s\n", what)
	}
	return b.String()
}

func drawRoutes(b *strings.Builder) {
	b.WriteString("\n## Calls\n\nEach goes below the configured version, with the restaurant's token in `Authorization` and its `appsecret_proof`, but for the first two. How often: *once* is never sent again, answered or not; *look first* is sent again only after a look at what the last one has left; *repeat* only reads, or is harmless twice. No call is repeated that Meta has refused for good.\n\n| call | request | permission | who needs it | how often | how sure | source |\n|---|---|---|---|---|---|---|\n")
	for _, r := range meta.Routes {
		source := r.Source
		if strings.HasPrefix(source, "https://") {
			source = "<" + source + ">"
		}
		fmt.Fprintf(b, "| `%s` | `%s /%s` | %s | %s | %s | %s | %s |\n", r.Op, r.Method, r.Path, cmp.Or(r.Permission, "none"), r.For, r.Repeat, r.Sure, source)
	}
}

// drawEnds says where each class of error leads to, at each call.
func drawEnds(b *strings.Builder) {
	b.WriteString("\n## Where an error of Meta leads to, at each call\n\nVerdicts, their codes and who acts stand in `docs/states.md`, with the codes of Meta that differ from their class. *goes on*: no obstacle to the next look of a search. *withheld*: the same, and when no other look finds an account the run rests, lest one be made beside it.\n\n| stage | call |")
	for _, class := range machine.Classes {
		fmt.Fprintf(b, " %s |", class)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(machine.Classes)) + "\n")
	for _, call := range Calls {
		fmt.Fprintf(b, "| `%s` | `%s` |", call.Stage, call.Op)
		for _, class := range machine.Classes {
			fmt.Fprintf(b, " %s |", call.drawEnd(class))
		}
		b.WriteString("\n")
	}
}

func (c Call) drawEnd(class event.Class) string {
	v := c.Verdict(event.MetaError{Class: class})
	text := string(v.Do)
	if v.Action != "" {
		text += fmt.Sprintf(": %s (%s)", v.Action, v.Actor)
	}
	switch {
	case !c.Passes(class) || v.Do == machine.NotYet:
		return text
	case c.Refused == Withholds:
		return "withheld, then " + text
	}
	return "goes on"
}

func drawErrors(b *strings.Builder) {
	b.WriteString("\n## Known errors\n\n| code | what | class | may be sent again | met at | for an operator |\n|---|---|---|---|---|---|\n")
	all := len(errcode.Operations())
	for _, row := range errcode.MetaErrors() {
		number := fmt.Sprint(row.Code)
		if row.Subcode != 0 {
			number += fmt.Sprintf("/%d", row.Subcode)
		}
		var where []string
		for _, op := range row.Where() {
			where = append(where, "`"+string(op)+"`")
		}
		at := cmp.Or(strings.Join(where, ", "), "no call of ours")
		if len(where) == all {
			at = "any call"
		}
		again := "no"
		if row.Retryable {
			again = "yes"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", number, row.Name, row.Class, again, at, row.Remedy)
	}
}

func drawVersions(b *strings.Builder) {
	b.WriteString("\n## Versions\n\n`META_API_VERSION` takes any; these are tested. A version that has ended is served by the oldest that lives; the header `facebook-api-version` says which, and the log warns when it is not the one that was asked for. From 90 days before its end, `/readyz` warns.\n\n| version | ends |\n|---|---|\n")
	for _, version := range meta.Versions {
		end := "not said"
		if at, ok := meta.VersionEnds[version]; ok {
			end = at.Format("2006-01-02")
		}
		fmt.Fprintf(b, "| %s | %s |\n", version, end)
	}
}
