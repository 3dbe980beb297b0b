package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// troubled returns the decision that an error of Meta leads to.
func (s *State) troubled(o Outcome, now time.Time) event.Event {
	v := verdict(o.Effect, o.Error)
	if o.Effect == LookForWaba && s.Stage == event.StageCreation && v.Do == NotYet {
		v = again // not a poll: without this look nothing else may be done
	}
	if o.Effect == CreateWaba && v.Do != WaitUntil && v.Do != Reauthorize && v.Do != Act {
		return s.creationFailed(v, o.Error, now)
	}
	switch v.Do {
	case Again:
		return s.again(o, v, now)
	case WaitUntil:
		return s.delay(v.Code, o.Error, s.limitOver(o.Error, now), now)
	case NotYet:
		return s.polled(o, o.Error, now)
	case Reauthorize:
		return s.reauthorize(o.Error)
	case Act:
		if v.Code == event.CodePhonePinMismatch {
			s.PinRefused = true
		}
		return s.act(v, o.Error, now)
	case Fail:
		return s.fail(v, o.Error)
	case LookFirst, NextOne:
	}
	return nil
}

// again tries the step later, while there is patience for it.
func (s *State) again(o Outcome, v Verdict, now time.Time) event.Event {
	patience, end := stepPatience, Verdict{Fail, v.Code, event.ActionRetry, event.ActorOperator}
	if o.Effect == ExchangeCode {
		patience, end = exchangePatience, restart(event.CodeExchangeUnavailable)
	}
	if s.StepSince.IsZero() {
		s.StepSince = now
	}
	s.Delays++
	at := s.backoff(now)
	if wait := retryAfter(o.Error); at.Before(now.Add(wait)) {
		at = now.Add(wait)
	}
	if at.After(s.StepSince.Add(patience)) {
		return s.fail(end, o.Error)
	}
	s.Delays-- // delay counts it
	return s.delay(v.Code, o.Error, at, now)
}

// delay puts the present effect off until a time.
func (s *State) delay(code event.Code, e *event.MetaError, until, now time.Time) event.Event {
	if s.StepSince.IsZero() {
		s.StepSince = now
	}
	step := s.Todo.Effect
	s.Delays++
	s.Error = s.problem(code, e)
	s.waitFor(event.NameStepTick, until)
	s.Todo.Then = step
	return event.StepDelayed{Step: string(step), Attempt: s.Delays, Code: code, Error: e, Until: until.UTC()}
}

// limitOver returns when a rate limit should be over.
func (s *State) limitOver(e *event.MetaError, now time.Time) time.Time {
	return now.Add(max(retryAfter(e), shortestLimit) + s.jitter(shortestLimit/4))
}

func retryAfter(e *event.MetaError) time.Duration {
	if e == nil {
		return 0
	}
	return time.Duration(e.RetryAfter) * time.Second
}

// backoff returns when a step that was put off Delays times is tried again.
func (s *State) backoff(now time.Time) time.Time {
	wait := shortestBackoff
	for range s.Delays - 1 {
		if wait = 2 * wait; wait >= longestBackoff {
			wait = longestBackoff
			break
		}
	}
	return now.Add(wait + s.jitter(wait/4))
}

// jitter spreads restaurants that were hit by the same trouble. It is the same
// for the same restaurant and decision, so that a history can be run again.
func (s *State) jitter(most time.Duration) time.Duration {
	hash := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(s.RestaurantID) {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	hash = (hash ^ s.Sequence) * 1099511628211
	return time.Duration(hash % uint64(max(most, 1)))
}

func (s *State) problem(code event.Code, e *event.MetaError) *event.Problem {
	problem := &event.Problem{Code: code, Meta: e}
	if e != nil {
		problem.Class = e.Class
		switch e.Class {
		case event.ClassTransient, event.ClassUnreachable, event.ClassUnanswered, event.ClassRateLimit:
			problem.Retryable = true
		case event.ClassAuthExpired, event.ClassPermission, event.ClassBlocked, event.ClassInvalid, event.ClassConflict, event.ClassNotFound:
		}
	}
	return problem
}

// fail ends the run.
func (s *State) fail(v Verdict, e *event.MetaError) event.Event {
	action := event.NextAction{Kind: v.Action, Actor: v.Actor}
	s.Status = event.StatusFailed
	s.Error = s.problem(v.Code, e)
	s.Error.Retryable = v.Action == event.ActionRetry
	s.NextAction = &action
	s.stop()
	return event.OnboardingFailed{Code: v.Code, Error: e, NextAction: action}
}

// reauthorize ends the run: its token is dead, and no call is made with it again.
func (s *State) reauthorize(e *event.MetaError) event.Event {
	s.Status = event.StatusReauth
	s.Error = s.problem(event.CodeTokenInvalid, e)
	s.NextAction = &event.NextAction{Kind: event.ActionReauthorize, Actor: event.ActorRestaurant}
	s.stop()
	return event.ReauthorizationRequired{Code: event.CodeTokenInvalid, Error: e}
}
