package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

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

// Claim claims a call that cannot be undone, for as long as the call may take. Of
// all who claim a key at once exactly one gets it, and of all who find it stale
// exactly one takes it over. A claim is never given back: that a call was begun
// stays true.
func (v *Vault) Claim(ctx context.Context, key string, restaurant event.RestaurantID, life time.Duration) (Claim, error) {
	return v.claim(ctx, v.db.DB, key, restaurant, life)
}

func (v *Vault) claim(ctx context.Context, on conn, key string, restaurant event.RestaurantID, life time.Duration) (Claim, error) {
	now := v.clock()
	ends := now.Add(life)
	fresh, err := v.change(ctx, on, insertClaim, key, string(restaurant), now, ends)
	if err != nil {
		return Claim{}, fmt.Errorf("vault: claim %s: %w", key, err)
	}
	if fresh {
		return Claim{Held: Mine, Until: ends}, nil
	}
	var until time.Time
	err = v.one(ctx, on, selectClaim, key).Scan(&until)
	if errors.Is(err, sql.ErrNoRows) { // swept in between
		return Claim{Held: Busy, Until: now}, nil
	}
	if err != nil {
		return Claim{}, fmt.Errorf("vault: claim %s: %w", key, err)
	}
	if now.Before(until) {
		return Claim{Held: Busy, Until: until.UTC()}, nil
	}
	taken, err := v.change(ctx, on, takeClaim, now, ends, key, now)
	if err != nil {
		return Claim{}, fmt.Errorf("vault: take over claim %s: %w", key, err)
	}
	if taken {
		return Claim{Held: Stale, Until: ends}, nil
	}
	return Claim{Held: Busy, Until: ends}, nil // somebody was quicker, just now
}
