package vault_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

func TestToken(t *testing.T) {
	t.Parallel()

	t.Run("is what was stored, for its restaurant only", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			ref, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			require.Equal(t, event.CredentialRef("cred-1"), ref)
			got, err := v.Token(t.Context(), ref, padaria)
			require.NoError(t, err)
			require.Equal(t, canary+"cred-1", got.Reveal())
			_, err = v.Token(t.Context(), ref, pizzaria)
			require.ErrorIs(t, err, vault.ErrNotFound)
			_, err = v.Token(t.Context(), "cred-2", padaria)
			require.ErrorIs(t, err, vault.ErrNotFound)
		})
	})

	t.Run("is found by the claim of its exchange, without the token", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			_, found, err := v.TokenByClaim(t.Context(), "exchange/1")
			require.NoError(t, err)
			require.False(t, found)
			want := token("cred-1", padaria, "exchange/1")
			_, err = v.StoreToken(t.Context(), want)
			require.NoError(t, err)
			got, found, err := v.TokenByClaim(t.Context(), "exchange/1")
			require.NoError(t, err)
			require.True(t, found)
			want.Token = seal.Secret{}
			require.Equal(t, want, got)
		})
	})

	t.Run("without an end has none", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			_, err := v.StoreToken(t.Context(), vault.Credential{
				Ref: "cred-1", Restaurant: padaria, ClaimKey: "exchange/1", Token: seal.NewSecret("t"),
			})
			require.NoError(t, err)
			got, _, err := v.TokenByClaim(t.Context(), "exchange/1")
			require.NoError(t, err)
			require.True(t, got.ExpiresAt.IsZero())
		})
	})

	t.Run("stored twice is stored once, under the first name", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			again, err := v.StoreToken(t.Context(), token("cred-2", padaria, "exchange/1"))
			require.NoError(t, err)
			require.Equal(t, event.CredentialRef("cred-1"), again)
			_, err = v.Token(t.Context(), "cred-2", padaria)
			require.ErrorIs(t, err, vault.ErrNotFound)
			_, err = v.StoreToken(t.Context(), token("cred-1", pizzaria, "exchange/9"))
			require.Error(t, err)
		})
	})

	t.Run("stored by many at once is one", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, _ *clock) {
			atOnce(t, 8, func() error {
				_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
				return err
			})
			n, err := db.NewSelect().Table("whatsapp_credentials").Count(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			got, err := v.Token(t.Context(), "cred-1", padaria)
			require.NoError(t, err)
			require.Equal(t, canary+"cred-1", got.Reveal())
		})
	})

	t.Run("destroyed is gone, by its name and by its claim", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			for range 2 {
				_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
				require.NoError(t, err)
				require.NoError(t, v.Destroy(t.Context(), "cred-1", padaria))
				_, err = v.Token(t.Context(), "cred-1", padaria)
				require.ErrorIs(t, err, vault.ErrNotFound)
				_, found, err := v.TokenByClaim(t.Context(), "exchange/1")
				require.NoError(t, err)
				require.False(t, found)
			} // storing it again does not bring it back
			require.NoError(t, v.Destroy(t.Context(), "cred-9", padaria))
		})
	})

	t.Run("of another restaurant is not destroyed", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			require.NoError(t, v.Destroy(t.Context(), "cred-1", pizzaria))
			_, err = v.Token(t.Context(), "cred-1", padaria)
			require.NoError(t, err)
		})
	})
}
