package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// LimitWaits says how a run waits while Meta limits. The zero value is for runs that
// started before there was any: their waits are spread over 15 s and use up their
// patience.
type LimitWaits struct {
	// Spread is the most by which restaurants that one limit has stopped come back
	// apart; a quarter of the wait where that is less.
	Spread time.Duration `json:"spread,omitempty"`
	// Patience is how long a step waits for limits, beside its patience with trouble.
	Patience time.Duration `json:"patience,omitempty"`
}

// UsualLimitWaits are for runs that start now: a limit of the app may last for days,
// and ten thousand restaurants may wait for its end.
var UsualLimitWaits = LimitWaits{Spread: 15 * time.Minute, Patience: restPatience}

// limitOver returns how long a rate limit should last.
func (s *State) limitOver(e *event.MetaError) time.Duration {
	wait := max(retryAfter(e), shortestLimit)
	return wait + s.jitter(max(min(wait/4, s.Policy.Limits.Spread), shortestLimit/4))
}

// keptBack says whether a limit that was known before has kept the call from being
// made: then it is no try, after which the next one comes later.
func (s *State) keptBack(e *event.MetaError) bool {
	return s.Policy.Limits.Patience > 0 && e != nil && e.Class == event.ClassRateLimit && e.HTTPStatus == 0
}

// standStill keeps a wait for a limit from using up the time of a strategy, of the
// polls, or the patience with the present step.
func (s *State) standStill(wait time.Duration) {
	if !s.WindowEnds.IsZero() {
		s.WindowEnds = s.WindowEnds.Add(wait)
	}
	if s.LimitedFor+wait > s.Policy.Limits.Patience {
		return
	}
	s.LimitedFor += wait
	if s.Stage == event.StagePolling {
		s.PollSince = s.PollSince.Add(wait)
	}
}

// failUntil ends the run. Where a limit is why, beginning anew before its end would
// meet it again: it says when that is worth trying.
func (s *State) failUntil(v Verdict, e *event.MetaError, now time.Time) event.Event {
	failed := s.fail(v, e)
	if wait := retryAfter(e); wait > 0 && e.Class == event.ClassRateLimit && s.Policy.Limits.Patience > 0 {
		s.NextAction.AvailableAt = now.Add(wait)
		failed.NextAction = *s.NextAction
	}
	return failed
}

// OfItself says whether the run goes on by itself after a rest, and nobody has asked
// for it: others come first.
func (s State) OfItself() bool { return !s.RestedSince.IsZero() }
