package machine

import (
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A run of a connected restaurant renews its connection: with the same number, in an
// account that is there. Until that is proved the connection before stands, token and
// all, and when the run comes to nothing the restaurant is connected as it was.

// renews says whether the present run renews a connection.
func (s *State) renews() bool {
	return s.Policy.Edition >= ThirdEdition && s.Connection != nil && s.Connection.PhoneNumberID != "" && s.Undo == nil && !s.Disconnecting
}

// anotherNumber says whether claims name another number than the one that the
// restaurant is connected with. policy is that of the run that they are for.
func (s *State) anotherNumber(claims event.Claims, policy Policy) bool {
	c := s.connected()
	return policy.Edition >= ThirdEdition && c != nil && c.PhoneNumberID != "" &&
		claims.PhoneNumberID != "" && claims.PhoneNumberID != c.PhoneNumberID
}

// renew claims the number of the connection for the run that has just opened.
func (s *State) renew() {
	if s.renews() {
		s.Claims.PhoneNumberID = s.Connection.PhoneNumberID
	}
}

// misses says whether the account does not have the claimed number. Runs of earlier
// editions found that out when the account was subscribed to.
func (s *State) misses(account Account) bool {
	return s.Policy.Edition >= ThirdEdition && s.Claims.PhoneNumberID != "" && s.claimedNumber(account.Numbers) < 0
}

// elsewhere ends the run because the claimed number is not in the account.
func (s *State) elsewhere() event.Event {
	if s.renews() {
		return s.fail(restart(event.CodeNumberDiffers), nil)
	}
	return s.fail(restart(event.CodePhoneNotInWaba), nil)
}

// standBy puts what the restaurant is connected with in the place of a run that has
// come to nothing, which the error and the next action still tell of.
func (s *State) standBy(code event.Code) {
	if !s.renews() {
		return
	}
	c := s.Connection
	s.Failed, s.Connection = code, nil
	s.Stage = event.StageDone
	s.WabaID, s.BusinessID, s.Strategy = c.WabaID, c.BusinessID, c.Strategy
	s.PhoneNumberID, s.DisplayPhoneNumber, s.Number = c.PhoneNumberID, c.DisplayPhoneNumber, c.Number
	s.CredentialRef, s.UserID, s.TokenType, s.TokenExpires = c.CredentialRef, c.UserID, c.TokenType, c.TokenExpires
	s.Warnings = slices.Clone(c.Warnings)
	s.Numbers, s.Registration, s.Strategies, s.Polling, s.Made, s.MadeIn = nil, Registration{}, nil, event.Polling{}, "", ""
	if s.Error != nil { // its token is given up
		e := *s.Error
		e.Retryable = false
		s.Error = &e
	}
	if s.NextAction != nil && s.NextAction.Kind == event.ActionRetry {
		s.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	}
}
