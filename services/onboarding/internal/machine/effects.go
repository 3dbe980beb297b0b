package machine

import (
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// outcome returns the decision that the outcome of an effect leads to.
func (s *State) outcome(o Outcome, now time.Time) event.Event {
	if o.Error != nil {
		return s.troubled(o, now)
	}
	if o.Code != "" {
		return s.fail(restart(o.Code), nil)
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
		if s.Stage == event.StageCreation {
			return s.lookedAfterCreation(o, now)
		}
		return s.polled(o, nil, now)
	case SubscribeApp:
		return s.subscribed()
	case RegisterPhone:
		return s.registered(o.Number)
	case ReadBack:
		return s.readBack(o, now)
	case Proceed:
		return s.proceed(now)
	}
	return nil
}

// proceed returns the decision that follows from the state alone.
func (s *State) proceed(now time.Time) event.Event {
	switch s.Stage {
	case event.StageCreation:
		return s.nextStrategy(now)
	case event.StagePolling:
		return s.await(event.CodeWabaNotVisible, now)
	case event.StageDiscovery:
		return s.chooseWaba(now)
	case event.StageRegistration:
		return s.chooseNumber(now)
	case event.StageOAuth, event.StageExchange, event.StageSubscription,
		event.StageVerification, event.StageFinalCheck, event.StageDone:
	}
	return nil
}

// progress forgets the trouble of the step before.
func (s *State) progress(stage event.Stage) {
	s.Stage = stage
	s.Status = event.StatusInProgress
	s.Error, s.NextAction = nil, nil
	s.Delays, s.Looks = 0, 0
	s.StepSince, s.RetryAt = time.Time{}, time.Time{}
}

func (s *State) exchanged(token *Token) event.Event {
	if token == nil {
		return nil
	}
	s.progress(event.StageExchange)
	s.CredentialRef, s.TokenType, s.TokenExpires = token.Ref, token.Type, token.ExpiresAt
	s.do(CheckToken)
	return event.TokenExchanged{CredentialRef: token.Ref, TokenType: token.Type, ExpiresAt: token.ExpiresAt}
}

func (s *State) checked(check *Check, now time.Time) event.Event {
	switch {
	case check == nil:
		return nil
	case !check.Ours:
		return s.fail(Verdict{Fail, event.CodeTokenAppMismatch, event.ActionRestartSignup, event.ActorRestaurant}, nil)
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
	s.GrantedWabas = firstFew(check.Wabas)
	s.GrantedBusinesses = firstFew(check.Businesses)
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
	if len(o.Found) == 0 {
		s.progress(event.StageCreation)
		s.BusinessID = o.MakeIn
		if s.Made != "" || s.anyResult(event.ResultCreated) {
			s.startPolling(now) // it was made: it only has to show
		} else {
			s.do(Proceed)
		}
		return event.WabaNotFound{BusinessID: o.MakeIn, Looks: o.Looks}
	}
	account, settled := s.settle(o.Found)
	if !settled {
		s.Numbers = nil
		for _, a := range o.Found[:min(len(o.Found), manyNumbers)] {
			s.Numbers = append(s.Numbers, Number{WabaID: a.ID})
		}
		return s.chooseWaba(now)
	}
	s.found(account, account.Strategy)
	return event.WabaDiscovered{WabaID: account.ID, BusinessID: account.Business, Strategy: account.Strategy, Looks: o.Looks}
}

// settle picks the account that the run is about: the claimed one, the one that
// was made, or the only one.
func (s *State) settle(found []Account) (Account, bool) {
	for _, id := range []event.WabaID{s.Claims.WabaID, s.Made} {
		if i := slices.IndexFunc(found, func(a Account) bool { return a.ID == id }); i >= 0 {
			return found[i], true
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return Account{}, false
}

// found takes an account that a call has proved.
func (s *State) found(account Account, strategy event.Strategy) {
	s.progress(event.StageSubscription)
	s.WabaID, s.Strategy = account.ID, strategy
	if account.Business != "" {
		s.BusinessID = account.Business
	}
	s.Numbers = account.Numbers[:min(len(account.Numbers), manyNumbers)]
	s.Polling.NextAt = time.Time{}
	s.do(SubscribeApp)
}

func (s *State) subscribed() event.Event {
	s.progress(event.StageRegistration)
	number, settled := s.pickNumber()
	switch {
	case !settled:
		s.do(Proceed)
	case number.Connected || number.Managed || s.PinRefused:
		s.setNumber(number)
		s.do(Proceed)
	default:
		s.setNumber(number)
		s.do(RegisterPhone)
	}
	return event.AppSubscribed{WabaID: s.WabaID}
}

// pickNumber returns the number that the run is about: the claimed one, or the
// only one. A claimed number that the account does not have is never replaced.
func (s *State) pickNumber() (Number, bool) {
	if claimed := s.Claims.PhoneNumberID; claimed != "" {
		i := slices.IndexFunc(s.Numbers, func(n Number) bool { return n.ID == claimed })
		if i < 0 {
			return Number{}, false
		}
		return s.Numbers[i], true
	}
	if len(s.Numbers) == 1 {
		return s.Numbers[0], true
	}
	return Number{}, false
}

func (s *State) setNumber(number Number) {
	s.PhoneNumberID, s.DisplayPhoneNumber = number.ID, number.Display
	s.Numbers = []Number{number}
}

// chooseNumber says why no number is registered now, or that none has to be.
func (s *State) chooseNumber(now time.Time) event.Event {
	number, settled := s.pickNumber()
	switch {
	case settled && (number.Connected || number.Managed):
		return s.registered(&number)
	case settled && s.PinRefused:
		return s.act(verdictsByCode[metaCode{RegisterPhone, 133005, 0}], nil, now)
	case s.Claims.PhoneNumberID != "":
		return s.fail(Verdict{Fail, event.CodePhoneNotInWaba, event.ActionRestartSignup, event.ActorRestaurant}, nil)
	case len(s.Numbers) == 0:
		return s.act(Verdict{Act, event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant}, nil, now)
	}
	e := s.act(Verdict{Act, event.CodePhoneChoice, event.ActionChooseNumber, event.ActorRestaurant}, nil, now)
	return s.withChoices(e)
}

func (s *State) chooseWaba(now time.Time) event.Event {
	e := s.act(Verdict{Act, event.CodeWabaChoice, event.ActionChooseWaba, event.ActorRestaurant}, nil, now)
	return s.withChoices(e)
}

func (s *State) withChoices(e event.ActionRequired) event.Event {
	for _, n := range s.Numbers {
		s.NextAction.Choices = append(s.NextAction.Choices, event.PhoneNumber{WabaID: n.WabaID, ID: n.ID, Display: n.Display})
	}
	e.NextAction = *s.NextAction
	return e
}

func (s *State) registered(number *Number) event.Event {
	already := false
	if number != nil && number.ID == s.PhoneNumberID {
		already = number.Connected || number.Managed
		if number.Display != "" {
			s.DisplayPhoneNumber = number.Display
		}
	}
	s.progress(event.StageFinalCheck)
	s.do(ReadBack)
	return event.PhoneRegistered{PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber, AlreadyConnected: already}
}

// readBack is the only way to WabaReady: Meta says that the number is connected
// and that our app is subscribed.
func (s *State) readBack(o Outcome, now time.Time) event.Event {
	connected := o.Number != nil && o.Number.Connected
	subscribed := o.Subscribed != nil && *o.Subscribed
	if connected && subscribed {
		if o.Number.Display != "" {
			s.DisplayPhoneNumber = o.Number.Display
		}
		s.progress(event.StageDone)
		s.Status = event.StatusCompleted
		s.Numbers = nil
		s.stop()
		return event.WabaReady{
			RestaurantID: s.RestaurantID, IntegrationID: s.IntegrationID, Run: s.Run,
			WabaID: s.WabaID, BusinessID: s.BusinessID,
			PhoneNumberID: s.PhoneNumberID, DisplayPhoneNumber: s.DisplayPhoneNumber,
			Strategy: s.Strategy, CredentialRef: s.CredentialRef, Warnings: s.Warnings, ReadyAt: now.UTC(),
		}
	}
	missing := Verdict{Act, event.CodePhoneNotConnected, event.ActionWait, event.ActorMeta}
	if !subscribed {
		missing = Verdict{Act, event.CodeAppNotSubscribed, event.ActionContactSupport, event.ActorOperator}
	}
	s.Looks++
	if s.Looks >= readBacks {
		return s.act(missing, nil, now)
	}
	return s.delay(missing.Code, nil, now.Add(s.pollInterval()), now)
}

func (s *State) pollInterval() time.Duration {
	if s.Policy.PollInterval <= 0 {
		return 3 * time.Second
	}
	return s.Policy.PollInterval
}

// anyResult says whether a strategy of this run ended so.
func (s *State) anyResult(result event.Result) bool {
	return slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Outcome == result })
}

// firstFew keeps lists of ids small, and in one order.
func firstFew[ID ~string](ids []ID) []ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b ID) int { return strings.Compare(string(a), string(b)) })
	ids = slices.Compact(ids)
	return ids[:min(len(ids), manyNumbers)]
}
