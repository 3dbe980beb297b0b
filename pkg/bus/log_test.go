package bus_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func open(t *testing.T, js jetstream.JetStream) *bus.History {
	t.Helper()
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	return history
}

func decision(id string, after uint64, e event.Event) bus.Decision {
	return bus.Decision{After: after, Meta: meta(id), Event: e, State: []byte(`{"of":"` + id + `"}`)}
}

func TestTheHeadIsTheLastDecisionWithItsState(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	head, err := history.Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Zero(t, head)

	d := decision("a", 0, event.OnboardingStarted{Run: 1, From: event.OriginCode})
	d.Outcome = []byte(`{"outcome":1}`)
	first, err := bus.Decide(t.Context(), js, d)
	require.NoError(t, err)
	second, err := bus.Decide(t.Context(), js, decision("b", first, event.TokenExchanged{CredentialRef: "ref"}))
	require.NoError(t, err)

	head, err = history.Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, second, head.Seq)
	require.Equal(t, second, head.Last)
	require.Equal(t, event.TokenExchanged{CredentialRef: "ref"}, head.Event)
	require.Equal(t, "b", head.Envelope.ID)
	require.JSONEq(t, `{"of":"b"}`, string(head.State))
	require.False(t, head.Stored.IsZero())
}

func TestADecisionOnAnOldHeadIsLost(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	first, err := bus.Decide(t.Context(), js, decision("a", 0, event.OnboardingStarted{}))
	require.NoError(t, err)
	for _, after := range []uint64{0, first + 1, first + 100} {
		_, err = bus.Decide(t.Context(), js, decision(fmt.Sprint("late-", after), after, event.TokenExchanged{}))
		require.ErrorIs(t, err, bus.ErrLost)
	}
	// The fence is the restaurant's, not the stream's.
	other := decision("other", 0, event.OnboardingStarted{})
	other.Meta.Restaurant = "11111111-1111-4111-8111-111111111111"
	_, err = bus.Decide(t.Context(), js, other)
	require.NoError(t, err)
	_, err = bus.Decide(t.Context(), js, decision("b", first, event.TokenExchanged{}))
	require.NoError(t, err)
}

func TestADecisionThatIsRecordedAlreadyIsLost(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	first, err := bus.Decide(t.Context(), js, decision("a", 0, event.OnboardingStarted{}))
	require.NoError(t, err)
	for _, after := range []uint64{0, first} {
		_, err = bus.Decide(t.Context(), js, decision("a", after, event.OnboardingStarted{}))
		require.ErrorIs(t, err, bus.ErrLost)
	}
}

func TestOfManyWhoDecideAtOnceOneWins(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	const rounds, rivals = 20, 8
	var after uint64
	for round := range rounds {
		var won atomic.Uint64
		var wins atomic.Int32
		var group sync.WaitGroup
		for rival := range rivals {
			group.Go(func() {
				seq, err := bus.Decide(t.Context(), js, decision(fmt.Sprintf("%d-%d", round, rival), after, event.PollDue{Attempt: round}))
				if err == nil {
					won.Store(seq)
					wins.Add(1)
				} else if !errors.Is(err, bus.ErrLost) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, wins.Load())
		after = won.Load()
	}
	stream, err := js.Stream(t.Context(), bus.Log)
	require.NoError(t, err)
	require.EqualValues(t, rounds, stream.CachedInfo().State.Msgs)
}

func TestAStateThatIsTooLongIsNotRecorded(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	d := decision("a", 0, event.OnboardingStarted{})
	d.State = []byte(`"` + strings.Repeat("x", event.MaxStateHeader-2) + `"`)
	_, err := bus.Decide(t.Context(), js, d)
	require.NoError(t, err, "the longest that is allowed")
	head, err := open(t, js).Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Len(t, head.State, event.MaxStateHeader)

	d = decision("b", head.Last, event.TokenExchanged{})
	d.State = []byte(`"` + strings.Repeat("x", event.MaxStateHeader-1) + `"`)
	_, err = bus.Decide(t.Context(), js, d)
	require.ErrorContains(t, err, "is over")
}

func TestAStateKeepsItsBytes(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	d := decision("a", 0, event.OnboardingStarted{})
	d.State = []byte(`{"name":"Açaí \u0000 \"x\": y\\n 🍕","tab":"a\tb"}`)
	_, err := bus.Decide(t.Context(), js, d)
	require.NoError(t, err)
	head, err := open(t, js).Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, string(d.State), string(head.State))
}

func TestWhatIsNoDecisionIsLookedPast(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history := open(t, js)
	put := func(name, body string) {
		t.Helper()
		_, err := js.Publish(t.Context(), "waba.evt."+string(restaurant)+"."+name, []byte(body))
		require.NoError(t, err)
	}
	body := func(id event.RestaurantID, e event.Event) string {
		t.Helper()
		m := meta("x")
		m.Restaurant = id
		encoded, err := event.Encode(m, e)
		require.NoError(t, err)
		return string(encoded)
	}
	put("WabaReady", `{"stream":"WABA_IN","seq":1}`)
	head, err := history.Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, bus.Head{Last: 1}, head)

	first, err := bus.Decide(t.Context(), js, decision("a", head.Last, event.OnboardingStarted{}))
	require.NoError(t, err)
	put("WabaReady", ``)
	put("WabaReady", body("11111111-1111-4111-8111-111111111111", event.WabaReady{})) // another restaurant's
	put("WabaReady", body(restaurant, event.TokenExchanged{}))                        // another event
	head, err = history.Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, first, head.Seq)
	require.Equal(t, first+3, head.Last)
	require.Equal(t, event.NameOnboardingStarted, head.Event.Name())

	// A kind of a newer service is a decision all the same.
	put("SomethingNew", strings.ReplaceAll(body(restaurant, event.TokenExchanged{}), "TokenExchanged", "SomethingNew"))
	head, err = history.Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.Equal(t, head.Last, head.Seq)
	require.IsType(t, event.Unknown{}, head.Event)
}
