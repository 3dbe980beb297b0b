package engine_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/engine"
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

// nothingFound is a performer that finds nothing and is refused every creation.
type nothingFound struct{ *performer }

func (n nothingFound) Perform(ctx context.Context, s machine.State) (machine.Outcome, error) {
	outcome, err := n.performer.Perform(ctx, s)
	if s.Todo.Effect == machine.Discover {
		outcome.Found, outcome.MakeIn = nil, "300000"
	}
	if s.Todo.Effect == machine.CreateWaba {
		outcome.Error = &event.MetaError{Operation: "create_waba", Code: 10, Class: event.ClassPermission}
	}
	return outcome, err
}

// creating returns a restaurant whose last decision is the search, and that search's bell.
func creating(t *testing.T) (*bench, event.RestaurantID, bus.Message) {
	t.Helper()
	b, id := newBench(t), restaurant(t)
	b.engine = engine.New(b.js, b.history, nothingFound{b.performer}, machine.Policy{
		RetryAfter: time.Minute, StrategyTimeout: 30 * time.Second,
		Strategies: []event.Strategy{event.StrategyClient, event.StrategyAccounts},
	}, func() time.Time { return b.now() }, slog.New(slog.DiscardHandler))
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	for {
		head, state := b.head(t, id)
		if state.Todo.Effect == machine.Discover {
			return b, id, b.delivered(t, id, head.Seq)
		}
		require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, head.Seq)))
	}
}

func TestWhatFollowsFromTheStateAloneFollowsAtOnceAndItsBellFindsNothingToDo(t *testing.T) {
	t.Parallel()
	b, id, search := creating(t)
	require.NoError(t, b.engine.Handle(t.Context(), search))
	head, state := b.head(t, id)
	require.Equal(t, event.NameWabaCreationRequested, head.Event.Name())
	require.Equal(t, machine.CreateWaba, state.Todo.Effect)
	require.Equal(t, search.Seq+2, head.Seq, "the search's outcome and the intent")
	require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, search.Seq+1)))
	after, _ := b.head(t, id)
	require.Equal(t, head.Seq, after.Seq)
}

func TestTheBellBringsWhatCouldNotFollowAtOnce(t *testing.T) {
	t.Parallel()
	b, id, search := creating(t)
	ctx, die := context.WithCancel(t.Context())
	times := 0
	b.now = func() time.Time {
		if times++; times == 2 { // the outcome of the search stands, and what follows is to be sent
			die()
		}
		return time.Now()
	}
	require.ErrorIs(t, b.engine.Handle(ctx, search), context.Canceled)
	head, _ := b.head(t, id)
	require.Equal(t, event.NameWabaNotFound, head.Event.Name())
	require.NoError(t, b.engine.Handle(t.Context(), b.delivered(t, id, head.Seq)))
	head, _ = b.head(t, id)
	require.Equal(t, event.NameWabaCreationRequested, head.Event.Name())
}

func TestABellThatRingsWhileWhatFollowsIsRecordedWaitsForIt(t *testing.T) {
	t.Parallel()
	b, id, search := creating(t)
	rang := make(chan error, 1)
	times := 0
	b.now = func() time.Time {
		if times++; times == 2 {
			bell := b.delivered(t, id, search.Seq+1)
			go func() { rang <- b.engine.Handle(t.Context(), bell) }()
		}
		return time.Now()
	}
	require.NoError(t, b.engine.Handle(t.Context(), search))
	require.NoError(t, <-rang)
	head, state := b.head(t, id)
	require.Equal(t, search.Seq+2, head.Seq)
	require.Equal(t, machine.CreateWaba, state.Todo.Effect)
}
