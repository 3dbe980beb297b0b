package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Where several accounts or numbers may be meant, none is taken: the restaurant
// chooses. Its choice becomes a claim like any other, which is proved with the run's
// token before it is used.

// chooseWaba rests until one of several accounts is chosen, by itself or by one of
// its numbers.
func (s *State) chooseWaba(found []Account, now time.Time) event.Event {
	var choices []event.PhoneNumber
	for _, account := range found {
		if len(account.Numbers) == 0 {
			choices = append(choices, event.PhoneNumber{WabaID: account.ID, WabaName: account.Name})
		}
		for _, n := range account.Numbers {
			choices = append(choices, event.PhoneNumber{WabaID: account.ID, WabaName: account.Name, ID: n.ID, Display: n.Display})
		}
	}
	return s.choose(act(event.CodeWabaChoice, event.ActionChooseWaba, event.ActorRestaurant), choices, now)
}

func (s *State) choose(v Verdict, choices []event.PhoneNumber, now time.Time) event.Event {
	e := s.act(v, nil, now)
	s.NextAction.Choices = choices
	e.NextAction = *s.NextAction
	return e
}

// phoneSelected goes on with one of the choices that the run rests with: with the
// token that it has, from which everything is read anew.
func (s *State) phoneSelected(in event.PhoneSelected) event.Event {
	switch {
	case s.None() || s.Status.Ended():
		return refuse(in.Name(), event.CodeNotInProgress)
	case s.Status != event.StatusAction || s.NextAction == nil || len(s.NextAction.Choices) == 0:
		return refuse(in.Name(), event.CodeNotPossibleNow)
	}
	i := slices.IndexFunc(s.NextAction.Choices, func(offered event.PhoneNumber) bool {
		return (in.WabaID == "" || in.WabaID == offered.WabaID) && (in.PhoneNumberID == "" || in.PhoneNumberID == offered.ID)
	})
	numberless := in.PhoneNumberID == "" && (in.WabaID == "" || s.NextAction.Kind == event.ActionChooseNumber)
	if i < 0 || numberless {
		return refuse(in.Name(), event.CodeChoiceUnknown)
	}
	s.Claims.WabaID, s.Chosen = s.NextAction.Choices[i].WabaID, true
	if s.Claims.WabaID == "" { // a number of the account that the run has
		s.Claims.WabaID = s.WabaID
	}
	if in.PhoneNumberID != "" {
		s.Claims.PhoneNumberID = in.PhoneNumberID
	}
	return s.lookAgain(in.Name())
}
