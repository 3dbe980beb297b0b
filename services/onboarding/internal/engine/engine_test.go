package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/onboarding/internal/engine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// performer answers every effect as Meta does on a good day.
type performer struct {
	performed atomic.Int64
	reflected atomic.Int64
	before    func(machine.State) error // called before each effect; an error is a crash
}

func (p *performer) Perform(_ context.Context, s machine.State) (machine.Outcome, error) {
	p.performed.Add(1)
	if p.before != nil {
		if err := p.before(s); err != nil {
			return machine.Outcome{}, err
		}
	}
	outcome := machine.Outcome{Effect: s.Todo.Effect}
	switch s.Todo.Effect {
	case machine.ExchangeCode, machine.AdoptToken:
		outcome.Token = &machine.Token{Ref: "cred_1"}
	case machine.CheckToken:
		outcome.Check = &machine.Check{Ours: true, Valid: true, Scopes: []string{"whatsapp_business_management", "whatsapp_business_messaging"}}
	case machine.Discover:
		outcome.Found = []machine.Account{{ID: "100000", Strategy: event.StrategyBusiness, Numbers: []machine.Number{{ID: "200000"}}}}
	case machine.ReadBack:
		yes := true
		outcome.Number, outcome.Subscribed = &machine.Number{ID: "200000", Connected: true}, &yes
	default:
	}
	return outcome, nil
}

func (p *performer) Reflect(context.Context, machine.State) error {
	p.reflected.Add(1)
	return nil
}

// bench is an engine with a bus of its own.
type bench struct {
	js        jetstream.JetStream
	history   *bus.History
	performer *performer
	engine    *engine.Engine
	now       func() time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{js: natstest.New(t), performer: &performer{}, now: time.Now}
	var err error
	b.history, err = bus.OpenHistory(t.Context(), b.js)
	require.NoError(t, err)
	b.engine = engine.New(b.js, b.history, b.performer, machine.Policy{RetryAfter: time.Minute},
		func() time.Time { return b.now() }, slog.New(slog.DiscardHandler))
	return b
}

func (b *bench) publish(t *testing.T, id event.RestaurantID, input event.Event) bus.Message {
	t.Helper()
	seq, err := bus.PublishInput(t.Context(), b.js, event.Meta{ID: uuid.NewString(), Source: "test", Restaurant: id, Time: time.Now()}, input)
	require.NoError(t, err)
	return bus.Message{Stream: bus.In, Seq: seq, Family: event.FamilyInput, Restaurant: id, Name: input.Name()}
}

func (b *bench) head(t *testing.T, id event.RestaurantID) (bus.Head, machine.State) {
	t.Helper()
	head, err := b.history.Head(t.Context(), id)
	require.NoError(t, err)
	var state machine.State
	if head.Seq > 0 {
		require.NoError(t, json.Unmarshal(head.State, &state))
	}
	return head, state
}

// bell is the doorbell of a head.
func bell(id event.RestaurantID, head bus.Head) bus.Message {
	return bus.Message{Stream: bus.Log, Seq: head.Seq, Family: event.FamilyDecision, Restaurant: id, Name: head.Event.Name()}
}

// run rings until nothing moves any more.
func (b *bench) run(t *testing.T, first bus.Message) machine.State {
	t.Helper()
	require.NoError(t, b.engine.Handle(t.Context(), first))
	for {
		head, _ := b.head(t, first.Restaurant)
		require.NoError(t, b.engine.Handle(t.Context(), bell(first.Restaurant, head)))
		if after, state := b.head(t, first.Restaurant); after.Seq == head.Seq {
			return state
		}
	}
}

func restaurant(t *testing.T) event.RestaurantID {
	t.Helper()
	id, err := event.ParseRestaurantID(uuid.NewString())
	require.NoError(t, err)
	return id
}

func TestRingingEveryBellAgainDoesNothing(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	input := b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})
	state := b.run(t, input)
	require.Equal(t, event.StatusCompleted, state.Status)
	last, _ := b.head(t, id)
	performed := b.performer.performed.Load()

	require.NoError(t, b.engine.Handle(t.Context(), input))
	for seq := uint64(1); seq <= last.Seq; seq++ {
		require.NoError(t, b.engine.Handle(t.Context(), bus.Message{Stream: bus.Log, Seq: seq, Restaurant: id}))
	}
	head, _ := b.head(t, id)
	require.Equal(t, last.Seq, head.Seq)
	require.Equal(t, performed, b.performer.performed.Load())
}

func TestABellRungByManyLeadsToOneDecision(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	input := b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})
	var ringers sync.WaitGroup
	for range 16 {
		ringers.Go(func() { _ = b.engine.Handle(t.Context(), input) })
	}
	ringers.Wait()
	_, state := b.head(t, id)
	require.EqualValues(t, 1, state.Sequence)
}

func TestACrashAfterAnEffectIsFollowedByTheSameEffect(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	crash := errors.New("crash")
	seen := map[machine.Effect]int{}
	b.performer.before = func(s machine.State) error {
		if seen[s.Todo.Effect]++; seen[s.Todo.Effect] == 1 {
			return crash
		}
		return nil
	}
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	for {
		head, state := b.head(t, id)
		if state.Status.Ended() {
			break
		}
		err := b.engine.Handle(t.Context(), bell(id, head))
		if err != nil {
			require.ErrorIs(t, err, crash)
		}
	}
	for effect, times := range seen {
		require.Equal(t, 2, times, "%s", effect)
	}
}

func TestABellAheadOfTheHeadRingsLater(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	for _, ahead := range []bus.Message{
		{Stream: bus.Log, Seq: 10, Restaurant: id},
		{Stream: bus.In, Seq: 10, Restaurant: id},
	} {
		err := b.engine.Handle(t.Context(), ahead)
		_, later := errors.AsType[*fault.Later](err)
		require.True(t, later, "%s: %v", ahead.Stream, err)
	}
}

func TestACancelComesBeforeTheNextEffect(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	cancel := b.publish(t, id, event.CancelRequested{Reason: "wrong restaurant"})
	require.NoError(t, b.engine.Handle(t.Context(), cancel), "the head has an effect to do: its own bell sees the cancel")
	head, _ := b.head(t, id)
	require.NoError(t, b.engine.Handle(t.Context(), bell(id, head)))
	_, state := b.head(t, id)
	require.Equal(t, event.StatusCancelled, state.Status)
	require.Zero(t, b.performer.performed.Load())
}

func TestACancelBehindAnotherInputStopsTheNextEffectToo(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})))
	b.publish(t, id, event.PollingRequested{})
	b.publish(t, id, event.CancelRequested{Reason: "wrong restaurant"})
	head, _ := b.head(t, id)
	state := b.run(t, bell(id, head))
	require.Equal(t, event.StatusCancelled, state.Status)
	require.Zero(t, b.performer.performed.Load())
}

func TestInputsAreServedInOrderAndEachOnce(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	first := b.publish(t, id, event.RetryRequested{})
	b.publish(t, id, event.CancelRequested{})
	b.publish(t, id, event.PollingRequested{})
	state := b.run(t, first)
	require.EqualValues(t, 3, state.Sequence)
	require.EqualValues(t, 3, state.InputSeq)
	last, ok, err := b.history.NextDecision(t.Context(), id, 2)
	require.NoError(t, err)
	require.True(t, ok)
	refused, ok := last.Event.(event.InputRefused)
	require.True(t, ok)
	require.Equal(t, event.NamePollingRequested, refused.Input)
}

func TestAnInputThatCannotBeDecodedDoesNotBlockThoseBehindIt(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	ack, err := b.js.Publish(t.Context(), event.Subject(event.FamilyInput, id, "FromTheFuture"), []byte("{"))
	require.NoError(t, err)
	b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})
	state := b.run(t, bus.Message{Stream: bus.In, Seq: ack.Sequence, Restaurant: id})
	require.Equal(t, event.StatusCompleted, state.Status)
}

// resting returns a bench with a restaurant that waits for a retry.
func resting(t *testing.T) (*bench, event.RestaurantID, machine.State) {
	t.Helper()
	b, id := newBench(t), restaurant(t)
	input := b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})
	b.engine = engine.New(b.js, b.history, noNumber{b.performer}, machine.Policy{RetryAfter: time.Hour},
		func() time.Time { return b.now() }, slog.New(slog.DiscardHandler))
	state := b.run(t, input)
	require.Equal(t, event.StatusAction, state.Status)
	return b, id, state
}

// noNumber finds an account without a number.
type noNumber struct{ *performer }

func (n noNumber) Perform(ctx context.Context, s machine.State) (machine.Outcome, error) {
	outcome, err := n.performer.Perform(ctx, s)
	if s.Todo.Effect == machine.Discover {
		outcome.Found[0].Numbers = nil
	}
	return outcome, err
}

func TestATickCountsEvenIfOurClockIsBehind(t *testing.T) {
	t.Parallel()
	b, id, state := resting(t)
	body, err := event.Encode(event.Meta{ID: "t", Restaurant: id, Time: time.Now()}, event.RetryTick{Number: state.Todo.Number})
	require.NoError(t, err)
	require.NoError(t, b.engine.Handle(t.Context(), bus.Message{Stream: bus.Timers, Seq: 1, Restaurant: id, Name: event.NameRetryTick, Body: body}))
	_, after := b.head(t, id)
	require.Equal(t, state.Sequence+1, after.Sequence)
	require.Equal(t, event.StatusInProgress, after.Status)
}

func TestATickOfAnotherWaitSaysNothing(t *testing.T) {
	t.Parallel()
	b, id, state := resting(t)
	body, err := event.Encode(event.Meta{ID: "t", Restaurant: id, Time: time.Now()}, event.RetryTick{Number: state.Todo.Number - 1})
	require.NoError(t, err)
	require.NoError(t, b.engine.Handle(t.Context(), bus.Message{Stream: bus.Timers, Seq: 1, Restaurant: id, Name: event.NameRetryTick, Body: body}))
	_, after := b.head(t, id)
	require.Equal(t, state.Sequence, after.Sequence)
}

func TestAWaitIsOverWhoeverRings(t *testing.T) {
	t.Parallel()
	b, id, state := resting(t)
	b.now = func() time.Time { return state.Todo.Until.Add(time.Second) } // the tick was lost
	head, _ := b.head(t, id)
	require.NoError(t, b.engine.Handle(t.Context(), bell(id, head)))
	_, after := b.head(t, id)
	require.Equal(t, event.StatusInProgress, after.Status)
}

func TestARefusedInputKeepsTheWait(t *testing.T) {
	t.Parallel()
	b, id, state := resting(t)
	require.NoError(t, b.engine.Handle(t.Context(), b.publish(t, id, event.DiscoveryRequested{})))
	_, after := b.head(t, id)
	require.Equal(t, state.Todo, after.Todo)
}

func TestATimerIsArmedAfterACrashBetweenDecisionAndTimer(t *testing.T) {
	t.Parallel()
	b, id, state := resting(t)
	timers, err := b.js.Stream(t.Context(), bus.Timers)
	require.NoError(t, err)
	require.NoError(t, timers.Purge(t.Context())) // as if it had never been armed
	head, _ := b.head(t, id)
	require.NoError(t, b.engine.Handle(t.Context(), bell(id, head)))
	_, err = timers.GetLastMsgForSubject(t.Context(), event.TimerSubject(id, state.Todo.Tick, state.Todo.Number))
	require.NoError(t, err)
}

func TestABellThatThisBuildCannotAnswerRingsAgain(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"})
	seq, err := bus.Decide(t.Context(), b.js, bus.Decision{
		Meta:  event.Meta{ID: uuid.NewString(), Source: engine.Source, Restaurant: id, Time: time.Now()},
		Event: event.OnboardingStarted{Run: 1, From: event.OriginCode},
		State: []byte(`{"sequence":"a number once"}`), // of another version
	})
	require.NoError(t, err)
	err = b.engine.Handle(t.Context(), bus.Message{Stream: bus.Log, Seq: seq, Restaurant: id, Name: event.NameOnboardingStarted})
	require.Error(t, err)
	verdict, _ := fault.Settle(err)
	require.Equal(t, fault.Retry, verdict)
}

func TestADeadTokenAndAConnectionAreReflectedEvenIfTheNextRunHasBegun(t *testing.T) {
	t.Parallel()
	for _, name := range []event.Name{event.NameReauthorizationRequired, event.NameWabaReady} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			reflectedLate(t, name)
		})
	}
}

func reflectedLate(t *testing.T, name event.Name) {
	t.Helper()
	b, id := newBench(t), restaurant(t)
	head, _ := b.head(t, id)
	require.Zero(t, head.Seq)
	state, err := json.Marshal(machine.Begin(id))
	require.NoError(t, err)
	b.run(t, b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"}))
	before := b.performer.reflected.Load()
	require.NoError(t, b.engine.Handle(t.Context(), bus.Message{
		Stream: bus.Log, Seq: 1, Restaurant: id, Name: name,
		Header: nats.Header{event.StateHeader: {string(state)}},
	}))
	require.Equal(t, before+1, b.performer.reflected.Load())
}

func TestWhatARunHasComeToIsReflected(t *testing.T) {
	t.Parallel()
	b, id := newBench(t), restaurant(t)
	b.run(t, b.publish(t, id, event.OAuthCodeReceived{CodeHash: "h"}))
	require.EqualValues(t, 1, b.performer.reflected.Load())
}
