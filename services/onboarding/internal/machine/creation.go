package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// An account cannot be unmade. So each call is preceded by its intent, a call
// that may have gone through by a look, and an account that Meta says it has made
// is waited for: no other is asked for in the same run.

// nextStrategy asks for the next creation strategy, goes on with the present
// one while it is open, or says that none worked.
func (s *State) nextStrategy(now time.Time) event.Event {
	if attempt := s.attempt(); attempt != nil && attempt.Outcome == "" {
		return s.request(attempt, now)
	}
	for _, strategy := range s.Policy.Strategies {
		if slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Strategy == strategy }) {
			continue
		}
		if s.BusinessID == "" { // all four are made inside a business
			s.Strategies = append(s.Strategies, event.StrategyAttempt{Strategy: strategy, Outcome: event.ResultSkipped})
			continue
		}
		s.Strategies = append(s.Strategies, event.StrategyAttempt{Strategy: strategy, StartedAt: now})
		s.calm()
		s.Calls, s.WindowEnds = 0, time.Time{}
		return s.request(s.attempt(), now)
	}
	if s.anyResult(event.ResultUnknown) { // it may have been made, and show late
		s.startPolling(now)
		return event.PollDue{Attempt: 1}
	}
	return s.await(event.CodeWabaNotCreated, now)
}

// attempt returns the latest strategy, or nil.
func (s *State) attempt() *event.StrategyAttempt {
	if len(s.Strategies) == 0 {
		return nil
	}
	return &s.Strategies[len(s.Strategies)-1]
}

// madeBy returns the strategy that made an account in this run.
func (s *State) madeBy() event.Strategy {
	for _, a := range s.Strategies {
		if a.Outcome == event.ResultCreated {
			return a.Strategy
		}
	}
	return ""
}

func (s *State) request(attempt *event.StrategyAttempt, now time.Time) event.Event {
	if s.WindowEnds.IsZero() {
		s.WindowEnds = now.Add(s.Policy.StrategyTimeout)
	}
	s.Calls++
	s.do(CreateWaba)
	return event.WabaCreationRequested{Strategy: attempt.Strategy, BusinessID: s.BusinessID, Attempt: s.Calls}
}

// created takes an account that Meta says it has made. It is not known before a
// look has shown it.
func (s *State) created(id event.WabaID, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	decision := event.WabaCreationAttempted{Strategy: attempt.Strategy, Outcome: event.ResultCreated, Attempt: s.Calls, WabaID: id}
	s.endStrategy(event.ResultCreated, nil, now)
	s.Made, s.MadeIn, s.Strategy = id, s.BusinessID, attempt.Strategy
	s.startPolling(now)
	return decision
}

// creationFailed ends a call of a strategy that Meta refused, or that may have
// gone through unanswered.
func (s *State) creationFailed(v Verdict, e *event.MetaError, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	decision := event.WabaCreationAttempted{Strategy: attempt.Strategy, Outcome: event.ResultRefused, Attempt: s.Calls, Error: e}
	s.Error = problem(v.Code, e)
	attempt.Error = e
	at := now.Add(s.backoff(CreateWaba))
	switch {
	case v.Do == LookFirst:
		decision.Outcome, decision.RetryAt = event.ResultUnknown, at
		s.tryAt(at, LookForWaba)
		s.Delays++
	case v.Do == Again && at.Before(s.WindowEnds): // it was never sent
		decision.RetryAt = at
		s.tryAt(at, CreateWaba)
		s.Delays++
	default:
		s.endStrategy(event.ResultRefused, e, now)
	}
	return decision
}

// endStrategy closes the present strategy; the next one follows.
func (s *State) endStrategy(result event.Result, e *event.MetaError, now time.Time) {
	attempt := s.attempt()
	attempt.Outcome, attempt.Error, attempt.EndedAt = result, e, now
	s.do(Proceed)
}

// lookedAfterCreation decides after a look at what a call has left that may have
// gone through. After an error of Meta one look is enough to call again. An answer
// that never came may come true late: it is looked for as long as the strategy's
// time allows, and the call is made again only at the end of it.
func (s *State) lookedAfterCreation(o Outcome, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	decision := event.WabaCreationChecked{Strategy: attempt.Strategy, Looks: o.Looks}
	if len(o.Found) == 1 {
		decision.WabaID = o.Found[0].ID
		s.endStrategy(event.ResultCreated, nil, now)
		s.found(o.Found[0])
		return decision
	}
	unanswered := attempt.Error != nil && attempt.Error.Class == event.ClassUnanswered
	at := now.Add(s.backoff(CreateWaba))
	switch {
	case unanswered && at.Before(s.WindowEnds):
		s.tryAt(at, LookForWaba)
		s.Delays++
	case now.Before(s.WindowEnds):
		s.do(Proceed) // the same strategy: its outcome is open
	default:
		s.endStrategy(event.ResultUnknown, attempt.Error, now)
	}
	return decision
}
