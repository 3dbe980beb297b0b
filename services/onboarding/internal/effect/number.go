package effect

import (
	"context"
	"errors"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// subscribe makes our app receive the account's webhooks, unless it does already:
// asked for again, Meta would take an override of the callback away. Other apps are
// left alone.
func (p *Performer) subscribe(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	subscribed, err := p.subscription(ctx, token, s.WabaID)
	if err != nil || subscribed != event.ReadingNo {
		return machine.Outcome{Subscription: subscribed, Already: subscribed == event.ReadingYes}, err
	}
	if err := p.Graph.SubscribeApp(ctx, token, s.WabaID); err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{Subscription: event.ReadingYes}, nil
}

func (p *Performer) subscription(ctx context.Context, token seal.Secret, waba event.WabaID) (event.Reading, error) {
	apps, err := p.Graph.SubscribedApps(ctx, token, waba)
	if err != nil {
		return "", err
	}
	return p.Graph.Subscribes(apps), nil
}

// register registers the number, with a PIN that is sealed before the call. A number
// of another restaurant is left alone. If an earlier call may have gone through, the
// number is read first.
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
	var outcome machine.Outcome
	if stale {
		outcome.Tries++ // of whoever had the claim
	}
	if stale || s.Delays > 0 {
		seen, err := p.seen(call, token, s)
		if err != nil {
			return outcome, err
		}
		if seen.State != event.NumberUnregistered {
			outcome.Number = &seen
			return outcome, nil
		}
	}
	err = p.Graph.Register(call, token, s.PhoneNumberID, pin)
	if reached(err) {
		outcome.Tries++
	}
	return outcome, err
}

// reached says whether a call may have come to Meta, which counts those that it
// refuses too.
func reached(err error) bool {
	if refusal, ok := errors.AsType[*meta.Error](err); ok {
		return refusal.HTTPStatus != 0 || refusal.Class == event.ClassUnanswered
	}
	return err == nil
}

// seen reads the run's number.
func (p *Performer) seen(ctx context.Context, token seal.Secret, s machine.State) (machine.Number, error) {
	phone, err := p.Graph.Phone(ctx, token, s.PhoneNumberID)
	if err != nil {
		return machine.Number{}, err
	}
	return number(s.WabaID, phone), nil
}

// readNumber reads the number before anything is asked for it.
func (p *Performer) readNumber(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	seen, err := p.seen(ctx, token, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{Number: &seen}, nil
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
	seen, err := p.seen(ctx, token, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	subscribed, err := p.subscription(ctx, token, s.WabaID)
	if err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{Number: &seen, Subscription: subscribed}, nil
}
