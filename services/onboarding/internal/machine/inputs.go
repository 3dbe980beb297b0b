package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// input returns the decision that an input leads to: always one.
func (s *State) input(h Input, now time.Time) event.Event {
	if s.Undo != nil {
		return refuseWhileUndoing(h.Event.Name())
	}
	switch in := h.Event.(type) {
	case event.OAuthCodeReceived:
		return s.codeReceived(in, h.Policy, now)
	case event.DiscoveryRequested:
		return s.stepRequested(step{in.Name(), in.Authority, in.Claims, in.AllStops, 0}, h.Policy, now)
	case event.CreationRequested:
		return s.stepRequested(step{in.Name(), in.Authority, in.Claims, false, 0}, h.Policy, now)
	case event.PollingRequested:
		return s.stepRequested(step{in.Name(), in.Authority, in.Claims, true, in.MaxAttempts}, h.Policy, now)
	case event.RetryRequested:
		return s.retryRequested(h.Policy, now)
	case event.CancelRequested:
		return s.cancelRequested(in)
	case event.PhoneCodeRequested:
		return s.codeRequested(in, now)
	case event.PhoneCodeSubmitted:
		return s.codeSubmitted(in, now)
	case event.PinSubmitted:
		return s.pinSubmitted(in, now)
	case event.DisconnectRequested:
		return s.disconnectRequested(in, now)
	case event.MetaNotified:
		return s.noticed(in, now)
	case event.PhoneSelected:
		return s.phoneSelected(in)
	case event.WabaAttached:
		return refuse(h.Event.Name(), event.CodeNotPossibleNow)
	}
	return refuse(h.Event.Name(), event.CodeUnknownInput)
}

// refuse answers an input that changes nothing: what is to be done stays as it is.
func refuse(input event.Name, code event.Code) event.Event {
	return event.InputRefused{Input: input, Code: code}
}

func (s *State) codeReceived(in event.OAuthCodeReceived, policy Policy, now time.Time) event.Event {
	switch {
	case !s.idle():
		return refuse(in.Name(), event.CodeBusy)
	case in.CodeHash != "" && in.CodeHash == s.CodeHash: // it works once
		return refuse(in.Name(), event.CodeCodeUsed)
	case tooLong(in.Claims, in.RedirectURI, string(in.CodeRef), string(in.CodeHash)):
		return refuse(in.Name(), event.CodeUnprocessable)
	case s.anotherNumber(in.Claims, policy):
		return refuse(in.Name(), event.CodeNumberDiffers)
	}
	s.open(event.OriginCode, policy, now)
	s.CodeHash = in.CodeHash
	s.SecretRef, s.RedirectURI, s.Claims = in.CodeRef, in.RedirectURI, in.Claims
	s.renew()
	for _, stop := range []event.Stop{event.StopDiscovery, event.StopPolling} {
		if slices.Contains(in.Stops, stop) {
			s.Stops = append(s.Stops, stop)
		}
	}
	s.do(ExchangeCode)
	return event.OnboardingStarted{Run: s.Run, From: event.OriginCode}
}

// open starts a new run. Of the one before only this counts: an account that was
// made and has not shown yet is waited for, lest there be two. Meta counts the
// registrations of a number over all runs.
func (s *State) open(origin event.Origin, policy Policy, now time.Time) {
	fresh := Begin(s.RestaurantID)
	fresh.Run, fresh.Sequence, fresh.InputSeq = s.Run+1, s.Sequence, s.InputSeq
	fresh.Policy = policy
	fresh.Tries, fresh.Verification = s.Tries, s.Verification.limits()
	fresh.Stage = event.StageExchange
	fresh.Origin, fresh.Entry = origin, event.StageDiscovery
	fresh.CreatedAt = now
	if policy.Edition >= SecondEdition {
		fresh.Connection = s.connected()
	}
	if policy.Edition >= ThirdEdition && s.Status == event.StatusCompleted {
		fresh.Connection.Number, fresh.Connection.Warnings = s.Number, s.Warnings
	}
	if s.Status != event.StatusCompleted && s.Made != "" {
		fresh.Made, fresh.MadeIn = s.Made, s.MadeIn
	}
	*s = fresh
}

// step is a request of one of the step endpoints. Each lifts the stop before
// discovery.
type step struct {
	input     event.Name
	authority event.Authority
	claims    event.Claims
	allStops  bool // lifts the stop before polling too
	polls     int
}

// stepRequested lifts the stops of a run, or opens one. A run that is under way
// is joined: it will not stop for this.
func (s *State) stepRequested(r step, policy Policy, now time.Time) event.Event {
	polling := r.input == event.NamePollingRequested
	anew := !polling && s.untried(r.claims)
	switch ref := r.authority.CredentialRef; {
	case ref != "" && ref != s.CredentialRef:
		return refuse(r.input, event.CodeCredentialUnknown)
	case tooLong(r.claims, string(r.authority.TokenRef)):
		return refuse(r.input, event.CodeUnprocessable)
	case s.None() || s.Status.Ended():
		return s.openByStep(r, policy, now)
	case s.anotherNumber(r.claims, s.Policy):
		return refuse(r.input, event.CodeNumberDiffers)
	case s.Status == event.StatusAction, s.Status == event.StatusAwaiting && !polling && !anew:
		return refuse(r.input, event.CodeNotPossibleNow)
	case !anew && s.contradicts(r.claims):
		return refuse(r.input, event.CodeNotPossibleNow)
	}
	s.Stops = slices.DeleteFunc(s.Stops, func(stop event.Stop) bool { return stop == event.StopDiscovery || r.allStops })
	s.claim(r.claims)
	s.askPolls(r.polls)
	rests := s.RestsBefore
	switch {
	case anew:
		return s.lookAgain(r.input)
	case s.Status == event.StatusAwaiting, rests != "" && polling, rests == event.StopPolling && r.allStops:
		s.RestedSince = time.Time{}
		s.startPolling(now)
	case rests == event.StopDiscovery:
		s.RestedSince = time.Time{}
		s.RestsBefore = ""
		s.do(Discover)
	}
	return event.OnboardingResumed{Stage: s.Stage, By: string(r.input)}
}

// untried says whether the run waits for an account, or has waited in vain, that
// nobody was asked to make: polling came before its time, or no business was known
// and the claims name one. To ask for the account is no retry then.
func (s *State) untried(claims event.Claims) bool {
	waits := s.Status == event.StatusAwaiting || s.Stage == event.StagePolling
	tried := slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Outcome != event.ResultSkipped })
	possible := len(s.Strategies) == 0 || claims.BusinessID != ""
	return waits && !tried && possible && s.Made == "" && len(s.Policy.Strategies) > 0
}

// contradicts says whether claims name another business or account than the run
// has found: they can be neither followed nor passed over in silence.
func (s *State) contradicts(c event.Claims) bool {
	return c.BusinessID != "" && s.BusinessID != "" && c.BusinessID != s.BusinessID ||
		c.WabaID != "" && s.WabaID != "" && c.WabaID != s.WabaID
}

// claim takes ids that the caller brings; those that came before stay. When the
// account is found they come too late.
func (s *State) claim(c event.Claims) {
	if s.WabaID != "" {
		return
	}
	if c.WabaID != "" {
		s.Claims.WabaID, s.Chosen = c.WabaID, false
	}
	if c.BusinessID != "" {
		s.Claims.BusinessID = c.BusinessID
	}
	if c.PhoneNumberID != "" {
		s.Claims.PhoneNumberID = c.PhoneNumberID
	}
}

// askPolls takes how many polls a caller wants. Polls under way become more, but
// never fewer.
func (s *State) askPolls(polls int) {
	polls = min(polls, mostPolls)
	switch {
	case polls <= 0:
	case s.Stage == event.StagePolling && s.Status == event.StatusInProgress && s.RestsBefore == "":
		s.Polling.MaxAttempts = max(s.Polling.MaxAttempts, polls)
	default:
		s.MaxPolls = polls
	}
}

// openByStep opens a run with a token that the caller brings.
func (s *State) openByStep(r step, policy Policy, now time.Time) event.Event {
	switch {
	case r.authority.TokenRef == "":
		return refuse(r.input, event.CodeNotInProgress)
	case s.anotherNumber(r.claims, policy):
		return refuse(r.input, event.CodeNumberDiffers)
	}
	s.open(event.OriginToken, policy, now)
	s.SecretRef, s.Claims = r.authority.TokenRef, r.claims
	s.renew()
	if r.input == event.NamePollingRequested {
		s.Entry = event.StagePolling
	}
	if !r.allStops {
		s.Stops = []event.Stop{event.StopPolling}
	}
	s.askPolls(r.polls)
	s.do(AdoptToken)
	return event.OnboardingStarted{Run: s.Run, From: event.OriginToken}
}

func (s *State) retryRequested(policy Policy, now time.Time) event.Event {
	in := event.RetryRequested{}.Name()
	switch {
	case s.Status.Resting() && now.Before(s.RetryAt):
		return event.InputRefused{Input: in, Code: event.CodeTooEarly, AvailableAt: s.RetryAt}
	case s.Status.Resting():
		return s.lookAgain(in)
	case s.Status == event.StatusFailed && s.Error != nil && s.Error.Retryable && s.CredentialRef != "":
		return s.reopen(policy, now)
	case s.None() || s.Status.Ended():
		return refuse(in, event.CodeNotInProgress)
	}
	return refuse(in, event.CodeNotPossibleNow)
}

// reopen starts a run with the credential of the one before.
func (s *State) reopen(policy Policy, now time.Time) event.Event {
	before := *s
	s.open(event.OriginRetry, policy, now)
	s.CredentialRef, s.TokenType, s.TokenExpires = before.CredentialRef, before.TokenType, before.TokenExpires
	s.CodeHash, s.Claims, s.Chosen = before.CodeHash, before.Claims, before.Chosen
	s.do(CheckToken)
	return event.OnboardingStarted{Run: s.Run, From: event.OriginRetry}
}

func (s *State) cancelRequested(in event.CancelRequested) event.Event {
	if s.None() || s.Status.Ended() {
		return refuse(in.Name(), event.CodeNotInProgress)
	}
	s.RestsBefore = ""
	s.Error, s.NextAction = nil, &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	s.stop()
	s.standBy(event.CodeCancelled)
	return event.OnboardingCancelled{Reason: in.Reason, By: in.Principal}
}
