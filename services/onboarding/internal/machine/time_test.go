package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestPollsAreAsManyAsAreAskedFor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ asked, polls int }{{0, 10}, {1, 1}, {3, 3}, {100, 100}, {101, 100}, {-1, 10}} {
		t.Run(fmt.Sprint(tt.asked), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy.PollTimeout = 0
			w.always[machine.CreateWaba] = made
			w.begin(event.StopDiscovery, event.StopPolling)
			w.input(event.CreationRequested{})
			w.input(event.PollingRequested{MaxAttempts: tt.asked})
			for w.state.Status == event.StatusInProgress {
				last := w.now
				w.tick()
				require.Equal(t, 3*time.Second+latency, w.now.Sub(last), "between two polls")
			}
			require.Equal(t, event.StatusAwaiting, w.state.Status)
			require.Equal(t, event.Polling{Attempts: tt.polls, MaxAttempts: tt.polls}, w.state.Polling)
			require.Equal(t, tt.polls, w.count(machine.LookForWaba))

			for w.tick(); w.state.Status == event.StatusInProgress; {
				w.tick()
			}
			require.Equal(t, 10, w.state.Polling.Attempts, "what was asked for counts once")
		})
	}
}

func TestAPollingRequestDuringPollsCanOnlyAskForMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.always[machine.CreateWaba] = made
	w.begin()
	w.tick()
	w.input(event.PollingRequested{MaxAttempts: 4})
	require.Equal(t, 10, w.state.Polling.MaxAttempts)
	w.input(event.PollingRequested{MaxAttempts: 12})
	require.Equal(t, 12, w.state.Polling.MaxAttempts)
	require.Equal(t, 2, w.state.Polling.Attempts)
}

func TestPollsEndWithTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy.PollTimeout = 10 * time.Second
	w.always[machine.CreateWaba] = made
	w.begin()
	for w.state.Status == event.StatusInProgress {
		w.tick()
	}
	require.Equal(t, 4, w.state.Polling.Attempts)
	require.Equal(t, event.StatusAwaiting, w.state.Status)
}

func TestAStrategyIsTriedForItsTime(t *testing.T) {
	t.Parallel()
	for _, class := range []event.Class{event.ClassTransient, event.ClassUnreachable, event.ClassUnanswered} {
		t.Run(string(class), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy.Strategies = w.policy.Strategies[:1]
			w.always[machine.CreateWaba] = failure(class)
			var began, ended time.Time
			calls := 0
			w.after = func(e event.Event) {
				if _, ok := e.(event.WabaCreationRequested); ok {
					calls++
					if ended = w.now; calls == 1 {
						began = w.now
					}
				}
			}
			for w.begin(); w.state.Stage == event.StageCreation && w.state.Status == event.StatusInProgress; {
				w.tick()
			}
			require.Greater(t, ended.Sub(began), 20*time.Second, "it is tried until its time is nearly over")
			require.Less(t, ended.Sub(began), 30*time.Second)
			switch class {
			case event.ClassUnanswered:
				require.Equal(t, 2, calls)
				require.GreaterOrEqual(t, w.count(machine.LookForWaba), 7)
			case event.ClassTransient:
				require.Greater(t, calls, 5)
				require.GreaterOrEqual(t, w.count(machine.LookForWaba), calls)
			default:
				require.Greater(t, calls, 5)
				require.Zero(t, w.count(machine.LookForWaba), "nothing was sent")
			}
		})
	}
}

func TestRefusedStrategiesTakeNoTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	require.Equal(t, event.StatusAwaiting, w.state.Status)
	require.Equal(t, 7*latency, w.now.Sub(noon), "three calls, and four strategies")
	require.Equal(t, 4, w.count(machine.CreateWaba))
	for _, a := range w.state.Strategies {
		require.Equal(t, event.ResultRefused, a.Outcome)
		require.NotNil(t, a.Error)
	}
}

func TestARestLooksAgainEverMoreSlowly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	var waits []time.Duration
	for !w.state.Status.Ended() {
		waits = append(waits, w.state.Todo.Until.Sub(w.now).Round(5*time.Minute))
		require.Equal(t, 5*time.Minute, w.state.RetryAt.Sub(w.now), "a person may ask after five minutes")
		w.tick()
	}
	for i, minutes := range []float64{5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440} {
		require.InDelta(t, minutes, waits[i].Minutes(), 0, "wait %d", i)
	}
	require.Equal(t, event.StatusExpired, w.state.Status)
	require.Equal(t, 30*24*time.Hour, w.now.Sub(noon).Round(time.Minute))
	require.Equal(t, 4, w.count(machine.CreateWaba), "what Meta has refused is not asked for again by a timer")
}

func TestARetryByRequestBeginsARestAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for w.begin(); w.now.Before(noon.Add(20 * 24 * time.Hour)); {
		w.tick()
	}
	w.now = w.state.RetryAt
	resumed, ok := w.input(event.RetryRequested{}).(event.OnboardingResumed)
	require.True(t, ok)
	require.Equal(t, event.OnboardingResumed{Stage: event.StageExchange, By: "RetryRequested"}, resumed)
	require.Equal(t, 8, w.count(machine.CreateWaba))
	require.Equal(t, 5*time.Minute, w.state.Todo.Until.Sub(w.now))
	require.Equal(t, w.now, w.state.RestedSince)
}

func TestARunThatHasComeFurtherIsWaitedForAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for w.begin(); w.now.Before(noon.Add(28 * 24 * time.Hour)); {
		w.tick()
	}
	w.always[machine.Discover] = `{"found":[{"id":"880011223344","strategy":"business_search"}]}`
	w.tick()
	require.Equal(t, event.CodePhoneMissing, w.state.Error.Code)
	require.Equal(t, 5*time.Minute, w.state.Todo.Until.Sub(w.now))
	for since := w.now; !w.state.Status.Ended(); w.tick() {
		require.Less(t, w.now.Sub(since), 30*24*time.Hour)
	}
}

func TestARestExpiresEvenIfOurClockIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin(event.StopDiscovery)
	w.now = w.state.Todo.Until.Add(-time.Second)
	decision := w.happen(machine.Tick{Name: w.state.Todo.Tick, Number: w.state.Todo.Number})
	require.Equal(t, event.NameOnboardingExpired, decision.Name())
}
