package app_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// graph returns a client of our own, of the service's Meta.
func (s *service) graph(t *testing.T) *meta.Client {
	t.Helper()
	graph, err := meta.New(meta.Config{
		Base: s.config.GraphBase, Version: s.config.APIVersion, AppID: meta.AppID(s.config.AppID), AppSecret: s.config.AppSecret,
		CallTimeout: 10 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(graph.Close)
	return graph
}

// token exchanges a code beside the service.
func (s *service) token(t *testing.T, code string) seal.Secret {
	t.Helper()
	token, err := s.graph(t).Exchange(t.Context(), seal.NewSecret(code), "")
	require.NoError(t, err)
	return token.Access
}

// bring does what the gateway does with a token that a caller brings.
func (s *service) bring(t *testing.T, id event.RestaurantID, token seal.Secret) event.Authority {
	t.Helper()
	sealed, err := seal.SealTo(s.keyring.PublicKey(), event.PurposeToken, string(id), token)
	require.NoError(t, err)
	ref := event.SecretRef(uuid.NewString())
	require.NoError(t, bus.PutSecret(t.Context(), s.js, ref, sealed))
	return event.Authority{TokenRef: ref}
}

var creations = []metasim.Op{metasim.OpCreate2A, metasim.OpCreate2B, metasim.OpCreate2C, metasim.OpCreate2D}

func (s *service) requireNotGranted(t *testing.T, r run) {
	t.Helper()
	got := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusFailed, got.Status, "error: %+v", got.Error)
	require.Equal(t, event.CodeWabaNotGranted, got.Error.Code)
	require.Equal(t, event.ActionRestartSignup, got.NextAction.Kind)
	for _, op := range append([]metasim.Op{metasim.OpSubscribe, metasim.OpRegister}, creations...) {
		require.Zero(t, s.meta.Calls(op, r.code), "%s", op)
	}
	s.requireReplays(t, r.restaurant)
}

func TestAForeignBusinessIsNeitherSearchedNorReplaced(t *testing.T) {
	t.Parallel()
	s := start(t)
	other := s.token(t, "another-restaurant") // so that Meta knows its business
	require.False(t, other.IsZero())
	foreign := map[string]event.BusinessID{
		"known to Meta":   event.BusinessID(metasim.IDs("another-restaurant").Business),
		"unknown to Meta": "111222333444555",
	}
	for name, business := range foreign {
		for _, scenario := range []string{"default", "existing-business", "existing-granular", "creates-2b", "all-strategies-fail"} {
			t.Run(name+" "+scenario, func(t *testing.T) {
				t.Parallel()
				s.requireNotGranted(t, s.receive(t, "demo-"+scenario+"-"+string(business), event.Claims{BusinessID: business}))
			})
		}
	}
	business := foreign["known to Meta"]
	t.Run("beside the right account", func(t *testing.T) {
		t.Parallel()
		code := "demo-existing-hint-foreign"
		waba := event.WabaID(metasim.IDs(code).WABA)
		s.requireNotGranted(t, s.receive(t, code, event.Claims{WabaID: waba, BusinessID: business}))
	})
	t.Run("named by a step endpoint", func(t *testing.T) {
		t.Parallel()
		r := run{restaurant: s.newRestaurant(t), code: "demo-creates-2b-step"}
		s.receiveFor(t, r, event.OAuthCodeReceived{Stops: []event.Stop{event.StopDiscovery, event.StopPolling}})
		s.until(t, r, func(s event.Snapshot) bool { return s.RestsBefore == event.StopDiscovery })
		s.publish(t, r.restaurant, event.CreationRequested{Claims: event.Claims{BusinessID: business}})
		s.requireNotGranted(t, r)
	})
	t.Run("polled in", func(t *testing.T) {
		t.Parallel()
		r := run{restaurant: s.newRestaurant(t), code: "demo-default-polled"}
		by := s.bring(t, r.restaurant, s.token(t, r.code))
		s.publish(t, r.restaurant, event.PollingRequested{Authority: by, Claims: event.Claims{BusinessID: business}, MaxAttempts: 2})
		s.requireNotGranted(t, r)
	})
	t.Run("while Meta stumbles at each question", func(t *testing.T) {
		t.Parallel()
		code := "demo-existing-business-stumbles"
		for _, op := range []metasim.Op{metasim.OpOwned, metasim.OpClient, metasim.OpClientBusiness, metasim.OpBusinesses} {
			require.NoError(t, s.meta.Inject(metasim.Fault{
				Ops: []metasim.Op{op}, Code: code, Kind: metasim.FaultError, Times: 1, Status: 500, ErrorCode: 2, Transient: true,
			}))
		}
		s.requireNotGranted(t, s.receive(t, code, event.Claims{BusinessID: business}))
	})
}

func TestWhatMetaCannotSayOfAClaimProvesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, op := range []metasim.Op{metasim.OpOwned, metasim.OpClient, metasim.OpClientBusiness, metasim.OpBusinesses} {
		t.Run(op.String(), func(t *testing.T) {
			t.Parallel()
			code := "demo-default-silent-" + op.String()
			require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{op}, Code: code, Kind: metasim.FaultHTML, Status: 503}))
			r := s.receive(t, code, event.Claims{BusinessID: "111222333444555"})
			got := s.until(t, r, func(s event.Snapshot) bool { return s.Status.Ended() || s.Delays > 1 })
			require.Equal(t, event.StatusInProgress, got.Status, "error: %+v", got.Error)
			require.Equal(t, event.CodeMetaUnavailable, got.Error.Code)
		})
	}
}

func TestAClaimedBusinessIsWhereTheAccountIsFoundOrMade(t *testing.T) {
	t.Parallel()
	s := start(t)
	for scenario, strategy := range map[string]event.Strategy{
		"default":           event.StrategyBusiness,
		"existing-business": event.StrategyBusiness,
		"existing-client":   event.StrategyBusiness,
		"existing-granular": event.StrategyToken,
		"large-ids":         event.StrategyToken,
		"creates-2b":        event.StrategyAccounts,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			code := "demo-" + scenario + "-claimed"
			business := event.BusinessID(metasim.IDs(code).Business)
			r := s.receive(t, code, event.Claims{BusinessID: business})
			got := s.until(t, r, endedOrResting)
			require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
			require.Equal(t, strategy, got.Strategy)
			require.Equal(t, business, got.BusinessID)
			s.requireReplays(t, r.restaurant)
		})
	}
	t.Run("with its account", func(t *testing.T) {
		t.Parallel()
		code := "demo-existing-hint-both"
		ids := metasim.IDs(code)
		r := s.receive(t, code, event.Claims{WabaID: event.WabaID(ids.WABA), BusinessID: event.BusinessID(ids.Business)})
		got := s.until(t, r, endedOrResting)
		require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
		require.Equal(t, event.StrategyHint, got.Strategy)
		require.Equal(t, event.BusinessID(ids.Business), got.BusinessID)
	})
	t.Run("though Meta lists nothing to this token", func(t *testing.T) {
		t.Parallel()
		code := "demo-creates-2b-unlisted"
		for _, op := range []metasim.Op{metasim.OpOwned, metasim.OpClient} {
			require.NoError(t, s.meta.Inject(metasim.Fault{
				Ops: []metasim.Op{op}, Code: code, Kind: metasim.FaultError, Times: 1, Status: 403, ErrorCode: 200,
			}))
		}
		business := event.BusinessID(metasim.IDs(code).Business)
		r := s.receive(t, code, event.Claims{BusinessID: business})
		got := s.until(t, r, endedOrResting)
		require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
		require.Equal(t, business, got.BusinessID)
	})
	t.Run("and not in another one of the same user", func(t *testing.T) {
		t.Parallel()
		code := "demo-paged-elsewhere"
		token := s.token(t, code)
		businesses, err := s.graph(t).Businesses(t.Context(), token)
		require.NoError(t, err)
		empty := businesses[0]
		require.NotEqual(t, event.BusinessID(metasim.IDs(code).Business), empty)
		r := run{restaurant: s.newRestaurant(t), code: code}
		s.publish(t, r.restaurant, event.DiscoveryRequested{
			Authority: s.bring(t, r.restaurant, token), Claims: event.Claims{BusinessID: empty}, AllStops: true,
		})
		got := s.until(t, r, endedOrResting)
		require.Equal(t, event.StatusAwaiting, got.Status, "error: %+v", got.Error)
		require.Equal(t, empty, got.BusinessID)
	})
}

func TestAnAccountWhoseIdIsKnownIsAskedForItself(t *testing.T) {
	t.Parallel()
	s := start(t)
	for scenario, polls := range map[string]int{"creates-2b": 1, "found-at-third-poll": 3} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			r := s.receive(t, "demo-"+scenario+"-calls", event.Claims{})
			got := s.until(t, r, endedOrResting)
			require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
			require.Equal(t, polls, got.Polling.Attempts)
			require.Equal(t, polls, s.meta.Calls(metasim.OpPhoneNumbers, r.code))
			require.Equal(t, 1, s.meta.Calls(metasim.OpOwned, r.code), "by the discovery")
			require.Equal(t, 1, s.meta.Calls(metasim.OpClient, r.code), "by the discovery")
		})
	}
}

func TestCreationStartsAfterPollsThatCameTooEarly(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := run{restaurant: s.newRestaurant(t), code: "demo-creates-2b-early"}
	s.receiveFor(t, r, event.OAuthCodeReceived{Stops: []event.Stop{event.StopDiscovery, event.StopPolling}})
	s.until(t, r, func(s event.Snapshot) bool { return s.RestsBefore == event.StopDiscovery })
	s.publish(t, r.restaurant, event.PollingRequested{MaxAttempts: 2})
	got := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusAwaiting, got.Status)
	require.Zero(t, s.meta.Calls(metasim.OpCreate2A, r.code))

	business := event.BusinessID(metasim.IDs(r.code).Business)
	s.publish(t, r.restaurant, event.CreationRequested{Claims: event.Claims{BusinessID: business}})
	got = s.until(t, r, func(s event.Snapshot) bool { return s.Status.Ended() })
	require.Equal(t, event.StatusCompleted, got.Status)
	require.Equal(t, event.StrategyAccounts, got.Strategy)
	require.Equal(t, 1, s.meta.Executed(metasim.OpCreate2B, r.code))
	s.requireReplays(t, r.restaurant)
}
