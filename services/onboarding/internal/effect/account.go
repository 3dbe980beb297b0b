package effect

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// create calls one strategy, once for each intent.
func (p *Performer) create(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	if stale {
		return machine.Outcome{Error: &event.MetaError{Operation: "create_waba", Class: event.ClassUnanswered}}, nil
	}
	strategy := s.Strategies[len(s.Strategies)-1].Strategy
	id, err := p.Graph.CreateAccount(call, token, strategy, s.BusinessID, p.Now())
	return machine.Outcome{Waba: id}, err
}

// look looks for an account that was, or may have been, made. One whose id is known
// is asked for itself, which no list can answer better.
func (p *Performer) look(ctx context.Context, s machine.State) (machine.Outcome, error) {
	if s.BusinessID == "" { // nothing was proved yet
		return p.discover(ctx, s)
	}
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	q := &search{graph: p.Graph, token: token}
	found := []machine.Account{{ID: s.Wanted(), Business: s.BusinessID, Strategy: event.StrategyBusiness}}
	if s.Wanted() == "" {
		if found, err = q.accountsOf(ctx, s.BusinessID, event.StrategyBusiness); err != nil {
			return machine.Outcome{Looks: q.looks}, err
		}
	}
	if found, err = q.prove(ctx, found); err == nil && len(found) == 0 && s.Stage == event.StageCreation {
		err = q.withheld // the next call would make an account beside one that could not be seen
	}
	return machine.Outcome{Looks: q.looks, Found: found}, err
}

// subscribe makes our app receive the account's webhooks. Twice is harmless.
func (p *Performer) subscribe(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{}, p.Graph.SubscribeApp(ctx, token, s.WabaID)
}

// register registers the number, with a PIN that is sealed before the call. A number
// of another restaurant is left alone. If an earlier call may have gone through, the number is read first.
func (p *Performer) register(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	claim, pin, err := p.Vault.ClaimWithPin(ctx, claimKey(s), vaultRun(s), p.Limit, s.PhoneNumberID, p.newPin)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.within(ctx, claim)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	if stale || s.Delays > 0 {
		phone, err := p.Graph.Phone(call, token, s.PhoneNumberID)
		if err != nil {
			return machine.Outcome{}, err
		}
		if phone.Connected() {
			seen := number(s.WabaID, phone)
			return machine.Outcome{Number: &seen}, nil
		}
	}
	return machine.Outcome{}, p.Graph.Register(call, token, s.PhoneNumberID, pin)
}

// readBack reads what was set up: the number, and our subscription. A number that did
// not have to be registered becomes the restaurant's here, or is another's.
func (p *Performer) readBack(ctx context.Context, s machine.State) (machine.Outcome, error) {
	if err := p.Vault.OwnNumber(ctx, s.PhoneNumberID, vaultRun(s)); err != nil {
		return machine.Outcome{}, err
	}
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	phone, err := p.Graph.Phone(ctx, token, s.PhoneNumberID)
	if err != nil {
		return machine.Outcome{}, err
	}
	seen := number(s.WabaID, phone)
	apps, err := p.Graph.SubscribedApps(ctx, token, s.WabaID)
	if err != nil {
		return machine.Outcome{}, err
	}
	subscribed := p.Graph.Subscribes(apps)
	return machine.Outcome{Number: &seen, Subscribed: &subscribed}, nil
}
