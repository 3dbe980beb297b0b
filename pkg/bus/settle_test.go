package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func deadLetters(t *testing.T, js jetstream.JetStream) map[uint64]bus.DeadLetter {
	t.Helper()
	stream, err := js.Stream(t.Context(), bus.Dead)
	require.NoError(t, err)
	letters := map[uint64]bus.DeadLetter{}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		msg, err := stream.GetMsg(t.Context(), seq)
		require.NoError(t, err)
		var letter bus.DeadLetter
		require.NoError(t, json.Unmarshal(msg.Data, &letter))
		require.Equal(t, bus.DeadSubject(letter.Stream, letter.Consumer, letter.Seq), msg.Subject)
		require.NotContains(t, letters, letter.Seq, "it is there twice")
		require.NotContains(t, string(msg.Data), "secret-of")
		letters[letter.Seq] = letter
	}
	return letters
}

func TestPoisonIsADeadLetterOnceAndStopsNothing(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	var log lines
	var mu sync.Mutex
	done := map[uint64]int{}
	route(t, js, bus.RouterConfig{Logger: log.logger()}, func(_ context.Context, msg bus.Message) error {
		if _, _, err := event.Decode(msg.Body); err != nil {
			return &fault.Permanent{Reason: "malformed", Err: err}
		}
		mu.Lock()
		defer mu.Unlock()
		done[msg.Seq]++
		return nil
	})
	poison := map[uint64]string{}
	bodies := []string{"", "{", "null", "[]", `"x"`, "\x00\xff", `{"specversion":"1.0"}`, strings.Repeat("[", 10_000), `{"secret-of":1}`, strings.Repeat("x", 900_000)}
	for i := range 200 {
		if i%10 != 0 {
			cancelRequest(t, js, fmt.Sprint(i))
			continue
		}
		subject := "waba.in." + string(restaurant) + ".CancelRequested"
		ack, err := js.Publish(t.Context(), subject, []byte(bodies[i/10%len(bodies)]))
		require.NoError(t, err)
		poison[ack.Sequence] = "malformed"
	}
	for _, id := range []string{"NOT-A-UUID", strings.ToUpper(string(restaurant))} {
		ack, err := js.Publish(t.Context(), "waba.in."+id+".CancelRequested", []byte("{}"))
		require.NoError(t, err)
		poison[ack.Sequence] = "subject_malformed"
	}
	settled(t, inputs(t, js))
	letters := deadLetters(t, js)
	require.Len(t, letters, len(poison))
	for seq, reason := range poison {
		require.Equal(t, reason, letters[seq].Reason)
		require.Equal(t, bus.In, letters[seq].Stream)
		require.Equal(t, bus.DurableOnboarding, letters[seq].Consumer)
		require.EqualValues(t, 1, letters[seq].Deliveries)
		require.WithinDuration(t, time.Now(), letters[seq].At, time.Minute)
	}
	mu.Lock()
	require.Len(t, done, 180)
	mu.Unlock()
	require.Contains(t, log.String(), `"verdict":"term"`)
	info, err := inputs(t, js).Info(t.Context())
	require.NoError(t, err)
	require.Zero(t, info.NumRedelivered)
}

func TestAMessageIsNotTerminatedBeforeItIsADeadLetter(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	require.NoError(t, js.DeleteStream(t.Context(), bus.Dead))
	calls := make(chan uint64, 100)
	route(t, js, bus.RouterConfig{}, func(_ context.Context, msg bus.Message) error {
		select {
		case calls <- msg.Deliveries:
		default:
		}
		return &fault.Permanent{Reason: "malformed", Err: errors.New("x")}
	})
	seq := cancelRequest(t, js, "a")
	require.EqualValues(t, 1, take(t, calls))
	require.EqualValues(t, 2, take(t, calls), "it is tried again while the index cannot be reached")
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	settled(t, inputs(t, js))
	require.Contains(t, deadLetters(t, js), seq)
}

func TestBuryingTwiceIsBuryingOnce(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	m := bus.Message{Stream: bus.In, Consumer: "onboarding", Seq: 7, Subject: "waba.in.x.y", Deliveries: 2}
	for range 3 {
		require.NoError(t, bus.Bury(t.Context(), js, m, "malformed", time.Now()))
	}
	m.Consumer = "auditlog"
	require.NoError(t, bus.Bury(t.Context(), js, m, "malformed", time.Now()))
	stream, err := js.Stream(t.Context(), bus.Dead)
	require.NoError(t, err)
	require.EqualValues(t, 2, stream.CachedInfo().State.Msgs)
}
