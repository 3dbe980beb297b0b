package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Rule says that a decision may lead from one stage to another. An empty From
// means every stage, an empty To the stage in which the run stands.
type Rule struct {
	From     event.Stage
	Decision event.Name
	To       event.Stage
}

// Rules is the whole map of an onboarding. What is not in it cannot happen.
var Rules = []Rule{
	{"", event.NameOnboardingStarted, event.StageExchange},
	{event.StageExchange, event.NameTokenExchanged, event.StageExchange},
	{event.StageExchange, event.NameTokenChecked, event.StageDiscovery},
	{event.StageExchange, event.NameTokenChecked, event.StagePolling},

	{event.StageDiscovery, event.NameWabaDiscovered, event.StageSubscription},
	{event.StageDiscovery, event.NameWabaNotFound, event.StageCreation},
	{event.StageDiscovery, event.NameWabaNotFound, event.StagePolling},

	{event.StageCreation, event.NameWabaCreationRequested, event.StageCreation},
	{event.StageCreation, event.NameWabaCreationAttempted, event.StageCreation},
	{event.StageCreation, event.NameWabaCreationAttempted, event.StagePolling},
	{event.StageCreation, event.NameWabaCreationChecked, event.StageCreation},
	{event.StageCreation, event.NameWabaCreationChecked, event.StageSubscription},
	{event.StageCreation, event.NameAwaitingWabaCreation, event.StageCreation},

	{event.StageCreation, event.NamePollDue, event.StagePolling}, // an unanswered call may have made one
	{event.StagePolling, event.NamePollDue, event.StagePolling},
	{event.StagePolling, event.NameWabaPolled, event.StagePolling},
	{event.StagePolling, event.NameWabaPolled, event.StageSubscription},
	{event.StagePolling, event.NameAwaitingWabaCreation, event.StagePolling},

	{event.StageSubscription, event.NameAppSubscribed, event.StageRegistration},
	{event.StageRegistration, event.NamePhoneRegistered, event.StageFinalCheck},
	{event.StageFinalCheck, event.NameWabaReady, event.StageDone},

	// At any stage.
	{"", event.NameStepDelayed, ""},
	{"", event.NameStepDue, ""},
	{"", event.NameInputRefused, ""},
	{"", event.NameActionRequired, ""},
	{"", event.NameOnboardingResumed, ""},
	{"", event.NameOnboardingResumed, event.StageExchange},
	{event.StageDiscovery, event.NameOnboardingResumed, event.StagePolling},
	{event.StageCreation, event.NameOnboardingResumed, event.StagePolling},
	{"", event.NameReauthorizationRequired, ""},
	{"", event.NameOnboardingFailed, ""},
	{"", event.NameOnboardingCancelled, ""},
	{"", event.NameOnboardingExpired, ""},
}

// IllegalError says that something happened that the rules do not know. It is a
// fault of this program, or of a newer one beside it.
type IllegalError struct {
	Stage    event.Stage
	Todo     Effect
	Happened string
}

// Error implements error.
func (e *IllegalError) Error() string {
	return fmt.Sprintf("machine: %s cannot happen in stage %q with %q to do", e.Happened, e.Stage, e.Todo)
}

// Next is the whole machine: given what was true and what just happened, it
// returns what is true now and the decision to record. The same arguments always
// give the same answer, so that a recorded history can be run through newer code.
//
// An input is always decided upon, if only by [event.InputRefused]. An outcome
// must be of the effect that the state calls for, and a tick of its wait; else
// the error is an [*IllegalError] and nothing is to be recorded.
func Next(s State, happened Happened, now time.Time) (State, event.Event, error) {
	before := s
	s = s.clone()
	var decision event.Event
	switch h := happened.(type) {
	case Input:
		decision = s.input(h, now)
		s.InputSeq = h.Seq
	case Tick:
		decision = s.tick(h, now)
	case Outcome:
		if h.Effect == before.Todo.Effect && h.Effect != "" {
			decision = s.outcome(h, now)
		}
	}
	if decision == nil || !legal(before.Stage, decision.Name(), s.Stage) {
		return before, nil, &IllegalError{Stage: before.Stage, Todo: before.Todo.Effect, Happened: describe(happened, decision)}
	}
	s.Sequence++
	s.UpdatedAt = now
	s.ResumeAt = time.Time{}
	if s.Todo.Waits() {
		s.ResumeAt = s.Todo.Until
	}
	return s, decision, nil
}

func legal(from event.Stage, decision event.Name, to event.Stage) bool {
	return slices.ContainsFunc(Rules, func(r Rule) bool {
		return r.Decision == decision && (r.From == "" || r.From == from) && (r.To == to || r.To == "" && to == from)
	})
}

func describe(happened Happened, decision event.Event) string {
	text := fmt.Sprintf("%T", happened)
	switch h := happened.(type) {
	case Input:
		text = string(h.Event.Name())
	case Tick:
		text = fmt.Sprintf("%s %d", h.Name, h.Number)
	case Outcome:
		text = "outcome of " + string(h.Effect)
	}
	if decision != nil {
		text += " deciding " + string(decision.Name())
	}
	return text
}
