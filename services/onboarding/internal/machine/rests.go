package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A rest waits for a person. It ends by request, and the run looks again by
// itself: after RetryAfter, then twice as long each time up to a day, for 30 days.

// await rests because no strategy made an account that shows.
func (s *State) await(code event.Code, now time.Time) event.Event {
	var last *event.MetaError
	if s.Error != nil {
		last = s.Error.Meta
	}
	retryAt := now.Add(s.Policy.RetryAfter)
	lookAt := s.rest(retryAt, now)
	s.Error = problem(code, last)
	s.Error.Retryable = true
	s.NextAction = &event.NextAction{
		Kind: event.ActionCreateWaba, Actor: event.ActorRestaurant,
		URL: s.Policy.ManualURL, AvailableAt: retryAt,
	}
	return event.AwaitingWabaCreation{Code: code, RetryAt: retryAt, LookAt: lookAt, Rests: s.Rests}
}

// act rests until somebody has acted. They may say so at once, but for what Meta
// has put off: before its time a call would only make it longer.
func (s *State) act(v Verdict, e *event.MetaError, now time.Time) event.ActionRequired {
	action := event.NextAction{Kind: v.Action, Actor: v.Actor}
	retryAt := now.Add(max(retryAfter(e), v.Wait))
	if retryAt.After(now) {
		action.AvailableAt = retryAt
	}
	lookAt := s.rest(retryAt, now)
	s.Error = problem(v.Code, e)
	s.NextAction = &action
	return event.ActionRequired{Code: v.Code, NextAction: action, Error: e, LookAt: lookAt, Rests: s.Rests}
}

// rest stops the run and returns when it looks again. A run that has come further
// since it rested last is waited for anew. The wait is as long as the rest so far,
// and RetryAfter: so it doubles.
func (s *State) rest(retryAt, now time.Time) (lookAt time.Time) {
	if s.RestedSince.IsZero() || slices.Index(Stages, s.Stage) > slices.Index(Stages, s.RestedAt) {
		s.RestedSince, s.RestedAt = now, s.Stage
	}
	s.calm()
	s.Looks = 0
	s.Rests++
	s.RetryAt = retryAt
	wait := min(now.Sub(s.RestedSince)+max(s.Policy.RetryAfter, time.Second), longestLook)
	if lookAt = now.Add(wait); lookAt.Before(retryAt) {
		lookAt = retryAt
	}
	if end := s.RestedSince.Add(restPatience); lookAt.After(end) {
		lookAt = end
	}
	s.waitFor(event.NameRetryTick, lookAt)
	return lookAt
}

// restBefore stops the run of a step endpoint until the next step is asked for.
func (s *State) restBefore(stop event.Stop, now time.Time) {
	s.RestsBefore = stop
	s.RestedSince = now
	s.waitFor(event.NameRetryTick, now.Add(restPatience))
}

// tick returns the decision that the end of the present wait leads to.
func (s *State) tick(t Tick, now time.Time) event.Event {
	switch t.Name {
	case event.NamePollTick:
		s.Polling.NextAt = time.Time{}
		s.do(LookForWaba)
		return event.PollDue{Attempt: s.Polling.Attempts + 1}
	case event.NameStepTick:
		return s.stepDue()
	case event.NameRetryTick:
		return s.restOver(now)
	default:
		return nil
	}
}

// restOver ends a rest, or the run. The tick counts even if our clock is behind
// the server's.
func (s *State) restOver(now time.Time) event.Event {
	end := s.RestedSince.Add(restPatience)
	if now.Before(end) && s.Todo.Until.Before(end) {
		return s.lookAgain(event.NameRetryTick)
	}
	return s.expire()
}

func (s *State) stepDue() event.Event {
	then := s.Todo.Then
	s.do(then)
	if then == CreateWaba {
		s.do(Proceed) // the intent comes first, each time
	}
	return event.StepDue{Step: string(then), Attempt: s.Delays + 1}
}

func (s *State) expire() event.Event {
	since := s.RestedSince
	s.Error = &event.Problem{Code: event.CodeExpired}
	s.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	s.RestsBefore = ""
	s.stop()
	s.standBy(event.CodeExpired)
	return event.OnboardingExpired{RestedSince: since}
}

// lookAgain ends a rest: everything is read anew, from the token on.
func (s *State) lookAgain(by event.Name) event.Event {
	s.progress(event.StageExchange)
	s.Entry = event.StageDiscovery
	s.WabaID, s.PhoneNumberID, s.DisplayPhoneNumber, s.Numbers = "", "", "", nil
	s.Polling = event.Polling{}
	s.forgive(by != event.NameRetryTick && by != event.NameMetaNotified)
	s.Strategy = s.madeBy()
	s.do(CheckToken)
	return event.OnboardingResumed{Stage: event.StageExchange, By: string(by)}
}

// forgive drops what failed before, so that it is tried again. What Meta has
// definitely refused is asked for again only when a person wants it, and an
// account that Meta says it has made is never made twice.
func (s *State) forgive(asked bool) {
	if asked {
		s.RestedSince = time.Time{}
		s.Registration = Registration{}
	}
	if s.madeBy() != "" {
		return
	}
	s.Strategies = slices.DeleteFunc(s.Strategies, func(a event.StrategyAttempt) bool {
		neverSent := a.Error != nil && a.Error.Class == event.ClassUnreachable
		return asked || a.Outcome != event.ResultRefused || neverSent
	})
}
