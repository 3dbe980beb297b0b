package machine

import (
	"maps"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Decide is Next before the rules are looked at.
func Decide(s State, h Happened, now time.Time) (State, event.Event) { return s.decide(h, now) }

// MetaCodes are the codes of Meta with a verdict of their own.
func MetaCodes() map[Effect][]event.MetaError {
	codes := map[Effect][]event.MetaError{}
	for key := range presentVerdictsByCode() {
		codes[key.Effect] = append(codes[key.Effect], event.MetaError{Code: key.Code, Subcode: key.Subcode})
	}
	return codes
}

// Verdicts are all of them.
func Verdicts() []Verdict {
	all := slices.Collect(maps.Values(verdicts))
	for _, some := range verdictsOf {
		all = slices.AppendSeq(all, maps.Values(some))
	}
	all = slices.AppendSeq(all, maps.Values(presentVerdictsByCode()))
	return slices.AppendSeq(all, maps.Values(verdictsOfOurs))
}

// Legal says whether the rules know a decision.
var Legal = legal
