package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// nextStrategy asks for the next creation strategy, goes on with the present
// one while its time lasts, or says that none worked.
func (s *State) nextStrategy(now time.Time) event.Event {
	if attempt := s.attempt(); attempt != nil && attempt.Outcome == "" {
		return s.request(attempt, now)
	}
	for _, strategy := range s.Policy.Strategies {
		tried := slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Strategy == strategy })
		if tried {
			continue
		}
		if s.BusinessID == "" { // all four are made inside a business
			break
		}
		s.Strategies = append(s.Strategies, event.StrategyAttempt{Strategy: strategy, StartedAt: now.UTC()})
		s.Delays, s.StepSince = 0, now
		return s.request(s.attempt(), now)
	}
	if s.anyResult(event.ResultUnknown) || s.anyResult(event.ResultCreated) {
		return s.pollNow(now)
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

func (s *State) request(attempt *event.StrategyAttempt, _ time.Time) event.Event {
	s.do(CreateWaba)
	return event.WabaCreationRequested{Strategy: attempt.Strategy, BusinessID: s.BusinessID, Attempt: s.Delays + 1}
}

// created takes an account that Meta says it has made. It is not known before a
// look has shown it.
func (s *State) created(id event.WabaID, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	number := s.Delays + 1
	attempt.Outcome, attempt.Error, attempt.EndedAt = event.ResultCreated, nil, now.UTC()
	s.Made, s.Strategy = id, attempt.Strategy
	s.startPolling(now)
	return event.WabaCreationAttempted{Strategy: attempt.Strategy, Outcome: event.ResultCreated, Attempt: number, WabaID: id}
}

// creationFailed ends a call of a strategy that Meta refused, or that may have
// gone through unanswered.
func (s *State) creationFailed(v Verdict, e *event.MetaError, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	decision := event.WabaCreationAttempted{Strategy: attempt.Strategy, Attempt: s.Delays + 1, Error: e}
	s.Error = s.problem(v.Code, e)
	attempt.Error = e
	switch v.Do {
	case LookFirst:
		decision.Outcome = event.ResultUnknown
		s.Delays++
		decision.RetryAt = s.backoff(now)
		s.waitFor(event.NameStepTick, decision.RetryAt)
		s.Todo.Then = LookForWaba
	case Again: // it was never sent
		decision.Outcome = event.ResultRefused
		s.Delays++
		if at := s.backoff(now); s.windowOpen(attempt, at) {
			decision.RetryAt = at
			s.waitFor(event.NameStepTick, at)
			s.Todo.Then = CreateWaba
			break
		}
		s.endStrategy(attempt, event.ResultRefused, now)
	default:
		decision.Outcome = event.ResultRefused
		s.endStrategy(attempt, event.ResultRefused, now)
	}
	return decision
}

func (s *State) endStrategy(attempt *event.StrategyAttempt, result event.Result, now time.Time) {
	attempt.Outcome, attempt.EndedAt = result, now.UTC()
	s.do(Proceed)
}

// windowOpen says whether a strategy may be tried again at a time.
func (s *State) windowOpen(attempt *event.StrategyAttempt, at time.Time) bool {
	return at.Before(attempt.StartedAt.Add(s.Policy.StrategyTimeout))
}

// lookedAfterCreation decides after a look at what an unanswered call has left.
func (s *State) lookedAfterCreation(o Outcome, now time.Time) event.Event {
	attempt := s.attempt()
	if attempt == nil {
		return nil
	}
	decision := event.WabaCreationChecked{Strategy: attempt.Strategy, Looks: o.Looks}
	if account, ok := s.settle(o.Found); ok {
		attempt.Outcome, attempt.EndedAt = event.ResultCreated, now.UTC()
		decision.WabaID = account.ID
		s.found(account, attempt.Strategy)
		return decision
	}
	if s.windowOpen(attempt, now) {
		s.do(Proceed) // the same strategy again: its outcome is still open
		return decision
	}
	s.endStrategy(attempt, event.ResultUnknown, now)
	return decision
}

// startPolling begins to look for an account that should show, or rests before it.
func (s *State) startPolling(now time.Time) {
	s.progress(event.StagePolling)
	s.Polling = event.Polling{MaxAttempts: s.maxAttempts()}
	s.PollSince = now
	if slices.Contains(s.Stops, event.StopPolling) {
		s.restBefore(event.StopPolling, now)
		return
	}
	s.do(LookForWaba)
}

func (s *State) maxAttempts() int {
	if s.Polling.MaxAttempts > 0 && s.Polling.Attempts == 0 {
		return s.Polling.MaxAttempts // asked for
	}
	if s.Policy.PollMaxAttempts > 0 {
		return s.Policy.PollMaxAttempts
	}
	return 10
}

// pollNow goes from creation to polling, because something may have been made.
func (s *State) pollNow(now time.Time) event.Event {
	s.startPolling(now)
	return event.PollDue{Attempt: 1}
}

// polled records one poll. trouble is what kept it from seeing anything.
func (s *State) polled(o Outcome, trouble *event.MetaError, now time.Time) event.Event {
	s.Polling.Attempts++
	decision := event.WabaPolled{Attempt: s.Polling.Attempts, MaxAttempts: s.Polling.MaxAttempts, Looks: o.Looks, Error: trouble}
	if account, ok := s.settle(o.Found); ok {
		strategy := s.Strategy
		if strategy == "" {
			strategy = account.Strategy
		}
		decision.Found, decision.WabaID = true, account.ID
		s.found(account, strategy)
		return decision
	}
	at := now.Add(s.pollInterval())
	if trouble != nil {
		s.Error = s.problem(event.CodeMetaUnavailable, trouble)
	}
	late := s.Policy.PollTimeout > 0 && at.After(s.PollSince.Add(s.Policy.PollTimeout))
	if s.Polling.Attempts >= s.Polling.MaxAttempts || late {
		s.Polling.NextAt = time.Time{}
		s.do(Proceed)
		return decision
	}
	decision.NextAt, s.Polling.NextAt = at.UTC(), at.UTC()
	s.waitFor(event.NamePollTick, at)
	return decision
}
