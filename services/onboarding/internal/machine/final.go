package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// unclear rests because Meta's words say neither yes nor no, however often it is asked.
var unclear = act(event.CodeMetaUnclear, event.ActionContactSupport, event.ActorOperator)

// subscription returns whether our app receives the account's webhooks.
func (o Outcome) subscription() event.Reading {
	switch {
	case o.Subscription != "":
		return o.Subscription
	case o.Subscribed == nil:
		return event.ReadingUnknown
	case *o.Subscribed:
		return event.ReadingYes
	}
	return event.ReadingNo
}

// subscribed goes on to the number. That our app is subscribed is read back in the
// end; here it counts that nothing was asked of Meta that may have been there.
func (s *State) subscribed(o Outcome, now time.Time) event.Event {
	if o.Subscription == event.ReadingUnknown {
		return s.lookOnce(SubscribeApp, unclear, now)
	}
	s.progress(event.StageRegistration)
	if number, settled := s.pickNumber(); settled {
		s.setNumber(number, now)
	}
	s.goOnWithNumber(now)
	return event.AppSubscribed{WabaID: s.WabaID, Already: o.Already}
}

// lookOnce looks again a poll interval later, or rests when that was done often
// enough.
func (s *State) lookOnce(effect Effect, missing Verdict, now time.Time) event.Event {
	s.Looks++
	if s.Looks >= readBacks {
		return s.act(missing, nil, now)
	}
	return s.delay(effect, missing.Code, nil, now.Add(s.pollInterval()), now)
}

// readBack is the only way to WabaReady: Meta says that the number is connected
// and that our app is subscribed.
func (s *State) readBack(o Outcome, now time.Time) event.Event {
	var number Number
	if o.Number != nil {
		number = *o.Number
	}
	connected, subscribed := number.connected(), o.subscription()
	if connected == event.ReadingYes && subscribed == event.ReadingYes {
		return s.ready(number, now)
	}
	if v, known := s.hindrance(number); known {
		return s.act(v, nil, now)
	}
	missing := unclear
	switch {
	case subscribed == event.ReadingNo:
		missing = act(event.CodeAppNotSubscribed, event.ActionContactSupport, event.ActorOperator)
	case connected == event.ReadingNo:
		missing = act(event.CodePhoneNotConnected, event.ActionWait, event.ActorMeta)
	}
	return s.lookOnce(ReadBack, missing, now)
}

// nameWarnings says what to know of a name with which the number works all the same.
var nameWarnings = map[string]event.Warning{
	"PENDING_REVIEW": event.WarningNameInReview,
	"DECLINED":       event.WarningNameDeclined,
	"EXPIRED":        event.WarningNameDeclined,
}

// warnings returns what a restaurant that is connected with the number should know.
func (n Number) warnings() []event.Warning {
	var warnings []event.Warning
	if warning, known := nameWarnings[n.NameStatus]; known {
		warnings = append(warnings, warning)
	}
	if n.Sandbox {
		warnings = append(warnings, event.WarningSandbox)
	}
	return warnings
}

func (s *State) ready(number Number, now time.Time) event.Event {
	if number.Display != "" {
		s.DisplayPhoneNumber = number.Display
	}
	s.progress(event.StageDone)
	s.Numbers, s.Registration, s.Connection = nil, Registration{}, nil
	s.Warnings = number.warnings()
	s.Verification, s.Number.Code = s.Verification.limits(), event.PhoneCode{}
	s.stop()
	return event.WabaReady{
		RestaurantID: s.RestaurantID, IntegrationID: s.IntegrationID, Run: s.Run,
		WabaID: s.WabaID, BusinessID: s.BusinessID,
		PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber,
		Strategy: s.Strategy, CredentialRef: s.CredentialRef, Warnings: s.Warnings, ReadyAt: now,
	}
}
