package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// outcome returns the decision that the outcome of an effect leads to.
func (s *State) outcome(o Outcome, now time.Time) event.Event {
	if o.Effect == DestroyToken {
		return s.disconnected() // nobody is asked who could refuse
	}
	s.tried(o.Tries, now)
	if o.Error != nil {
		return s.troubled(o, now)
	}
	if o.Code != "" {
		return s.hindered(o, now)
	}
	switch o.Effect {
	case ExchangeCode, AdoptToken:
		return s.exchanged(o.Token)
	case CheckToken:
		return s.checked(o.Check, now)
	case Discover:
		return s.discovered(o, now)
	case CreateWaba:
		return s.created(o.Waba, now)
	case LookForWaba:
		return s.looked(o, now)
	case SubscribeApp:
		return s.subscribed(o, now)
	case ReadNumber:
		return s.numberRead(o.Number, now)
	case RegisterPhone:
		return s.registrationDone(o.Number, now)
	case AdoptPin:
		return s.pinStored(now)
	case SetPin:
		return s.pinSet(now)
	case RequestCode:
		return s.codeSent(now, nil)
	case VerifyCode:
		return s.verified(now, o.Number != nil)
	case ReadBack:
		return s.readBack(o, now)
	case DeregisterPhone, UnsubscribeApp:
		return s.undone(o, false)
	case Proceed:
		return s.proceed(now)
	case DestroyToken:
	}
	return nil
}

// proceed returns the decision that follows from the state alone.
func (s *State) proceed(now time.Time) event.Event {
	if s.Undo != nil {
		return s.startUndoing(now)
	}
	switch s.Stage {
	case event.StageCreation:
		return s.nextStrategy(now)
	case event.StagePolling:
		return s.await(event.CodeWabaNotVisible, now)
	case event.StageRegistration:
		return s.settleNumber(now)
	case event.StageOAuth, event.StageExchange, event.StageDiscovery, event.StageSubscription,
		event.StageVerification, event.StageFinalCheck, event.StageDone:
	}
	return nil
}

func (s *State) exchanged(token *Token) event.Event {
	if token == nil {
		return nil
	}
	s.progress(event.StageExchange)
	s.RedirectURI = ""
	s.CredentialRef, s.TokenType, s.TokenExpires = token.Ref, token.Type, token.ExpiresAt
	s.do(CheckToken)
	return event.TokenExchanged{CredentialRef: token.Ref, TokenType: token.Type, ExpiresAt: token.ExpiresAt}
}

func (s *State) checked(check *Check, now time.Time) event.Event {
	switch {
	case check == nil:
		return nil
	case !check.Ours:
		return s.fail(restart(event.CodeTokenAppMismatch), nil)
	case check.Valid && s.Policy.Edition >= ThirdEdition && slices.Contains(unsuitable, check.Type):
		return s.fail(restart(event.CodeTokenUnsuitable), nil)
	case !check.Valid, !check.ExpiresAt.IsZero() && !now.Before(check.ExpiresAt):
		return s.reauthorize(nil)
	}
	if missing := missingPermissions(check.Scopes); len(missing) > 0 {
		e := s.act(permission, nil, now)
		s.NextAction.Permissions = missing
		e.NextAction = *s.NextAction
		return e
	}
	s.progress(event.StageDiscovery)
	s.UserID = check.UserID
	if s.TokenExpires.IsZero() || !check.ExpiresAt.IsZero() {
		s.TokenExpires = check.ExpiresAt
	}
	s.GrantedWabas, s.GrantedBusinesses = check.Wabas, check.Businesses
	switch {
	case slices.Contains(s.Stops, event.StopDiscovery):
		s.restBefore(event.StopDiscovery, now)
	case s.Entry == event.StagePolling:
		s.startPolling(now)
	default:
		s.do(Discover)
	}
	return event.TokenChecked{UserID: check.UserID, Type: check.Type, Scopes: check.Scopes, ExpiresAt: check.ExpiresAt}
}

// unsuitable are the types of tokens that stand for no person and no business: of a
// page, or of an app. A type that is new is tried.
// Source: https://developers.facebook.com/docs/graph-api/reference/debug_token
var unsuitable = []string{"APP", "PAGE"}

// missingPermissions names what the flow needs and the token lacks. Since June
// 2026 Meta gives tokens that list whatsapp_business_manage_events in place of
// whatsapp_business_management and work all the same.
func missingPermissions(scopes []string) []string {
	var missing []string
	if !slices.Contains(scopes, "whatsapp_business_management") && !slices.Contains(scopes, "whatsapp_business_manage_events") {
		missing = append(missing, "whatsapp_business_management")
	}
	if !slices.Contains(scopes, "whatsapp_business_messaging") {
		missing = append(missing, "whatsapp_business_messaging")
	}
	return missing
}

func (s *State) discovered(o Outcome, now time.Time) event.Event {
	s.Searches++
	switch len(o.Found) {
	case 0:
		if s.renews() { // there is one, and no other is made beside it
			return s.fail(restart(event.CodeWabaNotGranted), nil)
		}
		s.progress(event.StageCreation)
		s.BusinessID = o.MakeIn
		if s.MadeIn != o.MakeIn {
			s.Made = "" // for another business: it will never show here
		}
		if s.Made != "" || s.anyResult(event.ResultCreated) {
			s.startPolling(now) // it was made: it only has to show
		} else {
			s.do(Proceed)
		}
		return event.WabaNotFound{BusinessID: o.MakeIn, Looks: o.Looks}
	case 1:
		account := o.Found[0]
		if s.misses(account) {
			return s.elsewhere()
		}
		s.found(account)
		return event.WabaDiscovered{WabaID: account.ID, BusinessID: account.Business, Strategy: account.Strategy, Looks: o.Looks}
	}
	return s.chooseWaba(o.Found, now)
}

// found takes the account that the run is about: the only one, proved by a call.
func (s *State) found(account Account) {
	s.progress(event.StageSubscription)
	s.WabaID, s.Strategy = account.ID, account.Strategy
	if made := s.madeBy(); made != "" && (s.Made == "" || s.Made == account.ID) {
		s.Strategy = made
	}
	if account.Business != "" {
		s.BusinessID = account.Business
	}
	s.Numbers = s.fewNumbers(account.Numbers)
	s.Polling.NextAt = time.Time{}
	s.Stops = nil // there is no stage left to stop before
	s.do(SubscribeApp)
}

// looked goes on after a look for an account that was, or may have been, made.
func (s *State) looked(o Outcome, now time.Time) event.Event {
	switch {
	case len(o.Found) > 1:
		return s.chooseWaba(o.Found, now)
	case s.Stage == event.StageCreation:
		return s.lookedAfterCreation(o, now)
	}
	return s.polled(o, now)
}

// anyResult says whether a strategy of this run ended so.
func (s *State) anyResult(result event.Result) bool {
	return slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Outcome == result })
}
