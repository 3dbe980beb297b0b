package effect

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

// exchange turns the code into a token, which it seals before it reports it.
func (p *Performer) exchange(ctx context.Context, s machine.State) (machine.Outcome, error) {
	ref := credentialRef(s)
	stored, found, err := p.Vault.TokenByClaim(ctx, string(ref))
	if err != nil {
		return machine.Outcome{}, err
	}
	if found {
		return tokenOutcome(stored), nil
	}
	code, err := p.open(ctx, s, event.PurposeCode, s.SecretRef)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	if stale {
		return p.staleExchange(ctx, ref)
	}
	token, err := p.Graph.Exchange(call, code, s.RedirectURI)
	if err != nil {
		return machine.Outcome{}, err
	}
	credential := vault.Credential{
		Ref: ref, Restaurant: s.RestaurantID, ClaimKey: string(ref), Token: token.Access, Type: token.Type,
	}
	if token.ExpiresIn > 0 {
		credential.ExpiresAt = p.Now().Add(token.ExpiresIn).UTC().Truncate(time.Second)
	}
	if err := p.store(call, credential); err != nil {
		return machine.Outcome{}, err
	}
	return tokenOutcome(credential), nil
}

// store stores a token for which its code was spent. A database that hiccups is
// tried again while the claim lives: the code will not give another token.
func (p *Performer) store(ctx context.Context, credential vault.Credential) error {
	_, err := backoff.Retry(ctx, func() (event.CredentialRef, error) {
		return p.Vault.StoreToken(ctx, credential)
	}, backoff.WithMaxElapsedTime(p.Limit))
	return err
}

// staleExchange decides after an owner died with the claim: it may have stored
// the token just before; else the code may be spent, and is never sent again.
func (p *Performer) staleExchange(ctx context.Context, ref event.CredentialRef) (machine.Outcome, error) {
	stored, found, err := p.Vault.TokenByClaim(ctx, string(ref))
	if err != nil {
		return machine.Outcome{}, err
	}
	if found {
		return tokenOutcome(stored), nil
	}
	return machine.Outcome{Code: event.CodeExchangeUnanswered}, nil
}

// adopt stores a token that a caller brought.
func (p *Performer) adopt(ctx context.Context, s machine.State) (machine.Outcome, error) {
	ref := credentialRef(s)
	stored, found, err := p.Vault.TokenByClaim(ctx, string(ref))
	if err != nil {
		return machine.Outcome{}, err
	}
	if found {
		return tokenOutcome(stored), nil
	}
	token, err := p.open(ctx, s, event.PurposeToken, s.SecretRef)
	if err != nil {
		return machine.Outcome{}, err
	}
	credential := vault.Credential{Ref: ref, Restaurant: s.RestaurantID, ClaimKey: string(ref), Token: token, Type: "bearer"}
	if _, err := p.Vault.StoreToken(ctx, credential); err != nil {
		return machine.Outcome{}, err
	}
	return tokenOutcome(credential), nil
}

func tokenOutcome(c vault.Credential) machine.Outcome {
	return machine.Outcome{Token: &machine.Token{Ref: c.Ref, Type: c.Type, ExpiresAt: c.ExpiresAt}}
}

// check asks Meta what the token is.
func (p *Performer) check(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	found, err := p.Graph.Inspect(ctx, token)
	if err != nil {
		return machine.Outcome{}, err
	}
	return machine.Outcome{Check: &machine.Check{
		Ours:       !found.Valid && found.AppID == "" || string(found.AppID) == p.AppID,
		Valid:      found.Valid,
		Type:       found.Type,
		UserID:     found.UserID,
		Scopes:     found.Scopes,
		ExpiresAt:  found.ExpiresAt,
		Wabas:      found.WabaIDs,
		Businesses: found.BusinessIDs,
	}}, nil
}
