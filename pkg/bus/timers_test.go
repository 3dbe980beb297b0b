package bus_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natsserver"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

// ticks returns a way to wait for the next tick.
func ticks(t *testing.T, js jetstream.JetStream) func() jetstream.Msg {
	t.Helper()
	consumer, err := js.Consumer(t.Context(), bus.Timers, bus.DurableOnboarding)
	require.NoError(t, err)
	return func() jetstream.Msg {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		msg, err := consumer.Next(jetstream.FetchContext(ctx))
		require.NoError(t, err)
		require.NoError(t, msg.Ack())
		return msg
	}
}

func TestATickComesAtItsTimeAndNeverSooner(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	next := ticks(t, js)
	for number, wait := range map[uint64]time.Duration{1: 0, 2: 400 * time.Millisecond, 3: 1100 * time.Millisecond} {
		at := time.Now().Add(wait)
		require.NoError(t, bus.Arm(t.Context(), js, meta("ignored"), event.PollTick{Number: number}, at))
		msg := next()
		stored, err := msg.Metadata()
		require.NoError(t, err)
		require.False(t, stored.Timestamp.Before(at), "early by %s", at.Sub(stored.Timestamp))
		require.Less(t, stored.Timestamp.Sub(at), 5*time.Second)
		require.Equal(t, event.Subject(event.FamilyTick, restaurant, event.NamePollTick), msg.Subject())

		envelope, tick, err := event.Decode(msg.Data())
		require.NoError(t, err)
		require.Equal(t, event.PollTick{Number: number}, tick)
		require.Equal(t, bus.TickID(restaurant, event.NamePollTick, number), envelope.ID)
		require.True(t, envelope.Time.Equal(at))
	}
}

func TestArmingTheSameWaitAgainChangesNothing(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	next := ticks(t, js)
	at := time.Now().Add(700 * time.Millisecond)
	for range 3 {
		require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.PollTick{Number: 1}, at))
	}
	require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.PollTick{Number: 1}, at.Add(time.Hour)), "another time is too late")
	require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.PollTick{Number: 2}, at.Add(200*time.Millisecond)))
	for _, want := range []uint64{1, 2} {
		_, tick, err := event.Decode(next().Data())
		require.NoError(t, err)
		number, ok := event.TickNumber(tick)
		require.True(t, ok)
		require.Equal(t, want, number)
	}
	// Once it has fired it may be armed again, and fires again: its number tells.
	require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.PollTick{Number: 1}, at))
	_, tick, err := event.Decode(next().Data())
	require.NoError(t, err)
	require.Equal(t, event.PollTick{Number: 1}, tick)
}

func TestOnlyATickCanBeArmed(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	require.ErrorContains(t, bus.Arm(t.Context(), js, meta("x"), event.WabaReady{}, time.Now()), "not a tick")
}

//nolint:paralleltest // its parts come one after the other
func TestATimerOutlivesTheServer(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: t.TempDir()}
	server, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Run("before", func(t *testing.T) {
		js := natstest.Connect(t, server)
		require.NoError(t, bus.Migrate(t.Context(), js, 1))
		require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.RetryTick{Number: 1}, time.Now().Add(100*time.Millisecond)))
		require.NoError(t, bus.Arm(t.Context(), js, meta("x"), event.RetryTick{Number: 2}, time.Now().Add(2*time.Second)))
	})
	require.NoError(t, server.Close())

	server, err = natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	t.Run("after", func(t *testing.T) {
		next := ticks(t, natstest.Connect(t, server))
		seen := map[event.Event]bool{}
		for len(seen) < 2 { // one may come twice
			_, tick, err := event.Decode(next().Data())
			require.NoError(t, err)
			seen[tick] = true
		}
		require.True(t, seen[event.RetryTick{Number: 1}] && seen[event.RetryTick{Number: 2}])
	})
	require.NoError(t, server.Close())
}
