package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Registration is what Meta has answered to the registration of a number. It is
// not asked again in the same run before a person asks for it: ten calls in 72
// hours are all that a number has.
type Registration struct {
	Phone      event.PhoneNumberID `json:"phone,omitempty"`
	Unverified bool                `json:"unverified,omitempty"` // the number was, then
	Refused    *Verdict            `json:"refused,omitempty"`    // nil: it was registered
	Error      *event.MetaError    `json:"error,omitempty"`
}

// unregistered says whether a number has to be registered now.
func (s *State) unregistered(number Number) bool {
	answered := s.Registration.Phone == number.ID
	verifiedSince := s.Registration.Unverified && !number.Unverified
	return !number.Connected && !number.Managed && (!answered || verifiedSince)
}

// registrationRefused remembers a refusal, unless it ends by itself.
func (s *State) registrationRefused(v Verdict, e *event.MetaError) {
	if v.Action == event.ActionWait {
		return
	}
	s.Registration = Registration{Phone: s.PhoneNumberID, Refused: &v, Error: e}
	if number, settled := s.pickNumber(); settled {
		s.Registration.Unverified = number.Unverified
	}
}

// pickNumber returns the number that the run is about: the claimed one, or the
// only one. A claimed number that the account does not have is never replaced.
func (s *State) pickNumber() (Number, bool) {
	if i := s.claimedNumber(s.Numbers); i >= 0 {
		return s.Numbers[i], true
	}
	if len(s.Numbers) == 1 && s.Claims.PhoneNumberID == "" {
		return s.Numbers[0], true
	}
	return Number{}, false
}

// claimedNumber returns the place of the claimed number; -1 when it is not there.
func (s *State) claimedNumber(numbers []Number) int {
	return slices.IndexFunc(numbers, func(n Number) bool { return n.ID != "" && n.ID == s.Claims.PhoneNumberID })
}

// fewNumbers returns the numbers that are kept, the claimed one among them.
func (s *State) fewNumbers(numbers []Number) []Number {
	if i := s.claimedNumber(numbers); i >= 0 {
		return []Number{numbers[i]}
	}
	return few(numbers, manyIDs)
}

func (s *State) setNumber(number Number) {
	s.PhoneNumberID, s.DisplayPhoneNumber = number.ID, number.Display
	s.Numbers = []Number{number}
}

// settleNumber says why no number is registered now, or that none has to be.
func (s *State) settleNumber(now time.Time) event.Event {
	number, settled := s.pickNumber()
	refused := s.Registration.Refused
	switch {
	case settled && refused != nil && !number.Connected && !number.Managed:
		return s.act(*refused, s.Registration.Error, now)
	case settled:
		return s.registered(number.Connected || number.Managed)
	case s.Claims.PhoneNumberID != "":
		return s.fail(restart(event.CodePhoneNotInWaba), nil)
	case len(s.Numbers) == 0:
		return s.act(act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant), nil, now)
	}
	var choices []event.PhoneNumber
	for _, n := range s.Numbers {
		choices = append(choices, event.PhoneNumber{WabaID: n.WabaID, ID: n.ID, Display: n.Display})
	}
	return s.choose(act(event.CodePhoneChoice, event.ActionChooseNumber, event.ActorRestaurant), choices, now)
}

// registrationDone takes Meta's yes; seen is what was read instead of asking.
func (s *State) registrationDone(seen *Number) event.Event {
	s.Registration = Registration{Phone: s.PhoneNumberID}
	if seen != nil && seen.Display != "" {
		s.DisplayPhoneNumber = seen.Display
	}
	return s.registered(seen != nil && seen.Connected)
}

func (s *State) registered(already bool) event.Event {
	s.progress(event.StageFinalCheck)
	s.do(ReadBack)
	return event.PhoneRegistered{PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber, AlreadyConnected: already}
}
