package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Held says who has a claim.
type Held int

const (
	// Busy means that somebody else has it and may be calling Meta now: come back
	// after Until.
	Busy Held = iota
	// Mine means that nobody ever had it: go on and call.
	Mine
	// Stale means that it is mine now, and that somebody had it before and did not
	// say how it went. Look at what Meta has before anything is repeated.
	Stale
)

// String returns the word for a log.
func (h Held) String() string {
	switch h {
	case Mine:
		return "mine"
	case Stale:
		return "stale"
	case Busy:
	}
	return "busy"
}

// Claim is what came of claiming.
type Claim struct {
	Held Held
	// Until is when the claim ends: the deadline of the call, for whoever has it.
	Until time.Time
}

type claimRow struct {
	bun.BaseModel `bun:"table:onboarding_claims"`

	Key        string             `bun:"claim_key,pk"`
	Restaurant event.RestaurantID `bun:"restaurant_id"`
	ClaimedAt  time.Time          `bun:"claimed_at"`
	ExpiresAt  time.Time          `bun:"expires_at"`
}

// Claim claims a call that cannot be undone, for as long as the call may take. Of
// all who claim a key at once exactly one gets it, and of all who find it stale
// exactly one takes it over. A claim is never given back: that a call was begun
// stays true.
func (v *Vault) Claim(ctx context.Context, key string, restaurant event.RestaurantID, life time.Duration) (Claim, error) {
	return v.claim(ctx, v.db, key, restaurant, life)
}

func (v *Vault) claim(ctx context.Context, db bun.IDB, key string, restaurant event.RestaurantID, life time.Duration) (Claim, error) {
	now := v.clock()
	row := claimRow{Key: key, Restaurant: restaurant, ClaimedAt: now, ExpiresAt: now.Add(life)}
	result, err := db.NewInsert().Model(&row).On("CONFLICT (claim_key) DO NOTHING").Returning("NULL").Exec(ctx)
	if err != nil {
		return Claim{}, fmt.Errorf("vault: claim %s: %w", key, err)
	}
	if fresh, err := stored(result); err != nil || fresh {
		return Claim{Held: Mine, Until: row.ExpiresAt}, err
	}
	var until time.Time
	err = db.NewSelect().Model((*claimRow)(nil)).Column("expires_at").Where("claim_key = ?", key).Scan(ctx, &until)
	if errors.Is(err, sql.ErrNoRows) { // it went with its restaurant, just now
		return Claim{Held: Busy, Until: now}, nil
	}
	if err != nil {
		return Claim{}, fmt.Errorf("vault: claim %s: %w", key, err)
	}
	if now.Before(until) {
		return Claim{Held: Busy, Until: until.UTC()}, nil
	}
	result, err = db.NewUpdate().Model(&row).Column("claimed_at", "expires_at").
		WherePK().Where("expires_at <= ?", now).Exec(ctx)
	if err != nil {
		return Claim{}, fmt.Errorf("vault: take over claim %s: %w", key, err)
	}
	if taken, err := stored(result); err != nil || taken {
		return Claim{Held: Stale, Until: row.ExpiresAt}, err
	}
	return Claim{Held: Busy, Until: row.ExpiresAt}, nil // somebody was quicker, just now
}
