package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A rest waits for a person. It ends by request, and the run looks again by
// itself: after RetryAfter, then twice as long each time up to a day, for 30 days.

// await rests because no strategy made an account that shows.
func (s *State) await(code event.Code, now time.Time) event.Event {
	lookAt := s.rest(event.StatusAwaiting, now)
	s.RetryAt = now.Add(s.Policy.RetryAfter).UTC()
	s.Error = &event.Problem{Code: code, Retryable: true}
	if attempt := s.attempt(); attempt != nil {
		s.Error.Meta = attempt.Error
	}
	s.NextAction = &event.NextAction{
		Kind: event.ActionCreateWaba, Actor: event.ActorRestaurant,
		URL: s.Policy.ManualURL, AvailableAt: s.RetryAt,
	}
	return event.AwaitingWabaCreation{Code: code, RetryAt: s.RetryAt, LookAt: lookAt, Rests: s.Rests}
}

// act rests until somebody has acted.
func (s *State) act(v Verdict, e *event.MetaError, now time.Time) event.ActionRequired {
	lookAt := s.rest(event.StatusAction, now)
	s.RetryAt = now.UTC()
	action := event.NextAction{Kind: v.Action, Actor: v.Actor}
	if wait := retryAfter(e); wait > 0 { // before this a call would only make it longer
		s.RetryAt = now.Add(wait).UTC()
		action.AvailableAt = s.RetryAt
		if lookAt.Before(s.RetryAt) {
			lookAt = s.RetryAt
			s.Todo.Until = lookAt
		}
	}
	s.Error = s.problem(v.Code, e)
	s.NextAction = &action
	return event.ActionRequired{Code: v.Code, NextAction: action, Error: e, LookAt: lookAt, Rests: s.Rests}
}

// rest stops the run and arms its next look.
func (s *State) rest(status event.Status, now time.Time) (lookAt time.Time) {
	s.Status = status
	s.RestsBefore = ""
	s.Looks, s.Delays = 0, 0
	s.StepSince = time.Time{}
	if s.RestedSince.IsZero() {
		s.RestedSince = now.UTC()
	}
	wait := max(s.Policy.RetryAfter, time.Second)
	for range s.Rests {
		if wait = 2 * wait; wait >= longestLook {
			wait = longestLook
			break
		}
	}
	s.Rests++
	lookAt = now.Add(wait).UTC()
	if end := s.RestedSince.Add(restPatience); lookAt.After(end) {
		lookAt = end
	}
	s.waitFor(event.NameRetryTick, lookAt)
	return lookAt
}

// restBefore stops the run of a step endpoint until the next step is asked for.
func (s *State) restBefore(stop event.Stop, now time.Time) {
	s.RestsBefore = stop
	s.RestedSince = now.UTC()
	s.waitFor(event.NameRetryTick, now.Add(restPatience))
}

// tick returns the decision that the end of a wait leads to; nil when it is not
// the wait that the state is in.
func (s *State) tick(t Tick, now time.Time) event.Event {
	if !s.Todo.Waits() || t.Name != s.Todo.Tick || t.Number != s.Todo.Number {
		return nil
	}
	switch t.Name {
	case event.NamePollTick:
		s.do(LookForWaba)
		return event.PollDue{Attempt: s.Polling.Attempts + 1}
	case event.NameStepTick:
		return s.stepDue()
	case event.NameRetryTick:
		if !now.Before(s.RestedSince.Add(restPatience)) {
			return s.expire()
		}
		return s.lookAgain(event.NameRetryTick)
	}
	return nil
}

func (s *State) stepDue() event.Event {
	then := s.Todo.Then
	if s.Stage == event.StageCreation && then == CreateWaba {
		then = Proceed // the intent comes first, each time
	}
	s.do(then)
	return event.StepDue{Step: string(then), Attempt: s.Delays + 1}
}

func (s *State) expire() event.Event {
	since := s.RestedSince
	s.Status = event.StatusExpired
	s.Error = &event.Problem{Code: event.CodeExpired}
	s.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	s.RestsBefore = ""
	s.stop()
	return event.OnboardingExpired{RestedSince: since}
}

// lookAgain ends a rest: everything is read anew, from the token on. What Meta
// has definitely refused is asked for again only when a person wants it.
func (s *State) lookAgain(by event.Name) event.Event {
	since, rests := s.RestedSince, s.Rests
	s.progress(event.StageExchange)
	s.RestedSince, s.Rests = since, rests
	s.Entry = event.StageDiscovery
	s.WabaID, s.PhoneNumberID, s.DisplayPhoneNumber, s.Numbers = "", "", "", nil
	s.Polling = event.Polling{}
	if by != event.NameRetryTick && !s.anyResult(event.ResultCreated) {
		s.Strategies = nil
	}
	s.do(CheckToken)
	return event.OnboardingResumed{Stage: event.StageExchange, By: string(by)}
}
