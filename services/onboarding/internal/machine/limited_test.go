package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// limitedFor is a call that Meta's limit keeps back for a time.
func limitedFor(wait time.Duration) string {
	return fmt.Sprintf(`{"error":{"code":4,"class":"rate_limit","retry_after":%d}}`, int(wait/time.Second))
}

func newLimitedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.policy.Limits = machine.UsualLimitWaits
	return w
}

func TestALimitOfDaysUsesUpNoPatience(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t)
	w.always[machine.Discover] = found
	for range 9 {
		w.next[machine.Discover] = append(w.next[machine.Discover], limitedFor(48*time.Hour))
	}
	w.next[machine.Discover] = append(w.next[machine.Discover], failure(event.ClassTransient), failure(event.ClassUnreachable))
	w.begin()
	for w.state.Status == event.StatusInProgress {
		require.Equal(t, w.state.Todo.Until, w.state.ResumeAt, "the status says until when")
		require.True(t, w.state.Error.Retryable)
		w.tick()
	}
	require.Equal(t, event.StatusCompleted, w.state.Status)
	require.Zero(t, w.state.LimitedFor)
	require.Equal(t, 1, w.count(machine.ExchangeCode))
}

func TestALimitWithoutEndEndsTheRunAfterAMonth(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t)
	w.always[machine.Discover] = limitedFor(12 * time.Hour)
	w.begin()
	for w.state.Status == event.StatusInProgress {
		w.tick()
	}
	require.Equal(t, event.StatusFailed, w.state.Status)
	require.Equal(t, event.CodeRateLimited, w.state.Error.Code)
	require.Equal(t, event.ActionRetry, w.state.NextAction.Kind, "the token is kept: a retry goes on")
	require.WithinRange(t, w.now, noon.Add(29*24*time.Hour), noon.Add(32*24*time.Hour))
}

func TestPollsStandStillWhileMetaLimits(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t)
	w.always[machine.CreateWaba] = made
	w.next[machine.LookForWaba] = []string{limitedFor(30 * time.Minute)} // the polls' own time is five
	w.begin()
	for w.state.Status == event.StatusInProgress {
		w.tick()
	}
	require.Equal(t, event.StatusAwaiting, w.state.Status)
	require.Equal(t, 10, w.state.Polling.Attempts)
	require.Equal(t, 11, w.count(machine.LookForWaba))
}

func TestALimitedExchangeSaysFromWhenACodeIsWorthBringing(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t)
	w.next[machine.ExchangeCode] = []string{limitedFor(7 * time.Minute)}
	w.begin()
	require.Equal(t, event.StatusFailed, w.state.Status)
	require.Equal(t, event.ActionRestartSignup, w.state.NextAction.Kind)
	require.Equal(t, w.now.Add(7*time.Minute), w.state.NextAction.AvailableAt)
	failed, ok := w.decided[len(w.decided)-1].(event.OnboardingFailed)
	require.True(t, ok)
	require.Equal(t, *w.state.NextAction, failed.NextAction)
	w.begin() // earlier is allowed: the limit may be over
	require.Zero(t, w.count(machine.ReadBack))
	require.Equal(t, 2, w.count(machine.ExchangeCode))
}

func TestARunFromBeforeWaitsAsItDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // its policy knows of no limits
	w.always[machine.Discover] = limitedFor(10 * time.Hour)
	w.begin()
	for w.state.Status == event.StatusInProgress {
		require.Less(t, w.state.Todo.Until.Sub(w.now), 10*time.Hour+15*time.Second)
		require.Zero(t, w.state.LimitedFor)
		w.tick()
	}
	require.Equal(t, event.StatusFailed, w.state.Status)
	require.Less(t, w.now.Sub(noon), 24*time.Hour)
}

func TestACallThatWasKeptBackIsNoTry(t *testing.T) {
	t.Parallel()
	w := newLimitedWorld(t)
	w.always[machine.Discover] = found
	for range 20 {
		w.next[machine.RegisterPhone] = append(w.next[machine.RegisterPhone], limitedFor(time.Minute))
	}
	w.begin()
	for w.state.Status == event.StatusInProgress {
		require.Equal(t, 1, w.state.Delays)
		w.tick()
	}
	require.Equal(t, event.StatusCompleted, w.state.Status)
	require.Less(t, w.now.Sub(noon), 40*time.Minute, "nine tries would have taken a day")
}

func TestTenThousandRestaurantsDoNotComeBackAtOnce(t *testing.T) {
	t.Parallel()
	limited := func(id event.RestaurantID, wait time.Duration) time.Time {
		w := newLimitedWorld(t)
		w.state = machine.Begin(id)
		w.always[machine.Discover] = limitedFor(wait)
		w.begin()
		return w.state.Todo.Until
	}
	for wait, most := range map[time.Duration]int{time.Minute: 80, time.Hour: 10} { // in any second, of 1,000
		seconds := map[int64]int{}
		for i := range 1000 {
			id := event.RestaurantID(uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i), byte(i >> 8)}).String())
			at := limited(id, wait)
			require.False(t, at.Before(noon.Add(wait)), "never before its time")
			require.False(t, at.After(noon.Add(wait+max(wait/4, 15*time.Second)+time.Second)))
			seconds[at.Unix()]++
			if i < 10 {
				require.Equal(t, at, limited(id, wait), "the same for the same restaurant")
			}
		}
		for _, n := range seconds {
			require.LessOrEqual(t, n, most)
		}
	}
}
