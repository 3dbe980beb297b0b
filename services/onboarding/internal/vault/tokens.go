package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Credential is a token and what is known of it.
type Credential struct {
	Ref        event.CredentialRef
	Restaurant event.RestaurantID
	ClaimKey   string      // finds it again: one token a key; empty: only Ref does
	Token      seal.Secret // never set by [Vault.TokenByClaim]
	Type       string
	ExpiresAt  time.Time // zero: Meta names no end
	UserID     event.UserID
}

// StoreToken stores a token, sealed, and returns the name that it has: c.Ref, or
// the one under which the same claim stored it before. Storing again changes
// nothing, and does not bring back what was destroyed.
func (v *Vault) StoreToken(ctx context.Context, c Credential) (event.CredentialRef, error) {
	wrapped, text, err := v.sealed(ctx, v.db.DB, c.Restaurant, tokenColumn, c.Ref, c.Token)
	if err != nil {
		return "", err
	}
	now := v.clock()
	row := credentialRow{
		Ref: c.Ref, Restaurant: c.Restaurant, ClaimKey: c.ClaimKey, DataKey: wrapped, Token: text,
		TokenType: c.Type, TokenExpires: c.ExpiresAt.UTC(), UserID: c.UserID, CreatedAt: now, UpdatedAt: now,
	}
	fresh, err := v.store(ctx, v.db.DB, row)
	if err != nil {
		return "", fmt.Errorf("vault: store credential %s: %w", c.Ref, err)
	}
	if !fresh {
		return v.storedAs(ctx, c)
	}
	v.memory.put(row, now)
	return c.Ref, nil
}

// storedAs returns the name of a credential that was there before.
func (v *Vault) storedAs(ctx context.Context, c Credential) (event.CredentialRef, error) {
	var ref event.CredentialRef
	err := v.db.NewSelect().Model((*credentialRow)(nil)).Column("credential_ref").
		Where("restaurant_id = ?", c.Restaurant).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q = q.Where("credential_ref = ?", c.Ref)
			if c.ClaimKey != "" {
				q = q.WhereOr("claim_key = ?", c.ClaimKey)
			}
			return q
		}).
		Scan(ctx, &ref)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("vault: credential %s is another restaurant's", c.Ref)
	}
	if err != nil {
		return "", fmt.Errorf("vault: credential %s: %w", c.Ref, err)
	}
	return ref, nil
}

// TokenByClaim returns what was stored under a claim, without the token itself; ok is
// false when it stored nothing, or when that was destroyed.
func (v *Vault) TokenByClaim(ctx context.Context, claimKey string) (c Credential, ok bool, err error) {
	row, err := v.oneCredential(ctx, v.db.DB, selectByClaim, claimKey)
	if errors.Is(err, ErrNotFound) {
		return Credential{}, false, nil
	}
	if err != nil {
		return Credential{}, false, fmt.Errorf("vault: token of claim %s: %w", claimKey, err)
	}
	return Credential{
		Ref: row.Ref, Restaurant: row.Restaurant, ClaimKey: row.ClaimKey,
		Type: row.TokenType, ExpiresAt: row.TokenExpires, UserID: row.UserID,
	}, true, nil
}

// Token opens a restaurant's token. One that was destroyed, or that is another
// restaurant's, is [ErrNotFound].
func (v *Vault) Token(ctx context.Context, ref event.CredentialRef, restaurant event.RestaurantID) (seal.Secret, error) {
	now := v.clock()
	row, known := v.memory.get(ref, restaurant, now)
	if !known {
		var err error
		row, err = v.oneCredential(ctx, v.db.DB, selectCredential, string(ref), string(restaurant))
		if err == nil && row.Token == "" {
			err = ErrNotFound
		}
		if err != nil {
			return seal.Secret{}, fmt.Errorf("vault: token %s of %s: %w", ref, restaurant, err)
		}
		v.memory.put(row, now)
	}
	return v.opened(row, tokenColumn, row.Token)
}

// Destroy makes a token unreadable, here and in every copy of its row that is
// made from now on. What is known of it beside the token stays. A token that is
// not there is no error.
func (v *Vault) Destroy(ctx context.Context, ref event.CredentialRef, restaurant event.RestaurantID) error {
	defer v.memory.drop(ref)
	_, err := v.db.NewUpdate().Model((*credentialRow)(nil)).
		Set("data_key = ''").Set("user_access_token = NULL").Set("updated_at = ?", v.clock()).
		Where("credential_ref = ?", ref).Where("restaurant_id = ?", restaurant).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("vault: destroy credential %s: %w", ref, err)
	}
	return nil
}

// DestroyAll destroys every token that a restaurant had when a run started, as
// [Vault.Destroy] does. Its PINs stay: they are its numbers', wherever these go.
func (v *Vault) DestroyAll(ctx context.Context, run Run) error {
	return v.DestroyOthers(ctx, "", run)
}

// DestroyOthers is [Vault.DestroyAll] for all tokens but one.
func (v *Vault) DestroyOthers(ctx context.Context, kept event.CredentialRef, run Run) error {
	var refs []event.CredentialRef
	err := v.db.NewSelect().Model((*credentialRow)(nil)).Column("credential_ref").
		Where("restaurant_id = ?", run.Restaurant).Where("user_access_token IS NOT NULL").Where("created_at <= ?", run.since()).
		Where("credential_ref <> ?", kept).
		Scan(ctx, &refs)
	if err != nil {
		return fmt.Errorf("vault: tokens of %s: %w", run.Restaurant, err)
	}
	for _, ref := range refs {
		if err := v.Destroy(ctx, ref, run.Restaurant); err != nil {
			return err
		}
	}
	return nil
}

// utc keeps the zero time zero.
func utc(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC()
}
