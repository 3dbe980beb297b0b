package httpapi

import (
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// What is told of a run's trouble is told in two places, in the answer to a command
// and in the status document. Both ask here, so that they never differ.

// nextActionOf returns who acts next in a run: whom it names itself; nobody, while it
// is in trouble and goes on by itself; nil where there is nothing to say.
func nextActionOf(s event.Snapshot) *event.NextAction {
	if s.NextAction != nil || s.Status != event.StatusInProgress || s.Error == nil {
		return s.NextAction
	}
	return &event.NextAction{Kind: event.ActionWait, Actor: event.ActorAutomatic, AvailableAt: s.ResumeAt}
}

// retryable says whether the same may help when it is tried again. The catalogue
// knows, by the code; but where all has to begin anew, the code is spent.
func retryable(code event.Code, action *event.NextAction) bool {
	return errcode.Explain(code).Retryable && (action == nil || action.Kind != event.ActionRestartSignup)
}
