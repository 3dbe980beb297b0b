package engine_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// delivered is the bell at a place in the log as a consumer delivers it for the
// first time, which it also does when the whole stream is replayed.
func (b *bench) delivered(t *testing.T, id event.RestaurantID, seq uint64) bus.Message {
	t.Helper()
	log, err := b.js.Stream(t.Context(), bus.Log)
	require.NoError(t, err)
	msg, err := log.GetMsg(t.Context(), seq)
	require.NoError(t, err)
	m := bus.Message{
		Stream: bus.Log, Seq: seq, Deliveries: 1, Subject: msg.Subject, Restaurant: id, Header: msg.Header, Body: msg.Data,
	}
	m.Family, _, m.Name, _ = event.ParseSubject(msg.Subject)
	return m
}

func TestFirstDeliveriesRunTheFlowAndAReplayOfAllDoesNothing(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	last, state := b.head(t, id)
	for !state.Status.Ended() {
		require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, last.Seq)))
		last, state = b.head(t, id)
	}
	require.Equal(t, event.StatusCompleted, state.Status)
	performed := b.performer.performed.Load()

	for range 2 {
		for seq := uint64(1); seq <= last.Seq; seq++ {
			require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, seq)))
		}
	}
	require.Equal(t, performed, b.performer.performed.Load())
	head, _ := b.head(t, id)
	require.Equal(t, last.Seq, head.Seq)
}

func TestABellThatRingsTwiceAtOnceLeadsToOneDecision(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	first, _ := b.head(t, id)
	bell := b.delivered(t, id, first.Seq)
	again := bell
	again.Deliveries = 2
	// The second comes while the first is at work.
	inside := false
	b.performer.before = func(machine.State) error {
		if inside {
			return nil
		}
		inside = true
		return b.engine.Handle(t.Context(), again)
	}
	require.NoError(t, b.engine.Handle(t.Context(), bell))
	head, state := b.head(t, id)
	require.EqualValues(t, 2, state.Sequence)
	require.Equal(t, first.Seq+1, head.Seq)
}

func TestWhatIsNoDecisionAndComesWhileOneIsMadeIsPassed(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	first, _ := b.head(t, id)
	b.performer.before = func(machine.State) error {
		_, err := b.js.PublishMsg(t.Context(), &nats.Msg{
			Subject: event.Subject(event.FamilyDecision, id, event.NameWabaReady), Data: []byte(`{"not":"an event"}`),
		})
		return err
	}
	require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, first.Seq)))
	head, state := b.head(t, id)
	require.EqualValues(t, 2, state.Sequence)
	require.Equal(t, event.NameTokenExchanged, head.Event.Name())
	require.Equal(t, first.Seq+2, head.Seq)
}
