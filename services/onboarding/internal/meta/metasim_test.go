package meta_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// simulated is a client of a simulated Meta that insists on appsecret_proof.
func simulated(t testing.TB) (*metasim.Server, *meta.Client) {
	t.Helper()
	sim, err := metasim.New(metasim.Options{AppID: appID, AppSecret: secret, RequireProof: true})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	return sim, newClient(t, server.URL, func(c *meta.Config) { c.CallTimeout = 2 * time.Second })
}

func codeOf(t testing.TB, scenario string) string {
	t.Helper()
	i := slices.IndexFunc(metasim.Scenarios(), func(s metasim.Scenario) bool { return s.Name == scenario })
	require.GreaterOrEqual(t, i, 0, scenario)
	return metasim.Scenarios()[i].Code("1")
}

func exchanged(t testing.TB, c *meta.Client, code string) seal.Secret {
	t.Helper()
	got, err := c.Exchange(t.Context(), seal.NewSecret(code), "")
	require.NoError(t, err)
	return got.Access
}

func TestAgainstTheSimulator(t *testing.T) {
	t.Parallel()

	t.Run("from a code to a number in service", func(t *testing.T) {
		t.Parallel()
		sim, c := simulated(t)
		ctx, code := t.Context(), codeOf(t, "default")
		token := exchanged(t, c, code)
		found, err := c.Inspect(ctx, token)
		require.NoError(t, err)
		require.True(t, found.Valid)
		require.Equal(t, meta.AppID(appID), found.AppID)
		owner, err := c.ClientBusiness(ctx, token)
		require.NoError(t, err)
		accounts, err := c.OwnedAccounts(ctx, token, owner)
		require.NoError(t, err)
		require.Len(t, accounts, 1)
		phones, err := c.PhoneNumbers(ctx, token, accounts[0].ID)
		require.NoError(t, err)
		require.Len(t, phones, 1)
		require.Equal(t, event.NumberUnregistered, phones[0].State())
		require.NoError(t, c.SubscribeApp(ctx, token, accounts[0].ID))
		require.NoError(t, c.Register(ctx, token, phones[0].ID, seal.NewSecret(pin)))
		phone, err := c.Phone(ctx, token, phones[0].ID)
		require.NoError(t, err)
		require.Equal(t, event.NumberConnected, phone.State())
		apps, err := c.SubscribedApps(ctx, token, accounts[0].ID)
		require.NoError(t, err)
		require.Equal(t, event.ReadingYes, c.Subscribes(apps))
		require.Equal(t, 1, sim.Executed(metasim.OpExchange, code))
		require.Equal(t, 1, sim.Executed(metasim.OpRegister, code))
	})

	t.Run("large ids are taken exactly", func(t *testing.T) {
		t.Parallel()
		_, c := simulated(t)
		code := codeOf(t, "large-ids")
		found, err := c.Inspect(t.Context(), exchanged(t, c, code))
		require.NoError(t, err)
		require.Contains(t, found.WabaIDs, event.WabaID(metasim.IDs(code).WABA))
	})

	t.Run("many businesses over many pages", func(t *testing.T) {
		t.Parallel()
		_, c := simulated(t)
		token := exchanged(t, c, codeOf(t, "paged"))
		owners, err := c.Businesses(t.Context(), token)
		require.NoError(t, err)
		require.Len(t, owners, 23)
	})

	t.Run("a page leads to its business", func(t *testing.T) {
		t.Parallel()
		_, c := simulated(t)
		code := codeOf(t, "existing-page")
		token := exchanged(t, c, code)
		pages, err := c.Pages(t.Context(), token)
		require.NoError(t, err)
		var owners []event.BusinessID
		for _, page := range pages {
			owner, err := c.PageBusiness(t.Context(), token, page)
			require.NoError(t, err)
			owners = append(owners, owner)
		}
		require.Contains(t, owners, event.BusinessID(metasim.IDs(code).Business))
		require.Contains(t, owners, event.BusinessID(""), "one belongs to no business")
	})

	for scenario, strategy := range map[string]event.Strategy{
		"creates-2a": event.StrategyClient, "creates-2b": event.StrategyAccounts,
		"creates-2c": event.StrategyApps, "creates-2d": event.StrategyOfficial,
	} {
		t.Run(scenario+" by "+string(strategy)+" and by no other", func(t *testing.T) {
			t.Parallel()
			sim, c := simulated(t)
			code := codeOf(t, scenario)
			token := exchanged(t, c, code)
			owner, err := c.ClientBusiness(t.Context(), token)
			require.NoError(t, err)
			for _, s := range []event.Strategy{event.StrategyClient, event.StrategyAccounts, event.StrategyApps, event.StrategyOfficial} {
				made, err := c.CreateAccount(t.Context(), token, s, owner, noon)
				if s != strategy {
					require.Contains(t, []event.Class{event.ClassNotFound, event.ClassPermission, event.ClassInvalid}, failure(t, err).Class)
					continue
				}
				require.NoError(t, err)
				world, _ := sim.World(code)
				if s == event.StrategyAccounts || s == event.StrategyOfficial {
					require.Equal(t, event.WabaID(world.Accounts[0].ID), made)
				} else {
					require.Empty(t, made)
				}
			}
		})
	}

	for _, tt := range []struct {
		scenario string
		class    event.Class
		code     int
		subcode  int
	}{
		{"code-expired", event.ClassAuthExpired, 100, 36007},
		{"code-used", event.ClassConflict, 100, 36009},
		{"redirect-mismatch", event.ClassInvalid, 100, 36008},
		{"wrong-secret", event.ClassInvalid, 1, 33},
		{"exchange-unanswered", event.ClassUnanswered, 0, 0},
		{"meta-down", event.ClassUnanswered, 0, 0},
	} {
		t.Run(tt.scenario+" at the exchange", func(t *testing.T) {
			t.Parallel()
			sim, c := simulated(t)
			code := codeOf(t, tt.scenario)
			_, err := c.Exchange(t.Context(), seal.NewSecret(code), "")
			f := failure(t, err)
			require.Equal(t, tt.class, f.Class)
			require.Equal(t, tt.code, f.Code)
			require.Equal(t, tt.subcode, f.Subcode)
			require.Equal(t, 1, sim.Calls(metasim.OpExchange, code))
		})
	}

	t.Run("a limit says how long it lasts", func(t *testing.T) {
		t.Parallel()
		_, c := simulated(t)
		token := exchanged(t, c, codeOf(t, "rate-limited"))
		_, err := c.Inspect(t.Context(), token)
		require.Equal(t, event.ClassRateLimit, failure(t, err).Class)
		require.Equal(t, 60, failure(t, err).RetryAfter)
	})

	t.Run("a number with a PIN of its own refuses ours", func(t *testing.T) {
		t.Parallel()
		_, c := simulated(t)
		code := codeOf(t, "pin-mismatch")
		token := exchanged(t, c, code)
		err := c.Register(t.Context(), token, event.PhoneNumberID(metasim.IDs(code).Phone), seal.NewSecret(pin))
		require.Equal(t, 133005, failure(t, err).Code)
	})
}
