package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A number whose PIN is not known is never guessed at: its owner gives the PIN, or
// allows that another is set.

// PinGiven is a PIN that came, until it is sealed.
type PinGiven struct {
	Ref     event.SecretRef `json:"ref,omitempty"`
	SetAnew bool            `json:"set_anew,omitempty"` // with the owner's consent
}

// awaits says whether the run waits for somebody to do one of these things with its
// number.
func (s *State) awaits(actions ...event.ActionKind) bool {
	return s.Status == event.StatusAction && s.NextAction != nil && slices.Contains(actions, s.NextAction.Kind) &&
		s.PhoneNumberID != "" && len(s.Numbers) == 1
}

func (s *State) pinSubmitted(in event.PinSubmitted, now time.Time) event.Event {
	switch {
	case !s.awaits(event.ActionProvidePin):
		return refuse(in.Name(), event.CodeNotPossibleNow)
	case len(in.PinRef) > longRequest:
		return refuse(in.Name(), event.CodeUnprocessable)
	case now.Before(s.NextAction.AvailableAt):
		return event.InputRefused{Input: in.Name(), Code: event.CodeTooEarly, AvailableAt: s.NextAction.AvailableAt}
	}
	s.progress(event.StageRegistration)
	s.RestedSince = time.Time{}
	s.Registration = Registration{}
	s.Pin = PinGiven{Ref: in.PinRef, SetAnew: in.SetAnew}
	s.do(AdoptPin)
	return event.OnboardingResumed{Stage: s.Stage, By: string(in.Name())}
}

// pinStored goes on with the PIN that is the number's by now.
func (s *State) pinStored(now time.Time) event.Event {
	decision := event.PhonePinStored{PhoneNumberID: s.PhoneNumberID, SetAnew: s.Pin.SetAnew}
	s.calm()
	s.Pin = PinGiven{}
	if decision.SetAnew {
		s.do(SetPin)
	} else {
		s.goOnWithNumber(now)
	}
	return decision
}

func (s *State) pinSet(now time.Time) event.Event {
	s.calm()
	s.Error = nil
	s.goOnWithNumber(now)
	return event.PhonePinSet{PhoneNumberID: s.PhoneNumberID}
}
