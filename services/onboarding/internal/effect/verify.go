package effect

import (
	"context"
	"errors"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// requestCode has Meta send its code, once for each request. Where Meta sends none,
// the number is read: it may be verified.
func (p *Performer) requestCode(ctx context.Context, s machine.State) (machine.Outcome, error) {
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
		return machine.Outcome{Error: &event.MetaError{Operation: string(errcode.OpRequestCode), Class: event.ClassUnanswered}}, nil
	}
	err = p.Graph.RequestCode(call, token, s.PhoneNumberID, s.Verification.Method, s.Verification.Language)
	var outcome machine.Outcome
	if refusal, ok := errors.AsType[*meta.Error](err); ok && definite(refusal.Class) {
		if seen, unread := p.seen(call, token, s); unread == nil {
			outcome.Number = &seen
		}
	}
	return outcome, err
}

// verifyCode gives Meta the code that somebody has typed. If an earlier call may have
// gone through, the number is read first.
func (p *Performer) verifyCode(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	code, err := p.open(ctx, s, event.PurposePhoneCode, s.Verification.CodeRef)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	if stale || s.Delays > 0 {
		seen, err := p.seen(call, token, s)
		if err != nil {
			return machine.Outcome{}, err
		}
		if seen.Verified == event.ReadingYes {
			return machine.Outcome{Number: &seen}, nil
		}
	}
	return machine.Outcome{}, p.Graph.VerifyCode(call, token, s.PhoneNumberID, code)
}

// adoptPin seals the PIN that came as the number's.
func (p *Performer) adoptPin(ctx context.Context, s machine.State) (machine.Outcome, error) {
	pin, err := p.open(ctx, s, event.PurposePin, s.Pin.Ref)
	if err != nil {
		return machine.Outcome{}, err
	}
	if !meta.IsPin(pin) {
		return machine.Outcome{Code: event.CodeUnprocessable}, nil
	}
	return machine.Outcome{}, p.Vault.ReplacePin(ctx, s.RestaurantID, s.PhoneNumberID, pin)
}

// setPin has Meta take the stored PIN in place of one that nobody knows. A number of
// another restaurant is left alone.
func (p *Performer) setPin(ctx context.Context, s machine.State) (machine.Outcome, error) {
	if err := p.Vault.OwnNumber(ctx, s.PhoneNumberID, vaultRun(s)); err != nil {
		return machine.Outcome{}, err
	}
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	pin, err := p.Vault.Pin(ctx, s.RestaurantID, s.PhoneNumberID, p.newPin)
	if err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{}, p.Graph.SetPin(ctx, token, s.PhoneNumberID, pin)
}
