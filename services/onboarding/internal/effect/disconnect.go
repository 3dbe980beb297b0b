package effect

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// deregister takes the number off the Cloud API, after it was looked at: one that is
// not registered, or that is not ours alone, is left alone. A number that is another
// restaurant's by now is [vault.ErrNumberTaken].
func (p *Performer) deregister(ctx context.Context, s machine.State) (machine.Outcome, error) {
	id := s.Undo.Phone
	if err := p.Vault.OwnNumber(ctx, id, vaultRun(s)); err != nil {
		return machine.Outcome{}, err
	}
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, _, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	phone, err := p.Graph.Phone(call, token, id)
	if err != nil {
		return machine.Outcome{}, err
	}
	if seen := number(s.WabaID, phone); seen.Managed || phone.Unregistered() {
		return machine.Outcome{Number: &seen}, nil
	}
	return machine.Outcome{}, p.Graph.Deregister(call, token, id)
}

// unsubscribe stops Meta from sending us the account's webhooks, unless another
// restaurant has a number there. That is asked of Meta, which numbers there are, and
// of the vault, whose they are.
//
// A restaurant owns its number before it reads its subscription back. So if one comes
// in between, it is seen by the second look, and subscribed again; if it comes later,
// it sees itself that it is not subscribed.
func (p *Performer) unsubscribe(ctx context.Context, s machine.State) (machine.Outcome, error) {
	waba := s.Undo.WabaID
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	phones, err := p.Graph.PhoneNumbers(call, token, waba)
	if err != nil {
		return machine.Outcome{}, err
	}
	numbers := make([]event.PhoneNumberID, 0, len(phones))
	for _, phone := range phones {
		numbers = append(numbers, phone.ID)
	}
	shared, err := p.Vault.OwnedByOthers(ctx, numbers, s.RestaurantID)
	mayBeOff := stale || s.Delays > 0
	if err == nil && !shared {
		if err := p.Graph.UnsubscribeApp(call, token, waba); err != nil {
			return machine.Outcome{}, err
		}
		mayBeOff = true
		shared, err = p.Vault.OwnedByOthers(ctx, numbers, s.RestaurantID)
	}
	if err != nil {
		return machine.Outcome{}, err
	}
	if shared && mayBeOff {
		err = p.Graph.SubscribeApp(call, token, waba)
	}
	return machine.Outcome{Subscribed: &shared}, err
}

// destroyToken destroys every token that the restaurant has had until now, and gives
// up its numbers.
func (p *Performer) destroyToken(ctx context.Context, s machine.State) (machine.Outcome, error) {
	if s.CredentialRef != "" {
		if err := p.Vault.Destroy(ctx, s.CredentialRef, s.RestaurantID); err != nil {
			return machine.Outcome{}, err
		}
	}
	if err := p.Vault.DestroyAll(ctx, vaultRun(s)); err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{}, p.Vault.ReleaseAllNumbers(ctx, vaultRun(s))
}
