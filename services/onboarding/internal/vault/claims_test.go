package vault_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

func TestClaim(t *testing.T) {
	t.Parallel()

	t.Run("of all who claim at once exactly one has it", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			held := claimAtOnce(t, v, "exchange/1")
			require.Equal(t, 1, held[vault.Mine])
			require.Zero(t, held[vault.Stale])
		})
	})

	t.Run("others wait until the one who has it must be done", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, c *clock) {
			first, err := v.Claim(t.Context(), "exchange/1", padaria, life)
			require.NoError(t, err)
			require.Equal(t, vault.Claim{Held: vault.Mine, Until: noon.Add(life)}, first)
			c.advance(life - time.Microsecond)
			second, err := v.Claim(t.Context(), "exchange/1", padaria, life)
			require.NoError(t, err)
			require.Equal(t, vault.Claim{Held: vault.Busy, Until: noon.Add(life)}, second)
		})
	})

	t.Run("of all who find it stale exactly one takes it over", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, c *clock) {
			_, err := v.Claim(t.Context(), "create/1", padaria, life)
			require.NoError(t, err)
			for range 2 { // a stale claim that was taken over goes stale again
				c.advance(life)
				held := claimAtOnce(t, v, "create/1")
				require.Equal(t, 1, held[vault.Stale])
				require.Zero(t, held[vault.Mine])
			}
		})
	})

	t.Run("keys do not disturb each other", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			for _, key := range []string{"create/1", "create/2", "register/1"} {
				claim, err := v.Claim(t.Context(), key, padaria, life)
				require.NoError(t, err)
				require.Equal(t, vault.Mine, claim.Held)
			}
		})
	})
}

func claimAtOnce(t *testing.T, v *vault.Vault, key string) map[vault.Held]int {
	t.Helper()
	const callers = 12
	held := make(map[vault.Held]int)
	var mu sync.Mutex
	atOnce(t, callers, func() error {
		claim, err := v.Claim(t.Context(), key, padaria, life)
		mu.Lock()
		defer mu.Unlock()
		held[claim.Held]++
		return err
	})
	require.Equal(t, callers-1, held[vault.Busy])
	return held
}
