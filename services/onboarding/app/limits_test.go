package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
)

func limited(s event.Snapshot) bool {
	return s.Error != nil && s.Error.Code == event.CodeRateLimited && !s.ResumeAt.IsZero()
}

func TestAnAppsLimitMakesEveryRestaurantWait(t *testing.T) {
	t.Parallel()
	for scenario, wait := range map[string]time.Duration{
		"rate-limited": time.Minute, "retry-after": 90 * time.Second, "usage-full": 5 * time.Minute,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			before := time.Now()
			first := s.receive(t, "demo-"+scenario+"-first", event.Claims{})
			met := s.until(t, first, limited)
			require.WithinRange(t, met.ResumeAt, before.Add(wait-2*time.Second), time.Now().Add(wait+wait/4+15*time.Second))

			calls := s.meta.Calls(metasim.OpAny, "")
			var others []run
			for _, code := range []string{"default-1", "default-2", "default-3"} {
				others = append(others, s.receive(t, code, event.Claims{}))
			}
			for _, other := range others {
				got := s.until(t, other, limited)
				require.Equal(t, event.StatusInProgress, got.Status)
				require.NotEmpty(t, got.CredentialRef, "its code was not lost")
				require.Equal(t, event.ClassRateLimit, got.Error.Class)
				require.True(t, got.Error.Retryable)
				require.Equal(t, 1, s.meta.Calls(metasim.OpAny, other.code), "the exchange alone")
				require.True(t, got.ResumeAt.After(time.Now().Add(wait-20*time.Second)), "not before the limit is over")
				s.requireReplays(t, other.restaurant)
			}
			require.Equal(t, calls+len(others), s.meta.Calls(metasim.OpAny, ""))
		})
	}
}

func TestALimitOfOneRestaurantLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	s := start(t)
	for scenario, wait := range map[string]time.Duration{
		"account-rate-limited": time.Minute, "account-limit-unsaid": 30 * time.Minute, "account-usage-full": 2 * time.Minute,
		"number-rate-limited": time.Minute, "user-rate-limited": 2 * time.Minute,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			stopped := s.receive(t, "demo-"+scenario+"-alone", event.Claims{})
			got := s.until(t, stopped, limited)
			require.WithinRange(t, got.ResumeAt, time.Now().Add(wait-20*time.Second), time.Now().Add(wait+wait/4+15*time.Second))
			calls := s.meta.Calls(metasim.OpAny, stopped.code)
			other := s.receive(t, "default-beside-"+scenario, event.Claims{})
			require.Equal(t, event.StatusCompleted, s.until(t, other, endedOrResting).Status)
			require.Equal(t, calls, s.meta.Calls(metasim.OpAny, stopped.code))
		})
	}
}

func TestALimitAtTheExchangeSaysFromWhenToStartAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i, code := range []string{"demo-exchange-rate-limited-met", "default-kept-back"} {
		r := s.receive(t, code, event.Claims{})
		got := s.until(t, r, endedOrResting)
		require.Equal(t, event.StatusFailed, got.Status)
		require.Equal(t, event.CodeRateLimited, got.Error.Code)
		require.Equal(t, event.ActionRestartSignup, got.NextAction.Kind)
		require.WithinRange(t, got.NextAction.AvailableAt, time.Now().Add(40*time.Second), time.Now().Add(time.Minute+time.Second))
		require.Equal(t, 1-i, s.meta.Calls(metasim.OpAny, code), "the second is not sent: its code is still good")
		s.requireReplays(t, r.restaurant)
	}
}
