package vault_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

const other = event.PhoneNumberID("106000999888777")

// nth is the restaurant's n-th run.
func nth(restaurant event.RestaurantID, n int) vault.Run {
	return vault.Run{Restaurant: restaurant, Since: noon.Add(time.Duration(n) * time.Minute)}
}

func TestOwnNumber(t *testing.T) {
	t.Parallel()

	t.Run("of all restaurants that ask at once gives it to one", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, c *clock) {
			second := vault.New(db, keyring(t), c.now) // as of another process
			var mu sync.Mutex
			taken, asked := 0, 0
			atOnce(t, 12, func() error {
				mu.Lock()
				restaurant := event.RestaurantID(fmt.Sprintf("0197c5a8-3333-7000-8000-%012d", asked))
				asked++
				asks := []*vault.Vault{v, second}[asked%2]
				mu.Unlock()
				err := asks.OwnNumber(t.Context(), phone, nth(restaurant, 1))
				if errors.Is(err, vault.ErrNumberTaken) {
					mu.Lock()
					defer mu.Unlock()
					taken++
					return nil
				}
				return err
			})
			require.Equal(t, 11, taken)
		})
	})

	t.Run("again, and in later runs, changes nothing", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			for _, n := range []int{1, 1, 2, 1} { // also from a worker that woke up in an old run
				require.NoError(t, v.OwnNumber(t.Context(), phone, nth(padaria, n)))
				require.ErrorIs(t, v.OwnNumber(t.Context(), phone, nth(pizzaria, n)), vault.ErrNumberTaken)
			}
			require.NoError(t, v.OwnNumber(t.Context(), other, nth(pizzaria, 1)), "numbers do not disturb each other")
		})
	})

	t.Run("before a registration claims nothing of another restaurant's", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, _ *clock) {
			require.NoError(t, v.OwnNumber(t.Context(), phone, nth(padaria, 1)))
			_, _, err := v.ClaimWithPin(t.Context(), "register/1", nth(pizzaria, 1), life, phone, fixed("111111"))
			require.ErrorIs(t, err, vault.ErrNumberTaken)
			for _, table := range []string{"onboarding_claims", "whatsapp_credentials"} {
				n, err := db.NewSelect().Table(table).Count(t.Context())
				require.NoError(t, err)
				require.Zero(t, n, table)
			}
			claim, _, err := v.ClaimWithPin(t.Context(), "register/2", nth(padaria, 1), life, phone, fixed("111111"))
			require.NoError(t, err)
			require.Equal(t, vault.Mine, claim.Held)
		})
	})

	t.Run("by the registrations of two restaurants at once leaves one", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			var mu sync.Mutex
			asked, held := 0, 0
			atOnce(t, 8, func() error {
				mu.Lock()
				restaurant := []event.RestaurantID{padaria, pizzaria}[asked%2]
				asked++
				mu.Unlock()
				_, _, err := v.ClaimWithPin(t.Context(), "register/"+string(restaurant), nth(restaurant, 1), life, phone, fixed("111111"))
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, vault.ErrNumberTaken) {
					return nil
				}
				held++
				return err
			})
			require.Equal(t, 4, held, "all who ask for the same restaurant")
			mine := v.OwnNumber(t.Context(), phone, nth(padaria, 1))
			theirs := v.OwnNumber(t.Context(), phone, nth(pizzaria, 1))
			require.NotEqual(t, mine == nil, theirs == nil)
		})
	})
}

func TestNumbersAreReleased(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		then func(t *testing.T, v *vault.Vault) // after padaria's first run has taken the number
		free bool
	}{
		{"when the run comes to nothing", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.ReleaseNumbers(t.Context(), nth(padaria, 1)))
		}, true},
		{"when the run after it comes to nothing", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.ReleaseNumbers(t.Context(), nth(padaria, 2)))
		}, true},
		{"not while a newer run wants it", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.OwnNumber(t.Context(), phone, nth(padaria, 2)))
			require.NoError(t, v.ReleaseNumbers(t.Context(), nth(padaria, 1)))
		}, false},
		{"not when another restaurant's run comes to nothing", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.ReleaseNumbers(t.Context(), nth(pizzaria, 9)))
			require.NoError(t, v.ReleaseAllNumbers(t.Context(), nth(pizzaria, 9)))
		}, false},
		{"not once the restaurant is connected, whatever becomes of later runs", func(t *testing.T, v *vault.Vault) {
			for range 2 {
				require.NoError(t, v.KeepNumber(t.Context(), phone, nth(padaria, 1)))
			}
			require.NoError(t, v.OwnNumber(t.Context(), phone, nth(padaria, 2)))
			require.NoError(t, v.ReleaseNumbers(t.Context(), nth(padaria, 2)))
		}, false},
		{"when the restaurant is connected with another", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.KeepNumber(t.Context(), phone, nth(padaria, 1)))
			require.NoError(t, v.OwnNumber(t.Context(), other, nth(padaria, 2)))
			require.NoError(t, v.KeepNumber(t.Context(), other, nth(padaria, 2)))
			require.ErrorIs(t, v.OwnNumber(t.Context(), other, nth(pizzaria, 1)), vault.ErrNumberTaken)
		}, true},
		{"when the restaurant is disconnected", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.KeepNumber(t.Context(), phone, nth(padaria, 1)))
			require.NoError(t, v.ReleaseAllNumbers(t.Context(), nth(padaria, 1)))
		}, true},
		{"and not taken back when it is heard late that the restaurant was connected", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.ReleaseAllNumbers(t.Context(), nth(padaria, 1)))
			require.NoError(t, v.KeepNumber(t.Context(), phone, nth(padaria, 1)))
		}, true},
		{"not to a restaurant that is said to be connected with it", func(t *testing.T, v *vault.Vault) {
			require.NoError(t, v.KeepNumber(t.Context(), phone, nth(pizzaria, 1)))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
				require.NoError(t, v.OwnNumber(t.Context(), phone, nth(padaria, 1)))
				tt.then(t, v)
				err := v.OwnNumber(t.Context(), phone, nth(pizzaria, 1))
				if tt.free {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, vault.ErrNumberTaken)
				}
			})
		})
	}
}
