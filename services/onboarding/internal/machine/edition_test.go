package machine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func metaError(code int, class event.Class) string {
	return fmt.Sprintf(`{"error":{"code":%d,"class":%q,"http_status":400}}`, code, class)
}

func TestWhatMayBeOurFaultIsTriedFewTimes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		edition machine.Edition
		calls   int // at least
	}{{machine.PresentEdition, 4}, {machine.FirstEdition, 100}} {
		w := newWorld(t)
		w.policy.Edition = tt.edition
		w.always[machine.Discover] = found
		w.always[machine.SubscribeApp] = metaError(1, event.ClassTransient)
		w.begin()
		for w.state.Status == event.StatusInProgress && w.count(machine.SubscribeApp) < tt.calls+1 {
			w.tick()
		}
		if tt.edition == machine.FirstEdition {
			require.Equal(t, event.StatusInProgress, w.state.Status)
			continue
		}
		require.Equal(t, event.StatusAction, w.state.Status)
		require.Equal(t, event.CodeMetaRefused, w.state.Error.Code)
		require.Equal(t, event.ActorOperator, w.state.NextAction.Actor)
		require.Equal(t, tt.calls, w.count(machine.SubscribeApp))
	}
}

func TestALockedPinIsNotGuessedAgainWhenTheLockIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy.Edition = machine.PresentEdition
	w.always[machine.Discover] = found
	w.always[machine.RegisterPhone] = metaError(133008, event.ClassBlocked)
	w.begin()
	require.Equal(t, event.StatusAction, w.state.Status)
	require.Equal(t, event.ActionProvidePin, w.state.NextAction.Kind)
	require.Equal(t, w.state.UpdatedAt.Add(12*time.Hour), w.state.NextAction.AvailableAt)
	for range 3 {
		w.tick()
	}
	require.Equal(t, event.StatusAction, w.state.Status)
	require.Equal(t, 1, w.count(machine.RegisterPhone))
}

func TestALookThatMetaRefusesIsNotRepeatedForEver(t *testing.T) {
	t.Parallel()
	for class, status := range map[event.Class]event.Status{
		event.ClassPermission: event.StatusAction,
		event.ClassInvalid:    event.StatusAction,
		event.ClassConflict:   event.StatusAction,
		event.ClassNotFound:   event.StatusInProgress, // it may show later
		event.ClassTransient:  event.StatusInProgress,
	} {
		w := newWorld(t)
		w.policy.Edition = machine.PresentEdition
		w.always[machine.CreateWaba] = failure(event.ClassUnanswered)
		w.always[machine.LookForWaba] = metaError(100, class)
		w.begin()
		for range 20 {
			if w.state.Status == event.StatusInProgress {
				w.tick()
			}
		}
		require.Equal(t, status, w.state.Status, class)
		require.Equal(t, 1, w.count(machine.CreateWaba), "nothing is made while nothing is seen")
	}
}

func TestAPollWaitsAsLongAsMetaAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy.Edition = machine.PresentEdition
	w.always[machine.CreateWaba] = made
	w.next[machine.LookForWaba] = []string{`{"error":{"code":2,"class":"transient","http_status":503,"retry_after":60}}`}
	w.begin()
	require.Equal(t, 1, w.state.Polling.Attempts)
	require.Equal(t, w.state.UpdatedAt.Add(time.Minute), w.state.Polling.NextAt)
}
