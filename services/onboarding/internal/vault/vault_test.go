package vault_test

import (
	"context"
	"os"
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
			require.NotContains(t, string(content), canary, file)
			require.NotContains(t, string(content), "CANARYPIN", file)
		}
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
	err = v.OwnNumber(t.Context(), phone, nth(padaria, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, vault.ErrNumberTaken)
	require.Error(t, v.KeepNumber(t.Context(), phone, nth(padaria, 1)))
	require.Error(t, v.ReleaseNumbers(t.Context(), nth(padaria, 1)))
	require.Error(t, v.ReleaseAllNumbers(t.Context(), nth(padaria, 1)))
}
