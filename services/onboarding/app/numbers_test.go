package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// withToken opens a run with a token that a caller brings: several restaurants may
// bring one, and so come to the same number.
func (s *service) withToken(t *testing.T, id event.RestaurantID, code string, token seal.Secret) run {
	t.Helper()
	s.publish(t, id, event.DiscoveryRequested{Authority: s.bring(t, id, token), AllStops: true})
	return run{restaurant: id, code: code}
}

func requireConflict(t *testing.T, got event.Snapshot) {
	t.Helper()
	require.Equal(t, event.StatusAction, got.Status, "error: %+v", got.Error)
	require.Equal(t, event.CodePhoneConflict, got.Error.Code)
	require.Equal(t, event.ActionContactSupport, got.NextAction.Kind)
}

func TestANumberBelongsToOneRestaurant(t *testing.T) {
	t.Parallel()
	databases.Run(t, func(t *testing.T, db *bun.DB) {
		s := startOn(t, natstest.New(t), db)
		s.replica(t)
		for _, scenario := range []string{"default", "already-connected"} {
			t.Run(scenario, func(t *testing.T) {
				t.Parallel()
				code := "demo-" + scenario + "-wanted-by-many"
				token := s.token(t, code)
				var runs []run
				for range 6 {
					runs = append(runs, s.withToken(t, s.newRestaurant(t), code, token))
				}
				var owner run
				for _, r := range runs {
					got := s.until(t, r, endedOrResting)
					s.requireReplays(t, r.restaurant)
					if got.Status == event.StatusCompleted {
						require.Empty(t, owner, "one has it")
						owner = r
						continue
					}
					requireConflict(t, got)
				}
				require.NotEmpty(t, owner)
				require.LessOrEqual(t, s.meta.Calls(metasim.OpRegister, code), 1)

				again := s.withToken(t, owner.restaurant, code, token)
				got := s.until(t, again, func(s event.Snapshot) bool { return s.Run == 2 && endedOrResting(s) })
				require.Equal(t, event.StatusCompleted, got.Status, "its own restaurant may connect it again; error: %+v", got.Error)
			})
		}
	})
}

func TestANumberIsFreeWhenItsRunIsCancelled(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-pin-mismatch-freed"
	token := s.token(t, code)
	first := s.withToken(t, s.newRestaurant(t), code, token)
	require.Equal(t, event.CodePhonePinMismatch, s.until(t, first, endedOrResting).Error.Code, "it rests, and keeps the number")
	second := s.withToken(t, s.newRestaurant(t), code, token)
	conflict := s.until(t, second, endedOrResting)
	requireConflict(t, conflict)
	require.Equal(t, 1, s.meta.Calls(metasim.OpRegister, code), "nothing was asked of Meta")

	s.publish(t, first.restaurant, event.CancelRequested{})
	s.until(t, first, func(s event.Snapshot) bool { return s.Status == event.StatusCancelled })
	require.Eventually(t, func() bool { return s.owned(t, first.restaurant, "TRUE") == 0 }, waitFor, lookEach)
	s.publish(t, second.restaurant, event.RetryRequested{})
	got := s.until(t, second, func(s event.Snapshot) bool { return s.InputSeq > conflict.InputSeq && endedOrResting(s) })
	require.Equal(t, event.CodePhonePinMismatch, got.Error.Code, "it is the second's to register now")
	require.Equal(t, 2, s.meta.Calls(metasim.OpRegister, code))
}

func TestAConnectedRestaurantKeepsItsNumberWhenItsNextRunFails(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-default-kept"
	token := s.token(t, code)
	owner := s.withToken(t, s.newRestaurant(t), code, token)
	require.Equal(t, event.StatusCompleted, s.until(t, owner, endedOrResting).Status)
	require.Eventually(t, func() bool { return s.owned(t, owner.restaurant, "ready_at IS NOT NULL") == 1 }, waitFor, lookEach)
	s.receiveFor(t, run{owner.restaurant, "demo-code-expired-kept"}, event.OAuthCodeReceived{})
	s.until(t, owner, func(s event.Snapshot) bool { return s.Failed == event.CodeCodeExpired })

	stranger := s.withToken(t, s.newRestaurant(t), code, token)
	requireConflict(t, s.until(t, stranger, endedOrResting))
}
