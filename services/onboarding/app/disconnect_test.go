package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func isDisconnected(s event.Snapshot) bool { return s.Status == event.StatusDisconnected }

// disconnect connects a restaurant, and disconnects it with Meta at fault.
func (s *service) disconnect(t *testing.T, code string, faults ...metasim.Fault) (run, event.Snapshot) {
	t.Helper()
	r := s.receive(t, code, event.Claims{})
	got := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
	for _, fault := range faults {
		fault.Code = code
		require.NoError(t, s.meta.Inject(fault))
	}
	s.publish(t, r.restaurant, event.DisconnectRequested{Reason: "r", Principal: "p"})
	return r, s.until(t, r, isDisconnected)
}

// requireForgotten checks that nothing of a restaurant that is disconnected is left
// here, but what an audit needs.
func (s *service) requireForgotten(t *testing.T, r run) {
	t.Helper()
	left, err := s.db.NewSelect().Table("whatsapp_credentials").
		Where("restaurant_id = ?", r.restaurant).Where("user_access_token IS NOT NULL").Count(t.Context())
	require.NoError(t, err)
	require.Zero(t, left, "its tokens are destroyed before it is said to be disconnected")
	require.Zero(t, s.owned(t, r.restaurant, "TRUE"), "its number is free")
	s.requireReplays(t, r.restaurant)
}

func TestADisconnectionUndoesWhatWasConnected(t *testing.T) {
	t.Parallel()
	databases.Run(t, func(t *testing.T, db *bun.DB) {
		s := startOn(t, natstest.New(t), db)
		for scenario, deregistered := range map[string]int{"default": 1, "coexistence": 0, "already-connected": 1} {
			t.Run(scenario, func(t *testing.T) {
				t.Parallel()
				r, got := s.disconnect(t, "demo-"+scenario+"-disconnected")
				require.Equal(t, 2, got.Run)
				require.Nil(t, got.Error)
				require.Empty(t, got.Warnings)
				require.Equal(t, deregistered, s.meta.Executed(metasim.OpDeregister, r.code))
				require.Equal(t, deregistered, s.meta.Calls(metasim.OpDeregister, r.code))
				require.Equal(t, 1, s.meta.Executed(metasim.OpUnsubscribe, r.code))
				s.requireForgotten(t, r)
			})
		}
	})
}

func TestADisconnectionEndsWhateverMetaSays(t *testing.T) {
	t.Parallel()
	s := start(t)
	both := []event.Warning{event.WarningNumberRegistered, event.WarningAppSubscribed}
	dead := metasim.Fault{Kind: metasim.FaultError, Status: 401, ErrorCode: 190, ErrorSubcode: 463}
	refused := metasim.Fault{Kind: metasim.FaultError, Status: 403, ErrorCode: 200, ErrorSubcode: 1349174}
	of := func(f metasim.Fault, ops ...metasim.Op) metasim.Fault {
		f.Ops = ops
		return f
	}
	for _, tt := range []struct {
		name        string
		fault       metasim.Fault
		warnings    []event.Warning
		class       event.Class
		deregisters int // calls
	}{
		{"dead-token", dead, both, event.ClassAuthExpired, 0},
		{"deregister-refused", of(refused, metasim.OpDeregister), both[:1], event.ClassPermission, 1},
		{"unsubscribe-refused", of(refused, metasim.OpUnsubscribe), both[1:], event.ClassPermission, 1},
		{"deregister-limited", of(metasim.Fault{Kind: metasim.FaultError, Status: 400, ErrorCode: 133016}, metasim.OpDeregister), both[:1], event.ClassRateLimit, 1},
		{"deregister-unanswered", of(metasim.Fault{Kind: metasim.FaultUnanswered, Times: 1}, metasim.OpDeregister), nil, "", 1},
		{"unsubscribe-unanswered", of(metasim.Fault{Kind: metasim.FaultUnanswered, Times: 1}, metasim.OpUnsubscribe), nil, "", 1},
		{"deregister-stumbles", of(metasim.Fault{Kind: metasim.FaultHTML, Status: 503, Times: 1}, metasim.OpDeregister), nil, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, got := s.disconnect(t, "demo-default-"+tt.name, tt.fault)
			require.Equal(t, tt.warnings, got.Warnings)
			require.Equal(t, tt.deregisters, s.meta.Calls(metasim.OpDeregister, r.code))
			if tt.class == "" {
				require.Nil(t, got.Error)
			} else {
				require.Equal(t, event.CodeDisconnectIncomplete, got.Error.Code)
				require.Equal(t, tt.class, got.Error.Class)
				require.Equal(t, event.ActionContactSupport, got.NextAction.Kind)
			}
			s.requireForgotten(t, r)
		})
	}
}

func TestADisconnectionLeavesTheAccountToItsOtherRestaurants(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-two-numbers-shared"
	token := s.token(t, code)
	ids := metasim.IDs(code)
	numbers, err := s.graph(t).PhoneNumbers(t.Context(), token, event.WabaID(ids.WABA))
	require.NoError(t, err)
	require.Len(t, numbers, 2)
	var runs []run
	for _, number := range numbers {
		r := run{restaurant: s.newRestaurant(t), code: code}
		s.publish(t, r.restaurant, event.DiscoveryRequested{
			Authority: s.bring(t, r.restaurant, token), AllStops: true, Claims: event.Claims{PhoneNumberID: number.ID},
		})
		got := s.until(t, r, endedOrResting)
		require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
		runs = append(runs, r)
	}
	for i, r := range runs {
		s.publish(t, r.restaurant, event.DisconnectRequested{})
		got := s.until(t, r, isDisconnected)
		require.Empty(t, got.Warnings)
		require.Equal(t, i+1, s.meta.Executed(metasim.OpDeregister, code))
		require.Equal(t, i, s.meta.Calls(metasim.OpUnsubscribe, code), "only with the last of them")
		s.requireForgotten(t, r)
	}
}

func TestADisconnectionOfARunUnderWayIsACancelFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-pin-mismatch-disconnected"
	r := s.receive(t, code, event.Claims{})
	require.Equal(t, event.CodePhonePinMismatch, s.until(t, r, endedOrResting).Error.Code)
	s.publish(t, r.restaurant, event.DisconnectRequested{})
	s.until(t, r, func(s event.Snapshot) bool { return s.Run == 1 && s.Status == event.StatusCancelled })
	got := s.until(t, r, isDisconnected)
	require.Empty(t, got.Warnings)
	require.Zero(t, s.meta.Calls(metasim.OpDeregister, code), "it was never registered by us")
	require.Equal(t, 1, s.meta.Executed(metasim.OpUnsubscribe, code))
	s.requireForgotten(t, r)
}

func TestADisconnectionUndoesTheConnectionThatALaterRunDidNotReplace(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-default-outlived"
	r := s.receive(t, code, event.Claims{})
	s.until(t, r, endedOrResting)
	s.receiveFor(t, run{r.restaurant, "demo-code-expired-outlived"}, event.OAuthCodeReceived{})
	s.until(t, r, func(s event.Snapshot) bool { return s.Run == 2 && s.Failed == event.CodeCodeExpired })
	s.publish(t, r.restaurant, event.DisconnectRequested{})
	s.until(t, r, isDisconnected)
	require.Equal(t, 1, s.meta.Executed(metasim.OpDeregister, code))
	s.requireForgotten(t, r)
}

// Four processes hear the same bells: what Meta does once is asked for once.
func TestSeveralProcessesDisconnectARestaurantOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-default-killed"
	r := s.receive(t, code, event.Claims{})
	s.until(t, r, endedOrResting)
	for _, op := range []metasim.Op{metasim.OpDeregister, metasim.OpUnsubscribe} {
		require.NoError(t, s.meta.Inject(metasim.Fault{Ops: []metasim.Op{op}, Code: code, Kind: metasim.FaultLatency, LatencyMS: 300}))
	}
	for range 3 {
		s.replica(t)
	}
	s.publish(t, r.restaurant, event.DisconnectRequested{})
	s.until(t, r, isDisconnected)
	require.Equal(t, 1, s.meta.Calls(metasim.OpDeregister, code))
	require.Equal(t, 1, s.meta.Calls(metasim.OpUnsubscribe, code))
	s.requireForgotten(t, r)
}
