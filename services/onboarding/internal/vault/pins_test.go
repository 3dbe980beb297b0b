package vault_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

func fixed(pin string) func() (seal.Secret, error) {
	return func() (seal.Secret, error) { return seal.NewSecret(pin), nil }
}

func TestPin(t *testing.T) {
	t.Parallel()

	t.Run("of a number stays the same, whoever makes it first", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			var mu sync.Mutex
			var made int
			seen := map[string]bool{}
			atOnce(t, 8, func() error {
				pin, err := v.Pin(t.Context(), padaria, phone, func() (seal.Secret, error) {
					mu.Lock()
					defer mu.Unlock()
					made++
					return seal.NewSecret(strings.Repeat(string(rune('0'+made)), 6)), nil
				})
				mu.Lock()
				defer mu.Unlock()
				seen[pin.Reveal()] = true
				return err
			})
			require.Len(t, seen, 1)
			later, err := v.Pin(t.Context(), padaria, phone, fixed("999999"))
			require.NoError(t, err)
			require.True(t, seen[later.Reveal()])
		})
	})

	t.Run("differs by number and outlives the token", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			first, err := v.Pin(t.Context(), padaria, phone, fixed("111111"))
			require.NoError(t, err)
			second, err := v.Pin(t.Context(), padaria, "106000999888777", fixed("222222"))
			require.NoError(t, err)
			require.False(t, first.Equal(second))
			require.NoError(t, v.Destroy(t.Context(), "cred-1", padaria))
			again, err := v.Pin(t.Context(), padaria, phone, fixed("333333"))
			require.NoError(t, err)
			require.Equal(t, "111111", again.Reveal())
		})
	})

	t.Run("that cannot be made is not stored", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			dry := errors.New("no randomness")
			_, err := v.Pin(t.Context(), padaria, phone, func() (seal.Secret, error) { return seal.Secret{}, dry })
			require.ErrorIs(t, err, dry)
			pin, err := v.Pin(t.Context(), padaria, phone, fixed("111111"))
			require.NoError(t, err)
			require.Equal(t, "111111", pin.Reveal())
		})
	})
}

func TestClaimWithPin(t *testing.T) {
	t.Parallel()

	t.Run("gives the pin to whoever has the claim, and to nobody else", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, c *clock) {
			claim, pin, err := v.ClaimWithPin(t.Context(), "register/1", vault.Run{Restaurant: padaria, Since: noon}, life, phone, fixed("111111"))
			require.NoError(t, err)
			require.Equal(t, vault.Mine, claim.Held)
			require.Equal(t, "111111", pin.Reveal())
			claim, pin, err = v.ClaimWithPin(t.Context(), "register/1", vault.Run{Restaurant: padaria, Since: noon}, life, phone, fixed("222222"))
			require.NoError(t, err)
			require.Equal(t, vault.Busy, claim.Held)
			require.True(t, pin.IsZero())
			c.advance(life)
			claim, pin, err = v.ClaimWithPin(t.Context(), "register/1", vault.Run{Restaurant: padaria, Since: noon}, life, phone, fixed("333333"))
			require.NoError(t, err)
			require.Equal(t, vault.Stale, claim.Held)
			require.Equal(t, "111111", pin.Reveal())
		})
	})

	t.Run("without a pin claims nothing", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			dry := errors.New("no randomness")
			_, _, err := v.ClaimWithPin(t.Context(), "register/1", vault.Run{Restaurant: padaria, Since: noon}, life, phone, func() (seal.Secret, error) { return seal.Secret{}, dry })
			require.ErrorIs(t, err, dry)
			claim, err := v.Claim(t.Context(), "register/1", padaria, life)
			require.NoError(t, err)
			require.Equal(t, vault.Mine, claim.Held)
		})
	})

	t.Run("asked for by many at once gives one claim and one pin", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			var mu sync.Mutex
			held := map[vault.Held]int{}
			atOnce(t, 8, func() error {
				claim, _, err := v.ClaimWithPin(t.Context(), "register/1", vault.Run{Restaurant: padaria, Since: noon}, life, phone, fixed("111111"))
				mu.Lock()
				defer mu.Unlock()
				held[claim.Held]++
				return err
			})
			require.Equal(t, map[vault.Held]int{vault.Mine: 1, vault.Busy: 7}, held)
		})
	})
}
