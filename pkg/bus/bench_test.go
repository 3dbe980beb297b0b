package bus_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

// state is as long as a usual one.
var state = []byte(`{"status":"` + strings.Repeat("x", 1500) + `"}`)

func restaurantNumber(i int) event.RestaurantID {
	return event.RestaurantID(fmt.Sprintf("7b1f8a52-6a57-4f0c-9f0e-%012x", i))
}

func BenchmarkDecide(b *testing.B) {
	js := natstest.New(b)
	after := map[int]uint64{}
	for i := 0; b.Loop(); i++ {
		m := meta(fmt.Sprint(i))
		m.Restaurant = restaurantNumber(i % 1000)
		seq, err := bus.Decide(b.Context(), js, bus.Decision{After: after[i%1000], Meta: m, Event: event.PollDue{Attempt: i}, State: state})
		require.NoError(b, err)
		after[i%1000] = seq
	}
}

func filled(b *testing.B) *bus.History {
	b.Helper()
	js := natstest.New(b)
	for i := range 1000 {
		m := meta(fmt.Sprint(i))
		m.Restaurant = restaurantNumber(i)
		_, err := bus.Decide(b.Context(), js, bus.Decision{Meta: m, Event: event.OnboardingStarted{Run: 1}, State: state})
		require.NoError(b, err)
		_, err = bus.PublishInput(b.Context(), js, m, event.CancelRequested{})
		require.NoError(b, err)
	}
	history, err := bus.OpenHistory(b.Context(), js)
	require.NoError(b, err)
	return history
}

func BenchmarkHead(b *testing.B) {
	history := filled(b)
	for i := 0; b.Loop(); i++ {
		head, err := history.Head(b.Context(), restaurantNumber(i%1000))
		require.NoError(b, err)
		require.NotZero(b, head.Seq)
	}
}

func BenchmarkNextInput(b *testing.B) {
	history := filled(b)
	for i := 0; b.Loop(); i++ {
		_, ok, err := history.NextInput(b.Context(), restaurantNumber(i%1000), 0)
		require.NoError(b, err)
		require.True(b, ok)
	}
}

// BenchmarkRouter is what one message costs from the stream through the whole
// router to its ack, beside what a handler does.
func BenchmarkRouter(b *testing.B) {
	for _, handling := range []time.Duration{0, 20 * time.Millisecond} {
		b.Run("handler of "+handling.String(), func(b *testing.B) {
			js := natstest.New(b)
			for i := range b.N {
				m := meta(fmt.Sprint(i))
				m.Restaurant = restaurantNumber(i)
				body, err := event.Encode(m, event.CancelRequested{})
				require.NoError(b, err)
				_, err = js.PublishAsync(event.Subject(event.FamilyInput, m.Restaurant, event.NameCancelRequested), body)
				require.NoError(b, err)
			}
			<-js.PublishAsyncComplete()
			router, err := bus.NewRouter(js, bus.RouterConfig{})
			require.NoError(b, err)
			var done sync.WaitGroup
			done.Add(b.N)
			bus.Handle(router, "inputs", bus.Topic(bus.In, bus.DurableOnboarding), func(context.Context, bus.Message) error {
				if handling > 0 {
					<-time.After(handling)
				}
				done.Done()
				return nil
			})
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			b.ResetTimer()
			go func() { ended <- router.Run(ctx) }()
			done.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			stop()
			require.NoError(b, <-ended)
		})
	}
}
