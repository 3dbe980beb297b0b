package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// pinRef names the row of a number's PIN. It follows from the number, so that two
// who make a PIN at once make one row, and it outlives the tokens: a number that
// is connected again has the PIN that it had.
func pinRef(restaurant event.RestaurantID, phone event.PhoneNumberID) event.CredentialRef {
	return event.CredentialRef("pin-" + event.DeriveID("pin", string(restaurant), string(phone)))
}

// Pin returns the PIN of a restaurant's number: the one that is stored, or a new
// one from generate that is stored before it is returned. A number has one PIN
// until [Vault.ReplacePin], whoever asks and however often. generate may be called in vain.
func (v *Vault) Pin(ctx context.Context, restaurant event.RestaurantID, phone event.PhoneNumberID, generate func() (seal.Secret, error)) (seal.Secret, error) {
	return v.pin(ctx, v.db.DB, restaurant, phone, generate)
}

// ClaimWithPin claims a registration, as [Vault.Claim] does, makes the number the
// restaurant's, as [Vault.OwnNumber] does, and returns the number's PIN, as
// [Vault.Pin] does, in one transaction: without the number there is no claim, and
// without the claim no PIN.
func (v *Vault) ClaimWithPin(
	ctx context.Context, key string, run Run, life time.Duration,
	phone event.PhoneNumberID, generate func() (seal.Secret, error),
) (claim Claim, pin seal.Secret, err error) {
	err = v.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := v.own(ctx, tx.Tx, phone, run); err != nil {
			return err
		}
		if claim, err = v.claim(ctx, tx.Tx, key, run.Restaurant, life); err != nil || claim.Held == Busy {
			return err
		}
		pin, err = v.pin(ctx, tx.Tx, run.Restaurant, phone, generate)
		return err
	})
	if err != nil {
		return Claim{}, seal.Secret{}, err
	}
	return claim, pin, nil
}

// ReplacePin makes a PIN the one that a restaurant's number has from now on. Doing it
// again changes nothing.
func (v *Vault) ReplacePin(ctx context.Context, restaurant event.RestaurantID, phone event.PhoneNumberID, pin seal.Secret) error {
	_, err := v.pin(ctx, v.db.DB, restaurant, phone, func() (seal.Secret, error) { return pin, nil })
	if err != nil {
		return err
	}
	ref := pinRef(restaurant, phone)
	wrapped, text, err := v.sealed(ctx, v.db.DB, restaurant, pinColumn, ref, pin)
	if err != nil {
		return err
	}
	if _, err := v.change(ctx, v.db.DB, updatePin, wrapped, text, v.clock(), string(ref), string(restaurant)); err != nil {
		return fmt.Errorf("vault: replace pin %s: %w", ref, err)
	}
	return nil
}

func (v *Vault) pin(ctx context.Context, on conn, restaurant event.RestaurantID, phone event.PhoneNumberID, generate func() (seal.Secret, error)) (seal.Secret, error) {
	ref := pinRef(restaurant, phone)
	pin, err := v.storedPin(ctx, on, ref, restaurant)
	if !errors.Is(err, ErrNotFound) {
		return pin, err
	}
	if pin, err = generate(); err != nil {
		return seal.Secret{}, fmt.Errorf("vault: generate pin: %w", err)
	}
	wrapped, text, err := v.sealed(ctx, on, restaurant, pinColumn, ref, pin)
	if err != nil {
		return seal.Secret{}, err
	}
	now := v.clock()
	row := credentialRow{
		Ref: ref, Restaurant: restaurant, DataKey: wrapped, PhoneNumberID: phone, Pin: text, CreatedAt: now, UpdatedAt: now,
	}
	fresh, err := v.store(ctx, on, row)
	if err != nil {
		return seal.Secret{}, fmt.Errorf("vault: store pin %s: %w", ref, err)
	}
	if fresh {
		return pin, nil
	}
	return v.storedPin(ctx, on, ref, restaurant) // somebody was quicker, and theirs counts
}

func (v *Vault) storedPin(ctx context.Context, on conn, ref event.CredentialRef, restaurant event.RestaurantID) (seal.Secret, error) {
	row, err := v.oneCredential(ctx, on, selectCredential, string(ref), string(restaurant))
	if err == nil && row.Pin == "" {
		err = ErrNotFound
	}
	if err != nil {
		return seal.Secret{}, fmt.Errorf("vault: pin %s: %w", ref, err)
	}
	return v.opened(row, pinColumn, row.Pin)
}
