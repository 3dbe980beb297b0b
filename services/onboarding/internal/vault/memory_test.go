package vault_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

func TestRemembering(t *testing.T) {
	t.Parallel()

	t.Run("opens a token that was just stored or read without the database, for a while", func(t *testing.T) {
		t.Parallel()
		db, c := harness.SQLite(t), newClock()
		v := vault.New(db, keyring(t), c.now).Remembering()
		stored := token("cred-1", padaria, "exchange/1")
		_, err := v.StoreToken(t.Context(), stored)
		require.NoError(t, err)
		require.NoError(t, db.Close())

		opened, err := v.Token(t.Context(), "cred-1", padaria)
		require.NoError(t, err)
		require.Equal(t, stored.Token.Reveal(), opened.Reveal())
		_, err = v.Token(t.Context(), "cred-1", pizzaria)
		require.Error(t, err, "another restaurant's")
		c.advance(15 * time.Second)
		_, err = v.Token(t.Context(), "cred-1", padaria)
		require.Error(t, err)
	})

	t.Run("opens no token that was destroyed here", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			v.Remembering()
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			_, err = v.Token(t.Context(), "cred-1", padaria)
			require.NoError(t, err)
			require.NoError(t, v.Destroy(t.Context(), "cred-1", padaria))
			_, err = v.Token(t.Context(), "cred-1", padaria)
			require.ErrorIs(t, err, vault.ErrNotFound)
		})
	})
}
