package machine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestARefusedInputKeepsTheWait(t *testing.T) {
	t.Parallel()
	w := at(t, machine.Discover)
	w.happen(outcome(t, machine.Discover, failure(event.ClassTransient)))
	before := w.state
	for range 3 {
		require.Equal(t, event.NameInputRefused, w.input(event.RetryRequested{}).Name())
	}
	require.Equal(t, before.Todo, w.state.Todo)
	require.Equal(t, before.ResumeAt, w.state.ResumeAt)
	require.Equal(t, before.Sequence+3, w.state.Sequence)
	require.Equal(t, event.NameStepDue, w.tick().Name(), "the tick of the wait is still its tick")
}

func TestARunIsCancelledFromAnywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.next[machine.CreateWaba] = []string{failure(event.ClassUnanswered), failure(event.ClassUnreachable)}
	w.always[machine.CreateWaba] = made
	w.next[machine.LookForWaba] = []string{`{}`, `{}`, `{}`}
	w.always[machine.LookForWaba] = found
	seen := 0
	w.after = func(event.Event) {
		if w.state.Status.Ended() {
			return
		}
		seen++
		s, decision, err := machine.Next(w.state, machine.Input{Seq: 100, Event: event.CancelRequested{Reason: "r", Principal: "p"}}, w.now)
		require.NoError(t, err)
		require.Equal(t, event.OnboardingCancelled{Reason: "r", By: "p"}, decision)
		require.Equal(t, event.StatusCancelled, s.Status)
		require.Empty(t, stuck(s))
		require.Empty(t, s.RestsBefore)
	}
	for w.begin(event.StopDiscovery, event.StopPolling); !w.state.Status.Ended(); {
		if w.state.RestsBefore != "" {
			w.input(event.DiscoveryRequested{AllStops: w.state.RestsBefore == event.StopPolling})
			continue
		}
		w.tick()
	}
	require.Equal(t, event.StatusCompleted, w.state.Status)
	require.Greater(t, seen, 15)
}

func TestANewCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		arrange func(*world)
		refused event.Code // empty: it opens a run
	}{
		{name: "for a restaurant that nothing is known of", arrange: func(*world) {}},
		{name: "during a wait", arrange: func(w *world) { w.always[machine.Discover] = failure(event.ClassTransient); w.begin() }, refused: event.CodeBusy},
		{name: "during polls", arrange: func(w *world) { w.always[machine.CreateWaba] = made; w.begin() }, refused: event.CodeBusy},
		{name: "while no account can be made", arrange: func(w *world) { w.begin() }},
		{name: "while somebody must act", arrange: func(w *world) {
			w.always[machine.SubscribeApp] = failure(event.ClassBlocked)
			w.always[machine.Discover] = found
			w.begin()
		}},
		{name: "at the stop before discovery", arrange: func(w *world) { w.begin(event.StopDiscovery) }},
		{name: "at the stop before polling", arrange: func(w *world) { w.always[machine.CreateWaba] = made; w.begin(event.StopPolling) }},
		{name: "after success", arrange: func(w *world) { w.always[machine.Discover] = found; w.begin() }},
		{name: "after a failure", arrange: func(w *world) { w.always[machine.ExchangeCode] = failure(event.ClassInvalid); w.begin() }},
		{name: "after a cancel", arrange: func(w *world) { w.begin(); w.input(event.CancelRequested{}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.arrange(w)
			before := w.state
			w.inputSeq++
			decision := w.happen(machine.Input{Seq: w.inputSeq, Event: event.OAuthCodeReceived{CodeRef: "new", CodeHash: "new"}, Policy: policy()})
			if tt.refused != "" {
				require.Equal(t, event.InputRefused{Input: event.NameOAuthCodeReceived, Code: tt.refused}, decision)
				require.Equal(t, before.Todo, w.state.Todo)
				return
			}
			require.Equal(t, event.OnboardingStarted{Run: before.Run + 1, From: event.OriginCode}, decision)
			fresh := machine.Begin(restaurant)
			fresh.Run, fresh.Sequence, fresh.InputSeq = before.Run+1, before.Sequence+1, w.inputSeq
			fresh.Status, fresh.Stage, fresh.CodeHash, fresh.SecretRef = event.StatusInProgress, event.StageExchange, "new", "new"
			fresh.Origin, fresh.Entry, fresh.Policy = event.OriginCode, event.StageDiscovery, policy()
			fresh.CreatedAt, fresh.UpdatedAt = w.now, w.now
			fresh.Todo = machine.Todo{Effect: machine.ExchangeCode, Number: before.Sequence + 1}
			if before.Status != event.StatusCompleted && before.Made != "" {
				fresh.Made, fresh.MadeIn = before.Made, before.MadeIn // it may show yet
			}
			require.Equal(t, fresh, w.state, "nothing else of an earlier run is left")
		})
	}
}

func TestAStepThatBringsATokenOpensARunThatStopsLater(t *testing.T) {
	t.Parallel()
	by := event.Authority{TokenRef: "secret_1"}
	for _, tt := range []struct {
		input event.Event
		stops []event.Stop
		stage event.Stage
	}{
		{event.DiscoveryRequested{Authority: by}, []event.Stop{event.StopPolling}, event.StageDiscovery},
		{event.CreationRequested{Authority: by}, []event.Stop{event.StopPolling}, event.StageDiscovery},
		{event.PollingRequested{Authority: by}, nil, event.StagePolling},
		{event.DiscoveryRequested{Authority: by, AllStops: true}, nil, event.StageDiscovery},
	} {
		t.Run(string(tt.input.Name()), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			require.Equal(t, event.OnboardingStarted{Run: 1, From: event.OriginToken}, w.input(tt.input))
			require.Equal(t, machine.AdoptToken, w.effects[0])
			require.Equal(t, tt.stops, w.state.Stops)
			require.Contains(t, w.names(), event.NameTokenChecked)
			require.Equal(t, tt.stage, w.state.Entry)
		})
	}
}
