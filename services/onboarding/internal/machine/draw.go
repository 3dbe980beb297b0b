package machine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Draw returns docs/states.md, which is made of the tables of this package.
func Draw() string {
	var b strings.Builder
	b.WriteString(`# States of an onboarding

Made from the tables in ` + "`services/onboarding/internal/machine`" + ` by ` + "`go generate`" + ` there; do not edit.

A run stands in a stage, and each decision takes it to the next one. What is to be done
there is one effect, a wait until a time, a rest that waits for a person, or nothing.

## Stages by decision

`)
	drawStages(&b)
	b.WriteString("\nAt any stage:\n\n| decision | the run goes on in |\n|---|---|\n")
	drawAnywhere(&b)
	b.WriteString("\nWhat a decision makes of the run, which is in progress after every other one, and after a\nrefused input is as it was:\n\n| decision | status |\n|---|---|\n")
	drawStatuses(&b)
	b.WriteString("\n## What an error of Meta leads to\n\n")
	drawKinds(&b)
	drawVerdicts(&b)
	b.WriteString("\n## What a notice of Meta (a webhook) leads to\n\nIt is worth a look, and only what the look sees counts.\n\n")
	drawNotices(&b)
	b.WriteString("\n## Limits\n\n")
	drawLimits(&b)
	return b.String()
}

// drawStages draws the rules that lead from one stage to one stage.
func drawStages(b *strings.Builder) {
	arrows := map[[2]event.Stage][]string{}
	for _, rule := range Rules {
		if rule.To != "" && (rule.From != "" || rule.Decision == event.NameOnboardingStarted) {
			arrow := [2]event.Stage{rule.From, rule.To}
			arrows[arrow] = append(arrows[arrow], string(rule.Decision))
		}
	}
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	for _, from := range append([]event.Stage{""}, Stages...) {
		for _, to := range Stages {
			if decisions, ok := arrows[[2]event.Stage{from, to}]; ok {
				fmt.Fprintf(b, "    %s --> %s: %s\n", node(from), node(to), strings.Join(decisions, ", "))
			}
		}
	}
	fmt.Fprintf(b, "    %s --> [*]\n```\n", event.StageDone)
}

func node(stage event.Stage) string {
	if stage == "" {
		return "[*]"
	}
	return string(stage)
}

// drawAnywhere lists the rules that hold at every stage.
func drawAnywhere(b *strings.Builder) {
	for _, rule := range Rules {
		if rule.From != "" || rule.Decision == event.NameOnboardingStarted {
			continue
		}
		to := "the same stage"
		if rule.To != "" {
			to = code(rule.To)
		}
		fmt.Fprintf(b, "| %s | %s |\n", rule.Decision, to)
	}
}

func drawStatuses(b *strings.Builder) {
	for _, decision := range slices.Sorted(maps.Keys(comesTo)) {
		status := comesTo[decision]
		what := ", a rest"
		if status.Ended() {
			what = ", an end"
		}
		fmt.Fprintf(b, "| %s | %s%s |\n", decision, code(status), what)
	}
}

// kinds says what each kind of verdict does.
var kinds = []struct {
	do     Do
	status event.Status // at once
	text   string
}{
	{Again, event.StatusInProgress, "the same call after a growing wait, while there is patience for it (see Limits)"},
	{WaitUntil, event.StatusInProgress, "the same call when Meta's limit is over"},
	{LookFirst, event.StatusInProgress, "it may have happened: a look before anything else"},
	{NextOne, event.StatusInProgress, "the next creation strategy, at once"},
	{NotYet, event.StatusInProgress, "a poll that found nothing"},
	{Reauthorize, event.StatusReauth, "the end of the run: the restaurant authorizes again"},
	{Act, event.StatusAction, "a rest until somebody has acted"},
	{Fail, event.StatusFailed, "the end of the run"},
	{Leave, event.StatusInProgress, "it stays at Meta, is listed, and the disconnection goes on"},
	{Gone, event.StatusInProgress, "there is nothing left to undo: the disconnection goes on"},
}

// Status returns what a verdict makes of the run at once.
func (v Verdict) Status() event.Status {
	for _, kind := range kinds {
		if kind.do == v.Do {
			return kind.status
		}
	}
	return ""
}

func drawKinds(b *strings.Builder) {
	b.WriteString("| verdict | status | what follows |\n|---|---|---|\n")
	for _, kind := range kinds {
		fmt.Fprintf(b, "| %s | %s | %s |\n", code(kind.do), code(kind.status), kind.text)
	}
}

// drawVerdicts lists what a class leads to, then where an effect differs, then
// where a code of Meta does.
func drawVerdicts(b *strings.Builder) {
	const columns = "| verdict | code | next action | who |\n"
	b.WriteString("\nBy class:\n\n| class " + columns + "|---|---|---|---|---|\n")
	for _, class := range Classes {
		fmt.Fprintf(b, "| %s %s", code(class), row(verdicts[class]))
	}
	b.WriteString("\nWhere an effect differs:\n\n| effect | class " + columns + "|---|---|---|---|---|---|\n")
	for _, effect := range Effects {
		for _, class := range Classes {
			if v, ok := verdictsOf[effect][class]; ok {
				fmt.Fprintf(b, "| %s | %s %s", code(effect), code(class), row(v))
			}
		}
	}
	b.WriteString("\nWhere a code of Meta differs from its class:\n\n| effect | Meta's code " + columns + "|---|---|---|---|---|---|\n")
	byCode := presentVerdictsByCode()
	keys := slices.SortedFunc(maps.Keys(byCode), func(a, b metaCode) int {
		if a.Effect != b.Effect {
			return slices.Index(Effects, a.Effect) - slices.Index(Effects, b.Effect)
		}
		if a.Code != b.Code {
			return a.Code - b.Code
		}
		return a.Subcode - b.Subcode
	})
	for _, key := range keys {
		number := fmt.Sprint(key.Code)
		if key.Subcode != 0 {
			number += fmt.Sprintf("/%d", key.Subcode)
		}
		fmt.Fprintf(b, "| %s | %s %s", code(key.Effect), number, row(byCode[key]))
	}
	b.WriteString("\nWhere it is not Meta that refuses:\n\n| effect " + columns + "|---|---|---|---|---|\n")
	reasons := slices.SortedFunc(maps.Keys(verdictsOfOurs), func(a, b ours) int {
		if a.Effect != b.Effect {
			return slices.Index(Effects, a.Effect) - slices.Index(Effects, b.Effect)
		}
		return strings.Compare(string(a.Code), string(b.Code))
	})
	for _, reason := range reasons {
		effect := "any"
		if reason.Effect != "" {
			effect = code(reason.Effect)
		}
		fmt.Fprintf(b, "| %s %s", effect, row(verdictsOfOurs[reason]))
	}
}

func row(v Verdict) string {
	action := code(v.Action)
	if v.Tries > 0 {
		action = fmt.Sprintf("%d times, then as %s", v.Tries, code(refused.Code))
	}
	if v.Wait > 0 {
		action += " for " + span(v.Wait)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", code(v.Do), code(v.Code), action, v.Actor)
}

func code[T ~string](text T) string {
	if text == "" {
		return ""
	}
	return "`" + string(text) + "`"
}

// span writes a duration as people do.
func span(d time.Duration) string {
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"days", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}} {
		if d > unit.is && d%unit.is == 0 || d == unit.is && unit.name != "days" {
			return fmt.Sprintf("%d %s", d/unit.is, unit.name)
		}
	}
	return d.String()
}

func drawLimits(b *strings.Builder) {
	b.WriteString("| a step that is tried again | first wait | grows by | longest wait | patience |\n|---|---|---|---|---|\n")
	for _, effect := range Effects {
		if p, ok := paces[effect]; ok {
			fmt.Fprintf(b, "| %s | %s | %d | %s | %s |\n", code(effect), span(p.shortest), p.growth, span(p.longest), span(p.patience))
		}
	}
	p := usualPace
	fmt.Fprintf(b, "| any other | %s | %d | %s | %s |\n", span(p.shortest), p.growth, span(p.longest), span(p.patience))
	fmt.Fprintf(b, `
Up to a quarter is added to each wait, at most %s to one for a limit, so that
restaurants do not come all at once. A wait that Meta names is kept, and a rate limit
that names none lasts %s. A creation strategy is tried for as long as the operator says
(30 s), however long its patience. Waiting for Meta's limits uses up no patience, for %s.

| limit | |
|---|---|
| a rest looks again by itself | after the operator's wait (5 min), then after twice as long, up to %s |
| a rest, or a stop of a step endpoint, expires | after %s; anew when the run has come further or a person has asked |
| polls that a caller can ask for | %d |
| looks at a number that should be connected, and at our subscription | %d, a poll interval apart |
| accounts, businesses and numbers that are kept and offered as a choice | %d |
`, span(UsualLimitWaits.Spread), span(shortestLimit), span(UsualLimitWaits.Patience), span(longestLook), span(restPatience), mostPolls, readBacks, manyIDs)
}
