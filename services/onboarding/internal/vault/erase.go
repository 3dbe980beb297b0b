package vault

import (
	"context"
	"fmt"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
)

var (
	destroyOfUser = database.NewStatement(`UPDATE whatsapp_credentials SET data_key = '', user_access_token = NULL, updated_at = ?
		WHERE meta_user_id = ?`)

	forgetUser = database.NewStatement(`UPDATE whatsapp_credentials SET meta_user_id = NULL WHERE meta_user_id = ?`)

	insertErasure = database.NewStatement(`INSERT INTO onboarding_erasures (erasure_id, done_at) VALUES (?, ?)
		ON CONFLICT (erasure_id) DO NOTHING`)
)

// DestroyOfUser makes the tokens that a person has given unreadable, as
// [Vault.Destroy] does for one.
func (v *Vault) DestroyOfUser(ctx context.Context, user event.UserID) error {
	defer v.memory.clear()
	if _, err := v.change(ctx, v.db.DB, destroyOfUser, v.clock(), string(user)); err != nil {
		return fmt.Errorf("vault: destroy what a person has authorized: %w", err)
	}
	return nil
}

// ForgetUser forgets who a person is, and notes that the request for it was carried
// out. Doing it twice is harmless.
func (v *Vault) ForgetUser(ctx context.Context, user event.UserID, erasure event.Hash) error {
	_, err := v.change(ctx, v.db.DB, forgetUser, string(user))
	if err == nil {
		_, err = v.change(ctx, v.db.DB, insertErasure, string(erasure), v.clock())
	}
	if err != nil {
		return fmt.Errorf("vault: forget a person: %w", err)
	}
	return nil
}
