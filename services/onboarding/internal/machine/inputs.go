package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// input returns the decision that an input leads to: always one.
func (s *State) input(h Input, now time.Time) event.Event {
	switch in := h.Event.(type) {
	case event.OAuthCodeReceived:
		return s.codeReceived(in, h.Policy, now)
	case event.DiscoveryRequested:
		stops := []event.Stop{event.StopDiscovery}
		if in.AllStops {
			stops = append(stops, event.StopPolling)
		}
		return s.stepRequested(step{input: in.Name(), authority: in.Authority, claims: in.Claims, lifts: stops, entry: event.StageDiscovery, policy: h.Policy}, now)
	case event.CreationRequested:
		return s.stepRequested(step{input: in.Name(), authority: in.Authority, claims: in.Claims, lifts: []event.Stop{event.StopDiscovery}, entry: event.StageDiscovery, policy: h.Policy}, now)
	case event.PollingRequested:
		return s.stepRequested(step{input: in.Name(), authority: in.Authority, claims: in.Claims, lifts: []event.Stop{event.StopDiscovery, event.StopPolling}, entry: event.StagePolling, attempts: in.MaxAttempts, policy: h.Policy}, now)
	case event.RetryRequested:
		return s.retryRequested(h.Policy, now)
	case event.CancelRequested:
		return s.cancelRequested(in)
	case event.DisconnectRequested, event.WabaAttached, event.PhoneSelected, event.PhoneCodeRequested,
		event.PhoneCodeSubmitted, event.PinSubmitted, event.MetaNotified:
		return refuse(h.Event.Name(), event.CodeNotPossibleNow)
	}
	return refuse(h.Event.Name(), event.CodeUnknownInput)
}

// refuse answers an input that changes nothing: what is to be done stays as it is.
func refuse(input event.Name, code event.Code) event.Event {
	return event.InputRefused{Input: input, Code: code}
}

func (s *State) codeReceived(in event.OAuthCodeReceived, policy Policy, now time.Time) event.Event {
	if !s.idle() {
		return refuse(in.Name(), event.CodeBusy)
	}
	s.open(event.OriginCode, policy, now)
	s.CodeHash = in.CodeHash
	s.SecretRef, s.RedirectURI = in.CodeRef, in.RedirectURI
	s.Claims, s.Stops = in.Claims, in.Stops
	s.do(ExchangeCode)
	return event.OnboardingStarted{Run: s.Run, From: event.OriginCode}
}

// open starts a new run: nothing of the one before counts any more.
func (s *State) open(origin event.Origin, policy Policy, now time.Time) {
	fresh := Begin(s.RestaurantID)
	fresh.Run, fresh.Sequence, fresh.InputSeq = s.Run+1, s.Sequence, s.InputSeq
	fresh.Policy = policy
	fresh.Status, fresh.Stage = event.StatusInProgress, event.StageExchange
	fresh.Origin, fresh.Entry = origin, event.StageDiscovery
	fresh.CreatedAt = now.UTC()
	*s = fresh
}

// step is a request of one of the step endpoints.
type step struct {
	input     event.Name
	authority event.Authority
	claims    event.Claims
	lifts     []event.Stop
	entry     event.Stage
	attempts  int
	policy    Policy
}

func (s *State) stepRequested(r step, now time.Time) event.Event {
	if ref := r.authority.CredentialRef; ref != "" && ref != s.CredentialRef {
		return refuse(r.input, event.CodeCredentialUnknown)
	}
	if s.None() || s.Status.Ended() {
		return s.openByStep(r, now)
	}
	if s.Status.Resting() && r.entry != event.StagePolling {
		return refuse(r.input, event.CodeNotPossibleNow)
	}
	s.Stops = slices.DeleteFunc(s.Stops, func(stop event.Stop) bool { return slices.Contains(r.lifts, stop) })
	s.claim(r.claims)
	if r.attempts > 0 {
		s.Polling.MaxAttempts, s.Polling.Attempts = r.attempts, 0
	}
	resumed := event.OnboardingResumed{Stage: s.Stage, By: string(r.input)}
	rests := s.RestsBefore
	switch {
	case s.CredentialRef == "":
		return resumed // the exchange comes first; the run will not stop for this
	case s.Status.Resting(), rests != "" && r.entry == event.StagePolling:
		s.RestsBefore = ""
		s.progress(event.StagePolling)
		s.startPolling(now)
	case rests != "" && slices.Contains(r.lifts, rests):
		s.RestsBefore = ""
		if rests == event.StopPolling {
			s.startPolling(now)
		} else {
			s.do(Discover)
		}
	}
	resumed.Stage = s.Stage
	return resumed
}

// claim takes ids that the caller brings; those that came before stay.
func (s *State) claim(c event.Claims) {
	if c.WabaID != "" {
		s.Claims.WabaID = c.WabaID
	}
	if c.BusinessID != "" {
		s.Claims.BusinessID = c.BusinessID
	}
	if c.PhoneNumberID != "" {
		s.Claims.PhoneNumberID = c.PhoneNumberID
	}
}

// openByStep opens a run with a token that the caller brings.
func (s *State) openByStep(r step, now time.Time) event.Event {
	if r.authority.TokenRef == "" {
		return refuse(r.input, event.CodeNotInProgress)
	}
	s.open(event.OriginToken, r.policy, now)
	s.SecretRef, s.Claims, s.Entry = r.authority.TokenRef, r.claims, r.entry
	if !slices.Contains(r.lifts, event.StopPolling) {
		s.Stops = []event.Stop{event.StopPolling}
	}
	s.Polling.MaxAttempts = r.attempts
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
	s.CodeHash, s.Claims = before.CodeHash, before.Claims
	s.Made = before.Made
	s.do(CheckToken)
	return event.OnboardingStarted{Run: s.Run, From: event.OriginRetry}
}

func (s *State) cancelRequested(in event.CancelRequested) event.Event {
	if s.None() || s.Status.Ended() {
		return refuse(in.Name(), event.CodeNotInProgress)
	}
	s.Status = event.StatusCancelled
	s.RestsBefore = ""
	s.Error, s.NextAction = nil, &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	s.stop()
	return event.OnboardingCancelled{Reason: in.Reason, By: in.Principal}
}
