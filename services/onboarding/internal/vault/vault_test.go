package vault_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

var harness = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The private server's process is waited for until this process ends.
		goleak.IgnoreAnyFunction("github.com/waba-platform/onboarding/pkg/database/postgresproc.launch.func1"))
}

const (
	padaria  = event.RestaurantID("0197c5a8-1111-7000-8000-000000000001")
	pizzaria = event.RestaurantID("0197c5a8-2222-7000-8000-000000000002")
	phone    = event.PhoneNumberID("106000111222333")
	canary   = "EAACANARYTOKEN0123456789"
	life     = 20 * time.Second
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: noon} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func keyring(t testing.TB) *seal.Keyring {
	t.Helper()
	keys, err := seal.NewKeyring()
	require.NoError(t, err)
	return keys
}

// each runs a test on a vault over each kind of database.
func each(t *testing.T, test func(t *testing.T, db *bun.DB, v *vault.Vault, c *clock)) {
	t.Helper()
	harness.Run(t, func(t *testing.T, db *bun.DB) {
		c := newClock()
		test(t, db, vault.New(db, keyring(t), c.now), c)
	})
}

func token(ref event.CredentialRef, restaurant event.RestaurantID, claim string) vault.Credential {
	return vault.Credential{
		Ref: ref, Restaurant: restaurant, ClaimKey: claim, Token: seal.NewSecret(canary + string(ref)),
		Type: "bearer", ExpiresAt: noon.Add(60 * 24 * time.Hour), UserID: "12200001",
	}
}

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

func atOnce(t *testing.T, callers int, call func() error) {
	t.Helper()
	errs := make(chan error, callers)
	start := make(chan struct{})
	for range callers {
		go func() {
			<-start
			errs <- call()
		}()
	}
	close(start)
	for range callers {
		require.NoError(t, <-errs)
	}
}

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

func TestSealing(t *testing.T) {
	t.Parallel()

	t.Run("a restaurant has one data key, and another has another", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, c *clock) {
			for _, cred := range []vault.Credential{
				token("cred-1", padaria, "exchange/1"), token("cred-2", padaria, "exchange/2"), token("cred-3", pizzaria, "exchange/3"),
			} {
				_, err := v.StoreToken(t.Context(), cred)
				require.NoError(t, err)
				c.advance(time.Second)
			}
			var keys []string
			require.NoError(t, db.NewSelect().Table("whatsapp_credentials").Column("data_key").OrderBy("credential_ref", bun.OrderAsc).Scan(t.Context(), &keys))
			require.Equal(t, keys[0], keys[1])
			require.NotEqual(t, keys[0], keys[2])
		})
	})

	t.Run("a text that was moved to another row does not open", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, _ *clock) {
			for _, cred := range []vault.Credential{token("cred-1", padaria, "exchange/1"), token("cred-2", padaria, "exchange/2")} {
				_, err := v.StoreToken(t.Context(), cred)
				require.NoError(t, err)
			}
			_, err := db.ExecContext(t.Context(), `UPDATE whatsapp_credentials SET user_access_token =
				(SELECT user_access_token FROM whatsapp_credentials WHERE credential_ref = 'cred-1') WHERE credential_ref = 'cred-2'`)
			require.NoError(t, err)
			_, err = v.Token(t.Context(), "cred-2", padaria)
			require.ErrorIs(t, err, seal.ErrTampered)
		})
	})

	t.Run("without the key it says that the key is wrong", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, c *clock) {
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			stranger := vault.New(db, keyring(t), c.now)
			_, err = stranger.Token(t.Context(), "cred-1", padaria)
			require.ErrorIs(t, err, seal.ErrWrongKey)
			_, err = stranger.StoreToken(t.Context(), token("cred-2", padaria, "exchange/2"))
			require.ErrorIs(t, err, seal.ErrWrongKey)
		})
	})

	t.Run("no token and no pin stands in the file", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		v := vault.New(db, keyring(t), newClock().now)
		_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
		require.NoError(t, err)
		_, err = v.Pin(t.Context(), padaria, phone, fixed("CANARYPIN271828"))
		require.NoError(t, err)
		var seq int
		var name, path string
		require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA database_list").Scan(&seq, &name, &path))
		for _, file := range []string{path, path + "-wal"} {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			require.False(t, strings.Contains(string(content), canary), file)
			require.False(t, strings.Contains(string(content), "CANARYPIN"), file)
		}
	})
}

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
			claim, pin, err := v.ClaimWithPin(t.Context(), "register/1", padaria, life, phone, fixed("111111"))
			require.NoError(t, err)
			require.Equal(t, vault.Mine, claim.Held)
			require.Equal(t, "111111", pin.Reveal())
			claim, pin, err = v.ClaimWithPin(t.Context(), "register/1", padaria, life, phone, fixed("222222"))
			require.NoError(t, err)
			require.Equal(t, vault.Busy, claim.Held)
			require.True(t, pin.IsZero())
			c.advance(life)
			claim, pin, err = v.ClaimWithPin(t.Context(), "register/1", padaria, life, phone, fixed("333333"))
			require.NoError(t, err)
			require.Equal(t, vault.Stale, claim.Held)
			require.Equal(t, "111111", pin.Reveal())
		})
	})

	t.Run("without a pin claims nothing", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, _ *bun.DB, v *vault.Vault, _ *clock) {
			dry := errors.New("no randomness")
			_, _, err := v.ClaimWithPin(t.Context(), "register/1", padaria, life, phone, func() (seal.Secret, error) { return seal.Secret{}, dry })
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
				claim, _, err := v.ClaimWithPin(t.Context(), "register/1", padaria, life, phone, fixed("111111"))
				mu.Lock()
				defer mu.Unlock()
				held[claim.Held]++
				return err
			})
			require.Equal(t, map[vault.Held]int{vault.Mine: 1, vault.Busy: 7}, held)
		})
	})
}

func TestReflect(t *testing.T) {
	t.Parallel()

	t.Run("fills the columns and leaves out what is empty", func(t *testing.T) {
		t.Parallel()
		each(t, func(t *testing.T, db *bun.DB, v *vault.Vault, _ *clock) {
			_, err := v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
			require.NoError(t, err)
			require.NoError(t, v.Reflect(t.Context(), "cred-1", padaria, vault.Reflection{
				BusinessID: "777000111", WabaID: "880011223344", PhoneNumberID: phone,
				DiscoveryAttempts: 2, CreationStrategy: event.StrategyClient, PollingStatus: "found",
			}))
			require.NoError(t, v.Reflect(t.Context(), "cred-1", padaria, vault.Reflection{PollingStatus: "polling"}))
			require.NoError(t, v.Reflect(t.Context(), "cred-1", pizzaria, vault.Reflection{PollingStatus: "foreign"}))
			require.NoError(t, v.Reflect(t.Context(), "cred-9", padaria, vault.Reflection{}))
			var got struct {
				BusinessID, WabaID, PhoneNumberID, CreationStrategy, PollingStatus string
				DiscoveryAttempts                                                  int
			}
			require.NoError(t, db.NewSelect().Table("whatsapp_credentials").
				Column("business_id", "waba_id", "phone_number_id", "creation_strategy", "polling_status", "discovery_attempts").
				Where("credential_ref = 'cred-1'").
				Scan(t.Context(), &got.BusinessID, &got.WabaID, &got.PhoneNumberID, &got.CreationStrategy, &got.PollingStatus, &got.DiscoveryAttempts))
			require.Equal(t, "777000111", got.BusinessID)
			require.Equal(t, "880011223344", got.WabaID)
			require.Equal(t, string(phone), got.PhoneNumberID)
			require.Equal(t, "client_whatsapp_applications", got.CreationStrategy)
			require.Equal(t, "polling", got.PollingStatus)
			require.Equal(t, 2, got.DiscoveryAttempts)
		})
	})
}

func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	db := harness.SQLite(t)
	v := vault.New(db, keyring(t), newClock().now)
	require.NoError(t, db.Close())
	_, err := v.Claim(t.Context(), "exchange/1", padaria, life)
	require.Error(t, err)
	_, err = v.StoreToken(t.Context(), token("cred-1", padaria, "exchange/1"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), canary)
	_, _, err = v.TokenByClaim(t.Context(), "exchange/1")
	require.Error(t, err)
	_, err = v.Token(t.Context(), "cred-1", padaria)
	require.Error(t, err)
	require.NotErrorIs(t, err, vault.ErrNotFound)
	_, err = v.Pin(t.Context(), padaria, phone, fixed("111111"))
	require.Error(t, err)
	require.NotErrorIs(t, err, vault.ErrNotFound)
	require.Error(t, v.Reflect(t.Context(), "cred-1", padaria, vault.Reflection{PollingStatus: "x"}))
	require.Error(t, v.Destroy(t.Context(), "cred-1", padaria))
}
