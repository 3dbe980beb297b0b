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
	Unverified bool                `json:"unverified,omitempty"`  // the number was not certainly verified, then
	NameStatus string              `json:"name_status,omitempty"` // for which it was not connected afterwards
	Refused    *Verdict            `json:"refused,omitempty"`     // nil: it was registered
	Error      *event.MetaError    `json:"error,omitempty"`
	Until      time.Time           `json:"until,omitzero"` // Meta has put another try off
}

// answeredFor says whether Meta's answer to a registration still holds for a number:
// it has not been verified since, nor has its name been approved, after which Meta
// wants it registered again.
func (r Registration) answeredFor(number Number) bool {
	verifiedSince := r.Unverified && number.proved()
	_, hindered := names[number.NameStatus]
	approvedSince := r.NameStatus != "" && !hindered
	return r.Phone == number.ID && !verifiedSince && !approvedSince
}

// unregistered says whether a number has to be registered now.
func (s *State) unregistered(number Number) bool {
	return number.state() == event.NumberUnregistered && !number.Managed && number.Verified != event.ReadingNo && !s.Registration.answeredFor(number)
}

// registrationRefused remembers a refusal, unless it ends by itself.
func (s *State) registrationRefused(v Verdict, e *event.MetaError, now time.Time) {
	if v.Action == event.ActionWait {
		return
	}
	s.Registration = Registration{Phone: s.PhoneNumberID, Refused: &v, Error: e}
	if number, settled := s.pickNumber(); settled {
		s.Registration.Unverified = !number.proved()
	}
	if wait := max(retryAfter(e), v.Wait); wait > 0 && s.Policy.Edition >= SecondEdition {
		s.Registration.Until = now.Add(wait)
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

func (s *State) setNumber(number Number, now time.Time) {
	if s.Verification.Phone != "" && s.Verification.Phone != number.ID {
		s.Verification, s.Number.Code = Verification{}, event.PhoneCode{}
	}
	s.PhoneNumberID, s.DisplayPhoneNumber = number.ID, number.Display
	s.Numbers = []Number{number}
	s.countTries(now)
}

// goOnWithNumber does what the number needs next, as far as it is certain.
func (s *State) goOnWithNumber(now time.Time) {
	number, settled := s.pickNumber()
	_, spent := s.triesSpent(now)
	if settled && s.unregistered(number) && !spent {
		s.do(RegisterPhone)
	} else {
		s.do(Proceed)
	}
}

// settleNumber says why no number is registered now, or that none has to be.
func (s *State) settleNumber(now time.Time) event.Event {
	number, settled := s.pickNumber()
	if settled {
		return s.settled(number, now)
	}
	switch {
	case s.Claims.PhoneNumberID != "":
		return s.elsewhere()
	case len(s.Numbers) == 0:
		return s.act(act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant), nil, now)
	}
	var choices []event.PhoneNumber
	for _, n := range s.Numbers {
		choices = append(choices, event.PhoneNumber{WabaID: n.WabaID, ID: n.ID, Display: n.Display})
	}
	return s.choose(act(event.CodePhoneChoice, event.ActionChooseNumber, event.ActorRestaurant), choices, now)
}

// settled says what becomes of the one number, which is not registered now.
func (s *State) settled(number Number, now time.Time) event.Event {
	answered, refused := s.Registration.answeredFor(number), s.Registration.Refused
	connected := number.state() == event.NumberConnected
	v, hindered := states[number.state()]
	free, spent := s.triesSpent(now)
	switch {
	case connected || number.Managed:
		return s.registered(true)
	case answered && refused != nil:
		return s.refusedStill(now)
	case answered:
		return s.registered(false)
	case hindered:
		return s.act(v, nil, now)
	case number.connected() == event.ReadingUnknown:
		return s.lookOnce(ReadNumber, unclear, now)
	case number.Verified == event.ReadingNo:
		return s.unproved(nil, now)
	case spent:
		return s.act(limit(free.Sub(now)), nil, now)
	}
	s.do(RegisterPhone) // a try is free again by now
	return s.checkedNumber(number)
}

// refusedStill rests for the reason for which Meta has refused the registration.
func (s *State) refusedStill(now time.Time) event.Event {
	v, e, until := *s.Registration.Refused, s.Registration.Error, s.Registration.Until
	if !until.IsZero() { // it is not put off anew at each look
		v.Wait, e = max(0, until.Sub(now)), withoutWait(e)
	}
	if v.Action == event.ActionVerifyNumber && s.Policy.Edition >= SecondEdition {
		return s.unproved(e, now)
	}
	return s.act(v, e, now)
}

// numberRead goes on with what was read of the number.
func (s *State) numberRead(seen *Number, now time.Time) event.Event {
	if seen == nil || seen.ID != s.PhoneNumberID {
		return s.lookOnce(ReadNumber, unclear, now)
	}
	s.setNumber(*seen, now)
	if seen.connected() == event.ReadingUnknown {
		return s.lookOnce(ReadNumber, unclear, now)
	}
	s.calm()
	s.Error = nil
	s.goOnWithNumber(now)
	return s.checkedNumber(*seen)
}

func (s *State) checkedNumber(number Number) event.Event {
	return event.PhoneChecked{PhoneNumberID: number.ID, State: number.state(), Verified: number.Verified, NameStatus: number.NameStatus}
}

// registrationDone takes Meta's yes; seen is what was read instead of asking.
func (s *State) registrationDone(seen *Number, now time.Time) event.Event {
	if seen != nil && seen.State != "" && seen.State != event.NumberConnected {
		return s.numberRead(seen, now)
	}
	s.Registration = Registration{Phone: s.PhoneNumberID}
	if seen != nil && seen.Display != "" {
		s.DisplayPhoneNumber = seen.Display
	}
	return s.registered(seen != nil && seen.state() == event.NumberConnected)
}

func (s *State) registered(already bool) event.Event {
	s.progress(event.StageFinalCheck)
	s.do(ReadBack)
	return event.PhoneRegistered{PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber, AlreadyConnected: already}
}
