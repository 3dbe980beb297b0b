package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// What is known of a number, and what that leads to.

// state returns what Meta's words came to. A build that knew only yes and no took
// what is not connected for unregistered.
func (n Number) state() event.NumberState {
	switch {
	case n.State != "":
		return n.State
	case n.Connected:
		return event.NumberConnected
	}
	return event.NumberUnregistered
}

func (n Number) connected() event.Reading {
	switch n.state() {
	case event.NumberConnected:
		return event.ReadingYes
	case event.NumberUnregistered, event.NumberRestricted, event.NumberBanned, event.NumberGone:
		return event.ReadingNo
	case event.NumberUnclear:
	}
	return event.ReadingUnknown // also a state of a newer build
}

// proved says whether it is certain that the owner has proved the number.
func (n Number) proved() bool {
	return n.Verified == event.ReadingYes || n.Verified == "" && !n.Unverified
}

// states says what a number needs that is neither connected nor to be registered.
var states = map[event.NumberState]Verdict{
	event.NumberRestricted: act(event.CodePhoneRestricted, event.ActionWait, event.ActorMeta),
	event.NumberBanned:     blocked,
	event.NumberGone:       act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant),
}

// names says what a number needs that is registered, and not connected for its name.
var names = map[string]Verdict{
	"PENDING_REVIEW": act(event.CodePhoneNameReview, event.ActionWait, event.ActorMeta),
	"DECLINED":       act(event.CodePhoneNameDeclined, event.ActionChangeName, event.ActorRestaurant),
	"EXPIRED":        act(event.CodePhoneNameDeclined, event.ActionChangeName, event.ActorRestaurant),
}

// hindrance returns why a number is not connected after all that we can do, where
// Meta's words say so.
func (s *State) hindrance(number Number) (Verdict, bool) {
	if v, known := states[number.state()]; known {
		return v, true
	}
	v, known := names[number.NameStatus]
	if known && number.state() == event.NumberUnregistered {
		s.Registration.NameStatus = number.NameStatus
		return v, true
	}
	return Verdict{}, false
}

// Try is a call that registers a number.
type Try struct {
	Phone event.PhoneNumberID `json:"phone"`
	At    time.Time           `json:"at"`
}

// tried counts calls that Meta may have counted.
func (s *State) tried(calls int, now time.Time) {
	if calls <= 0 || s.PhoneNumberID == "" {
		return
	}
	for range min(calls, registerTries) {
		s.Tries = append(s.Tries, Try{Phone: s.PhoneNumberID, At: now})
	}
	s.countTries(now)
}

// countTries forgets tries that count no more, and shows the others.
func (s *State) countTries(now time.Time) {
	s.Tries = slices.DeleteFunc(s.Tries, func(t Try) bool { return !now.Before(t.At.Add(registerWindow)) })
	s.Tries = s.Tries[max(0, len(s.Tries)-manyTries):]
	s.Number.Registrations = event.Registrations{}
	for _, t := range s.Tries {
		if t.Phone != s.PhoneNumberID {
			continue
		}
		if shown := &s.Number.Registrations; shown.Tries == 0 {
			shown.MaxTries, shown.FreeAt = registerTries, t.At.Add(registerWindow)
		}
		s.Number.Registrations.Tries++
	}
	if len(s.Tries) == 0 {
		s.Tries = nil
	}
}

// triesSpent says whether Meta would refuse another registration, and until when.
func (s *State) triesSpent(now time.Time) (until time.Time, spent bool) {
	s.countTries(now)
	tries := s.Number.Registrations
	return tries.FreeAt, tries.Tries >= registerTries
}
