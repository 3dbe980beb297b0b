package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
)

// ErrNumberTaken says that a number belongs to another restaurant.
var ErrNumberTaken = errors.New("the number belongs to another restaurant")

// Run is a restaurant's run, in whose name a number is owned. Since is when it
// started.
type Run struct {
	Restaurant event.RestaurantID
	Since      time.Time
}

// since returns when the run started as both kinds of database keep it.
func (r Run) since() time.Time { return r.Since.UTC().Truncate(time.Microsecond) }

// OwnNumber makes a number the restaurant's, or fails with [ErrNumberTaken]. Of all
// who ask at once one gets it. It stays the restaurant's, over its later runs too,
// until it is released; asking again changes nothing.
func (v *Vault) OwnNumber(ctx context.Context, phone event.PhoneNumberID, run Run) error {
	var owner event.RestaurantID
	var since time.Time
	err := v.one(ctx, v.db.DB, selectOwner, string(phone)).Scan(&owner, &since)
	if err == nil && owner == run.Restaurant && !since.Before(run.since()) {
		return nil // as for all whose number was registered in this run
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("vault: owner of number %s: %w", phone, err)
	}
	return v.own(ctx, v.db.DB, phone, run)
}

func (v *Vault) own(ctx context.Context, on conn, phone event.PhoneNumberID, run Run) error {
	mine, err := v.change(ctx, on, insertOwner, string(phone), string(run.Restaurant), run.since())
	if err != nil {
		return fmt.Errorf("vault: own number %s: %w", phone, err)
	}
	if mine {
		return nil
	}
	var owner event.RestaurantID
	var since time.Time
	err = v.one(ctx, on, selectOwner, string(phone)).Scan(&owner, &since)
	switch {
	case err != nil: // also when it was released in between: it is asked for again
		return fmt.Errorf("vault: owner of number %s: %w", phone, err)
	case owner != run.Restaurant:
		return fmt.Errorf("vault: number %s: %w", phone, ErrNumberTaken)
	}
	return nil // in the name of a newer run
}

// KeepNumber notes that the restaurant is connected with a number that is its own: so
// it stays, whatever becomes of later runs. Other numbers that it had until this run
// are released. Doing it again changes nothing, also after the number was released.
func (v *Vault) KeepNumber(ctx context.Context, phone event.PhoneNumberID, run Run) error {
	if _, err := v.change(ctx, v.db.DB, keepOwner, v.clock(), string(phone), string(run.Restaurant)); err != nil {
		return fmt.Errorf("vault: keep number %s: %w", phone, err)
	}
	return v.release(ctx, run, 1, deleteOtherNumbers, string(run.Restaurant), string(phone), run.since())
}

// ReleaseNumbers releases what a run that came to nothing, and those before it, have
// left: all numbers with which the restaurant is not connected. What a newer run has
// asked for meanwhile stays.
func (v *Vault) ReleaseNumbers(ctx context.Context, run Run) error {
	return v.release(ctx, run, 0, deleteUnusedNumbers, string(run.Restaurant), run.since())
}

// ReleaseAllNumbers releases what a restaurant that is disconnected had, but for what
// a newer run has asked for meanwhile.
func (v *Vault) ReleaseAllNumbers(ctx context.Context, run Run) error {
	return v.release(ctx, run, 0, deleteNumbers, string(run.Restaurant), run.since())
}

// OwnedByOthers says whether any of these numbers belongs to another restaurant.
func (v *Vault) OwnedByOthers(ctx context.Context, phones []event.PhoneNumberID, restaurant event.RestaurantID) (bool, error) {
	for _, phone := range phones {
		var others int
		if err := v.one(ctx, v.db.DB, countOthers, string(phone), string(restaurant)).Scan(&others); err != nil {
			return false, fmt.Errorf("vault: owner of number %s: %w", phone, err)
		}
		if others > 0 {
			return true, nil
		}
	}
	return false, nil
}

// release executes a deletion, if the restaurant has more numbers than may stay: to
// look costs no sync of the disk, and most have none that must go.
func (v *Vault) release(ctx context.Context, run Run, stay int, deletion database.Statement, args ...any) error {
	var owned int
	err := v.one(ctx, v.db.DB, countNumbers, string(run.Restaurant)).Scan(&owned)
	if err == nil && owned > stay {
		_, err = v.change(ctx, v.db.DB, deletion, args...)
	}
	if err != nil {
		return fmt.Errorf("vault: release numbers of %s: %w", run.Restaurant, err)
	}
	return nil
}
