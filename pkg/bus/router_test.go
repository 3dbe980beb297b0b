package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

// route runs a router with one handler for onboarding's inputs until the test ends.
func route(t *testing.T, js jetstream.JetStream, config bus.RouterConfig, handler func(context.Context, bus.Message) error) {
	t.Helper()
	if config.Subscriber.Backoff == nil {
		config.Subscriber.Backoff = func(uint64) time.Duration { return 20 * time.Millisecond }
	}
	router, err := bus.NewRouter(js, config)
	require.NoError(t, err)
	bus.Handle(router, "inputs", bus.Topic(bus.In, bus.DurableOnboarding), handler)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
}

func cancelRequest(t *testing.T, js jetstream.JetStream, id string) uint64 {
	t.Helper()
	seq, err := bus.PublishInput(t.Context(), js, meta(id), event.CancelRequested{Reason: "secret-of-" + id})
	require.NoError(t, err)
	return seq
}

func inputs(t *testing.T, js jetstream.JetStream) jetstream.Consumer {
	t.Helper()
	consumer, err := js.Consumer(t.Context(), bus.In, bus.DurableOnboarding)
	require.NoError(t, err)
	return consumer
}

func take[T any](t *testing.T, values <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-values:
	case <-time.After(20 * time.Second):
		require.FailNow(t, "nothing came")
	}
	return value
}

func TestAHandlerSeesTheMessageAndAcksByReturningNil(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	var log lines
	seen := make(chan bus.Message, 10)
	route(t, js, bus.RouterConfig{Logger: log.logger()}, func(_ context.Context, msg bus.Message) error {
		seen <- msg
		return nil
	})
	seq := cancelRequest(t, js, "a")
	msg := take(t, seen)
	require.Equal(t, bus.In, msg.Stream)
	require.Equal(t, bus.DurableOnboarding, msg.Consumer)
	require.Equal(t, seq, msg.Seq)
	require.Equal(t, "waba.in."+string(restaurant)+".CancelRequested", msg.Subject)
	require.Equal(t, event.FamilyInput, msg.Family)
	require.Equal(t, restaurant, msg.Restaurant)
	require.Equal(t, event.NameCancelRequested, msg.Name)
	require.EqualValues(t, 1, msg.Deliveries)
	require.Equal(t, "a", msg.Header.Get(nats.MsgIdHdr))
	require.WithinDuration(t, time.Now(), msg.Stored, time.Minute)
	_, e, err := event.Decode(msg.Body)
	require.NoError(t, err)
	require.Equal(t, event.CancelRequested{Reason: "secret-of-a"}, e)
	settled(t, inputs(t, js))

	line := logged(t, &log, "message settled", 1)[0]
	require.Equal(t, "INFO", line["level"])
	require.Equal(t, "ack", line["verdict"])
	require.EqualValues(t, 1, line["attempt"])
	require.Contains(t, line, "duration")
	require.Equal(t, string(restaurant), line["restaurant_id"])
	require.Equal(t, "CancelRequested", line["event"])
	require.EqualValues(t, seq, line["seq"])
}

// logged waits for some lines with a message and returns them.
func logged(t *testing.T, log *lines, msg string, count int) []map[string]any {
	t.Helper()
	var found []map[string]any
	require.Eventually(t, func() bool {
		found = nil
		for text := range strings.Lines(log.String()) {
			var line map[string]any
			if json.Unmarshal([]byte(text), &line) == nil && line["msg"] == msg {
				found = append(found, line)
			}
		}
		return len(found) >= count
	}, 20*time.Second, 5*time.Millisecond)
	require.Len(t, found, count)
	return found
}

func TestAnErrorIsTriedAgainAndLaterWaitsAsLongAsItSays(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	var log lines
	times := make(chan time.Time, 10)
	route(t, js, bus.RouterConfig{Logger: log.logger()}, func(_ context.Context, msg bus.Message) error {
		times <- time.Now()
		switch msg.Deliveries {
		case 1:
			return errors.New("disk full")
		case 2:
			return fmt.Errorf("head: %w", &fault.Later{After: 300 * time.Millisecond, Reason: "ahead"})
		}
		return nil
	})
	cancelRequest(t, js, "a")
	take(t, times)
	second := take(t, times)
	third := take(t, times)
	require.GreaterOrEqual(t, third.Sub(second), 300*time.Millisecond)
	settled(t, inputs(t, js))
	found := logged(t, &log, "message settled", 3)
	require.Equal(t, "retry", found[0]["verdict"])
	require.Equal(t, "WARN", found[0]["level"])
	require.Equal(t, "disk full", found[0]["error"])
	require.Equal(t, "retry", found[1]["verdict"])
	require.Equal(t, "INFO", found[1]["level"], "later is no failure")
	require.Equal(t, "ahead", found[1]["reason"])
	require.Equal(t, "ack", found[2]["verdict"])
	require.EqualValues(t, 3, found[2]["attempt"])
	require.NotContains(t, log.String(), "secret-of-a")
}

func TestAPanicIsTriedAgain(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	var log lines
	route(t, js, bus.RouterConfig{Logger: log.logger()}, func(_ context.Context, msg bus.Message) error {
		if msg.Deliveries == 1 {
			var none []string
			_ = none[msg.Deliveries]
		}
		return nil
	})
	cancelRequest(t, js, "a")
	settled(t, inputs(t, js))
	found := logged(t, &log, "message settled", 2)
	require.Equal(t, "retry", found[0]["verdict"])
	require.Contains(t, found[0]["error"], "panic: runtime error: index out of range")
	require.Contains(t, found[0]["stack"], "router_test.go")
}

func TestAHandlingEndsInTime(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	route(t, js, bus.RouterConfig{Timeout: 50 * time.Millisecond}, func(ctx context.Context, msg bus.Message) error {
		if msg.Deliveries == 1 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	cancelRequest(t, js, "a")
	settled(t, inputs(t, js))
}

// A context that ends stops the router, but not the work in flight.
func TestARouterDrainsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	router, err := bus.NewRouter(js, bus.RouterConfig{})
	require.NoError(t, err)
	begun, finish := make(chan struct{}), make(chan struct{})
	bus.Handle(router, "inputs", bus.Topic(bus.In, bus.DurableOnboarding), func(ctx context.Context, _ bus.Message) error {
		close(begun)
		<-finish
		return ctx.Err()
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	cancelRequest(t, js, "a")
	take(t, begun)
	stop()
	select {
	case err := <-ended:
		require.FailNow(t, "it ended with work in flight", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(finish)
	require.NoError(t, take(t, ended))
	settled(t, inputs(t, js))
}

// Work in flight that is given up is nobody's failure: it is given back, and no
// warning says so.
func TestARouterThatDrainsCanBeToldToGiveUp(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	var log lines
	giveUp := make(chan struct{})
	router, err := bus.NewRouter(js, bus.RouterConfig{Logger: log.logger(), Subscriber: bus.SubscriberConfig{GiveUp: giveUp}})
	require.NoError(t, err)
	begun := make(chan struct{})
	bus.Handle(router, "inputs", bus.Topic(bus.In, bus.DurableOnboarding), func(ctx context.Context, _ bus.Message) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	cancelRequest(t, js, "a")
	take(t, begun)
	stop()
	select {
	case err := <-ended:
		require.FailNow(t, "it ended with work in flight", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(giveUp)
	require.NoError(t, take(t, ended))
	require.Contains(t, log.String(), `"verdict":"retry"`)
	require.NotContains(t, log.String(), `"WARN"`)
	require.NotContains(t, log.String(), `"ERROR"`)
	require.Eventually(t, func() bool {
		info, err := inputs(t, js).Info(t.Context())
		return err == nil && info.NumAckPending+int(info.NumPending) == 1 //nolint:gosec // one
	}, 10*time.Second, 5*time.Millisecond)
}

// traceParent returns the context of a new trace.
func traceParent(t *testing.T) (parent string, id trace.TraceID) {
	t.Helper()
	text := fmt.Sprintf("%016x%016x", rand.Uint64()|1, rand.Uint64())
	id, err := trace.TraceIDFromHex(text)
	require.NoError(t, err)
	return "00-" + text + "-00000000000000aa-01", id
}

func spansOf(match func(sdktrace.ReadOnlySpan) bool) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, span := range spans.Ended() {
		if match(span) {
			found = append(found, span)
		}
	}
	return found
}

func TestATraceGoesOnOverTheBus(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	route(t, js, bus.RouterConfig{}, func(_ context.Context, msg bus.Message) error {
		if msg.Deliveries == 1 && msg.Name == event.NameRetryRequested {
			return errors.New("again")
		}
		return nil
	})
	envelope, envelopeID := traceParent(t)
	m := meta("a")
	m.TraceParent = envelope
	_, err := bus.PublishInput(t.Context(), js, m, event.CancelRequested{})
	require.NoError(t, err)
	header, headerID := traceParent(t)
	_, err = js.PublishMsg(t.Context(), &nats.Msg{
		Subject: "waba.in." + string(restaurant) + ".CancelRequested",
		Header:  nats.Header{"traceparent": {header}},
		Data:    []byte("{}"),
	})
	require.NoError(t, err)
	again, againID := traceParent(t)
	m = meta("b")
	m.TraceParent = again
	_, err = bus.PublishInput(t.Context(), js, m, event.RetryRequested{})
	require.NoError(t, err)
	settled(t, inputs(t, js))

	for _, id := range []trace.TraceID{envelopeID, headerID} {
		found := spansOf(func(s sdktrace.ReadOnlySpan) bool { return s.SpanContext().TraceID() == id })
		require.Len(t, found, 1)
		require.Equal(t, "bus.Handle", found[0].Name())
		require.Equal(t, trace.SpanKindConsumer, found[0].SpanKind())
		require.Equal(t, "00000000000000aa", found[0].Parent().SpanID().String())
	}
	require.Len(t, spansOf(func(s sdktrace.ReadOnlySpan) bool { return s.SpanContext().TraceID() == againID }), 2,
		"a redelivery is a span of the same trace")
}

func TestALookAfterARestIsATraceOfItsOwnWithALink(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	router, err := bus.NewRouter(js, bus.RouterConfig{})
	require.NoError(t, err)
	seen := make(chan bus.Message, 1)
	bus.Handle(router, "ticks", bus.Topic(bus.Timers, bus.DurableOnboarding), func(_ context.Context, msg bus.Message) error {
		seen <- msg
		return nil
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	parent, id := traceParent(t)
	m := meta("x")
	m.TraceParent = parent
	require.NoError(t, bus.Arm(t.Context(), js, m, event.RetryTick{Number: 3}, time.Now()))
	require.Equal(t, event.FamilyTick, take(t, seen).Family)
	stop()
	require.NoError(t, take(t, ended))
	linked := spansOf(func(s sdktrace.ReadOnlySpan) bool {
		return len(s.Links()) == 1 && s.Links()[0].SpanContext.TraceID() == id
	})
	require.Len(t, linked, 1)
	require.False(t, linked[0].Parent().IsValid())
}
