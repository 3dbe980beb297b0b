package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// troubled returns the decision that an error of Meta leads to.
func (s *State) troubled(o Outcome, now time.Time) event.Event {
	v := VerdictOf(s.Policy.Edition, o.Effect, o.Error)
	switch {
	case v.Do == NotYet && s.Stage == event.StageCreation:
		v = LookVerdict(s.Policy.Edition, o.Error) // not a poll: without this look nothing else may be done
	case o.Effect == CreateWaba && (v.Do == Again || v.Do == LookFirst || v.Do == NextOne):
		return s.creationFailed(v, o.Error, now)
	}
	if o.Effect == RegisterPhone && (v.Do == Again || v.Do == WaitUntil) {
		if free, spent := s.triesSpent(now); spent {
			v = limit(free.Sub(now))
		}
	}
	switch {
	case o.Effect == RequestCode && o.Error.Class == event.ClassUnanswered:
		return s.codeSent(now, o.Error)
	case (o.Effect == RequestCode || o.Effect == VerifyCode) && v.Do == Act:
		return s.unverifiedStill(o, v, now)
	}
	switch v.Do {
	case Again:
		return s.again(o, v, max(s.backoff(o.Effect), retryAfter(o.Error), v.Wait), now)
	case WaitUntil:
		wait := s.limitOver(o.Error)
		if !s.keptBack(o.Error) {
			wait = max(wait, s.backoff(o.Effect))
		}
		s.standStill(wait)
		return s.again(o, v, wait, now)
	case NotYet:
		return s.polled(o, now)
	case Reauthorize:
		return s.reauthorize(o.Error)
	case Act:
		if o.Effect == RegisterPhone {
			s.registrationRefused(v, o.Error, now)
			if v.Action == event.ActionVerifyNumber && s.Policy.Edition >= SecondEdition {
				return s.unproved(o.Error, now)
			}
		}
		return s.act(v, o.Error, now)
	case Fail:
		return s.failUntil(v, o.Error, now)
	case Leave:
		return s.leave(o, v)
	case Gone:
		return s.undone(o, true)
	case LookFirst, NextOne:
	}
	return nil
}

// hindered returns the decision that a reason of ours leads to.
func (s *State) hindered(o Outcome, now time.Time) event.Event {
	if o.Code == event.CodePhoneNotInWaba {
		return s.elsewhere()
	}
	switch v := verdictOfOurs(o.Effect, o.Code); v.Do {
	case Act:
		return s.act(v, nil, now)
	case Leave:
		return s.leave(o, v)
	case Gone:
		return s.undone(o, true)
	default:
		return s.fail(v, nil)
	}
}

// again tries the step later, while there is patience for it.
func (s *State) again(o Outcome, v Verdict, wait time.Duration, now time.Time) event.Event {
	since := s.StepSince
	if since.IsZero() {
		since = now
	}
	at := now.Add(wait)
	if v.Tries > 0 && s.Delays >= v.Tries {
		return s.act(refused, o.Error, now)
	}
	if !at.After(since.Add(paceOf(o.Effect).patience + s.LimitedFor)) {
		return s.delay(o.Effect, v.Code, o.Error, at, now)
	}
	if v, waits := outOfPatience[o.Effect]; waits {
		return s.act(v, o.Error, now)
	}
	switch o.Effect {
	case ExchangeCode:
		return s.fail(restart(event.CodeExchangeUnavailable), o.Error)
	case DeregisterPhone, UnsubscribeApp:
		return s.leave(o, v)
	default:
	}
	return s.fail(Verdict{Do: Fail, Code: v.Code, Action: event.ActionRetry, Actor: event.ActorOperator}, o.Error)
}

// delay puts a step off until a time.
func (s *State) delay(effect Effect, code event.Code, e *event.MetaError, until, now time.Time) event.Event {
	if s.StepSince.IsZero() {
		s.StepSince = now
	}
	if s.Delays == 0 || !s.keptBack(e) {
		s.Delays++
	}
	s.Error = problem(code, e)
	s.tryAt(until, effect)
	return event.StepDelayed{Step: string(effect), Attempt: s.Delays, Code: code, Error: e, Until: until}
}

func problem(code event.Code, e *event.MetaError) *event.Problem {
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
func (s *State) fail(v Verdict, e *event.MetaError) event.OnboardingFailed {
	action := event.NextAction{Kind: v.Action, Actor: v.Actor}
	s.Error = problem(v.Code, e)
	s.Error.Retryable = v.Action == event.ActionRetry
	s.NextAction = &action
	s.stop()
	s.standBy(v.Code)
	return event.OnboardingFailed{Code: v.Code, Error: e, NextAction: action}
}

// reauthorize ends the run: its token is dead, and no call is made with it again. That
// of a connection which stands is another one.
func (s *State) reauthorize(e *event.MetaError) event.Event {
	if s.renews() {
		return s.fail(Verdict{Do: Fail, Code: event.CodeTokenInvalid, Action: event.ActionReauthorize, Actor: event.ActorRestaurant}, e)
	}
	s.Error = problem(event.CodeTokenInvalid, e)
	s.NextAction = &event.NextAction{Kind: event.ActionReauthorize, Actor: event.ActorRestaurant}
	s.stop()
	return event.ReauthorizationRequired{Code: event.CodeTokenInvalid, Error: e}
}
