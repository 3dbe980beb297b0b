package machine

import (
	"fmt"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Stages are all that a run can stand in, in their order.
var Stages = []event.Stage{
	event.StageExchange, event.StageDiscovery, event.StageCreation, event.StagePolling,
	event.StageSubscription, event.StageRegistration, event.StageVerification, event.StageFinalCheck, event.StageDone,
}

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
	{event.StageDiscovery, event.NameWabaNotFound, event.StagePolling}, // one was made: it only has to show

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
	{event.StageRegistration, event.NamePhoneChecked, event.StageRegistration},
	{event.StageRegistration, event.NameActionRequired, event.StageVerification},
	{event.StageRegistration, event.NameOnboardingResumed, event.StageVerification}, // of a run of the first edition
	{event.StageVerification, event.NamePhoneCodeSent, event.StageVerification},
	{event.StageVerification, event.NamePhoneVerified, event.StageRegistration},
	{event.StageRegistration, event.NamePhonePinStored, event.StageRegistration},
	{event.StageRegistration, event.NamePhonePinSet, event.StageRegistration},
	{event.StageRegistration, event.NamePhoneRegistered, event.StageFinalCheck},
	{event.StageFinalCheck, event.NameWabaReady, event.StageDone},

	{"", event.NameDisconnectStarted, event.StageDone},
	{event.StageDone, event.NamePhoneDeregistered, event.StageDone},
	{event.StageDone, event.NameAppUnsubscribed, event.StageDone},
	{event.StageDone, event.NameIntegrationDisconnected, event.StageDone},

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

	// Of a connected restaurant: it is connected as it was.
	{"", event.NameOnboardingFailed, event.StageDone},
	{"", event.NameOnboardingCancelled, event.StageDone},
	{"", event.NameOnboardingExpired, event.StageDone},
}

// comesTo says what a decision makes of the run. InputRefused leaves it as it is,
// and after every other one it is in progress.
var comesTo = map[event.Name]event.Status{
	event.NameAwaitingWabaCreation:    event.StatusAwaiting,
	event.NameActionRequired:          event.StatusAction,
	event.NamePhoneCodeSent:           event.StatusAction,
	event.NameWabaReady:               event.StatusCompleted,
	event.NameOnboardingFailed:        event.StatusFailed,
	event.NameOnboardingCancelled:     event.StatusCancelled,
	event.NameOnboardingExpired:       event.StatusExpired,
	event.NameReauthorizationRequired: event.StatusReauth,
	event.NameIntegrationDisconnected: event.StatusDisconnected,
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
// An input that is newer than those before it is always decided upon, if only by
// [event.InputRefused]. An outcome must be of the effect that the state calls for,
// and a tick of its wait; else the error is an [*IllegalError] and nothing is to
// be recorded.
func Next(before State, happened Happened, now time.Time) (State, event.Event, error) {
	now = now.UTC().Round(0)
	s, decision := before.decide(happened, now)
	input, isInput := happened.(Input)
	if isInput && input.Seq > before.InputSeq && !legal(before.Stage, decision, s.Stage) {
		s, decision = before.clone(), refuse(input.Event.Name(), event.CodeNotPossibleNow)
	}
	if !legal(before.Stage, decision, s.Stage) {
		return before, nil, &IllegalError{Stage: before.Stage, Todo: before.Todo.Effect, Happened: describe(happened, decision)}
	}
	if isInput {
		s.InputSeq = input.Seq
	}
	if decision.Name() != event.NameInputRefused {
		s.Status = event.StatusInProgress
	}
	if status, ok := comesTo[decision.Name()]; ok {
		s.Status = status
	}
	if s.Failed != "" && decision.Name() != event.NameInputRefused {
		s.Status = event.StatusCompleted
	}
	s.Sequence++
	s.UpdatedAt = now
	s.ResumeAt = time.Time{}
	if s.Todo.Waits() {
		s.ResumeAt = s.Todo.Until
	}
	return s, decision, nil
}

// decide returns what follows; no decision when this cannot happen now.
func (s State) decide(happened Happened, now time.Time) (State, event.Event) {
	before := s.Todo
	s = s.clone()
	switch h := happened.(type) {
	case Input:
		if h.Seq > s.InputSeq {
			return s, s.input(h, now)
		}
	case Tick:
		if before.Waits() && h.Name == before.Tick && h.Number == before.Number {
			return s, s.tick(h, now)
		}
	case Outcome:
		if h.Effect == before.Effect && h.Effect != "" {
			return s, s.outcome(h.Bounded(), now)
		}
	}
	return s, nil
}

func legal(from event.Stage, decision event.Event, to event.Stage) bool {
	return decision != nil && slices.ContainsFunc(Rules, func(r Rule) bool {
		return r.Decision == decision.Name() && (r.From == "" || r.From == from) && (r.To == to || r.To == "" && to == from)
	})
}

func describe(happened Happened, decision event.Event) string {
	text := fmt.Sprintf("%T", happened)
	switch h := happened.(type) {
	case Input:
		text = fmt.Sprintf("%s %d", h.Event.Name(), h.Seq)
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
