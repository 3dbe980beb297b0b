package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// startPolling begins to look for an account that should show, or rests before it.
func (s *State) startPolling(now time.Time) {
	s.progress(event.StagePolling)
	s.Polling = event.Polling{MaxAttempts: s.maxPolls()}
	if slices.Contains(s.Stops, event.StopPolling) {
		s.restBefore(event.StopPolling, now)
		return
	}
	s.PollSince = now
	s.MaxPolls = 0 // asked for once
	s.do(LookForWaba)
}

func (s *State) maxPolls() int {
	switch {
	case s.MaxPolls > 0:
		return s.MaxPolls
	case s.Policy.PollMaxAttempts > 0:
		return s.Policy.PollMaxAttempts
	}
	return 10
}

func (s *State) pollInterval() time.Duration {
	if s.Policy.PollInterval <= 0 {
		return 3 * time.Second
	}
	return s.Policy.PollInterval
}

// polled records one poll. The first is made at once, and each of the others an
// interval after the one before it. What keeps a poll from seeing anything makes
// it one that found nothing.
func (s *State) polled(o Outcome, now time.Time) event.Event {
	s.Polling.Attempts++
	decision := event.WabaPolled{Attempt: s.Polling.Attempts, MaxAttempts: s.Polling.MaxAttempts, Looks: o.Looks, Error: o.Error}
	if len(o.Found) == 1 {
		decision.Found, decision.WabaID = true, o.Found[0].ID
		s.found(o.Found[0])
		return decision
	}
	s.calm()
	s.Error = nil
	if o.Error != nil {
		s.Error = problem(event.CodeMetaUnavailable, o.Error)
	}
	at := now.Add(s.pollInterval())
	if s.Policy.Edition >= SecondEdition { // Meta may ask for more
		at = now.Add(max(s.pollInterval(), retryAfter(o.Error)))
	}
	late := s.Policy.PollTimeout > 0 && at.After(s.PollSince.Add(s.Policy.PollTimeout))
	if s.Polling.Attempts >= s.Polling.MaxAttempts || late {
		s.Polling.NextAt = time.Time{}
		s.do(Proceed)
		return decision
	}
	decision.NextAt, s.Polling.NextAt = at, at
	s.waitFor(event.NamePollTick, at)
	return decision
}
