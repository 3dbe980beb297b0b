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
	"github.com/waba-platform/onboarding/pkg/natsserver"
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

// BenchmarkSteps is one restaurant that takes a dozen steps, each rung by the bell of
// the one before it, on a server that syncs every write and holds this many others.
func BenchmarkSteps(b *testing.B) {
	const steps = 12
	for _, others := range []int{1000, 5000} {
		b.Run(fmt.Sprintf("%d others", others), func(b *testing.B) {
			server, err := natsserver.Start(b.Context(), natsserver.Options{Dir: b.TempDir()})
			require.NoError(b, err)
			defer func() { require.NoError(b, server.Close()) }()
			js := natstest.Connect(b, server)
			require.NoError(b, bus.Migrate(b.Context(), js, 1))
			decide := func(id event.RestaurantID, after uint64, step int) (uint64, error) {
				return bus.Decide(b.Context(), js, bus.Decision{
					After: after, State: state, Event: event.PollDue{Attempt: step},
					Meta: event.Meta{ID: fmt.Sprint(id, step), Source: "bench", Restaurant: id, Time: time.Now()},
				})
			}
			ready, begin := make(chan struct{}, others), make(chan struct{}, 1)
			router, err := bus.NewRouter(js, bus.RouterConfig{})
			require.NoError(b, err)
			bus.Handle(router, "steps", bus.Topic(bus.Log, bus.DurableOnboarding), func(_ context.Context, bell bus.Message) error {
				_, decided, err := event.Decode(bell.Body)
				require.NoError(b, err)
				due, ok := decided.(event.PollDue)
				require.True(b, ok)
				switch {
				case due.Attempt < 0: // one of the others
					ready <- struct{}{}
					return nil
				case due.Attempt == steps:
					begin <- struct{}{}
					return nil
				}
				_, err = decide(bell.Restaurant, bell.Seq, due.Attempt+1)
				return err
			})
			for i := range others {
				_, err := decide(restaurantNumber(1_000_000+i), 0, -1)
				require.NoError(b, err)
			}
			ctx, stop := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- router.Run(ctx) }()
			for range others {
				<-ready
			}
			b.ResetTimer()
			for i := range b.N {
				_, err := decide(restaurantNumber(i), 0, 1)
				require.NoError(b, err)
				<-begin
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*steps), "µs/step")
			stop()
			require.NoError(b, <-ended)
		})
	}
}
