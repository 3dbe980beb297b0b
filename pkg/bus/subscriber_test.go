package bus_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natsserver"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

// lines is a log that tests can read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// work makes a stream with a durable consumer, and returns the topic of it.
func work(t *testing.T, js jetstream.JetStream, ackWait time.Duration) (jetstream.Consumer, string) {
	t.Helper()
	stream, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "WORK", Subjects: []string{"work.>"}})
	require.NoError(t, err)
	consumer, err := stream.CreateOrUpdateConsumer(t.Context(), jetstream.ConsumerConfig{
		Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: 1000,
	})
	require.NoError(t, err)
	return consumer, bus.Topic("WORK", "worker")
}

func publish(t *testing.T, js jetstream.JetStream, count int) {
	t.Helper()
	for i := range count {
		_, err := js.Publish(t.Context(), "work.x", fmt.Append(nil, i))
		require.NoError(t, err)
	}
}

func subscribe(t *testing.T, js jetstream.JetStream, topic string, config bus.SubscriberConfig) (*bus.Subscriber, <-chan *message.Message) {
	t.Helper()
	subscriber := bus.NewSubscriber(js, config)
	messages, err := subscriber.Subscribe(t.Context(), topic)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, subscriber.Close()) })
	return subscriber, messages
}

func receive(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case msg, open := <-messages:
		require.True(t, open, "channel is closed")
		return msg
	case <-time.After(20 * time.Second):
		require.FailNow(t, "no message came")
		return nil
	}
}

func nothingWithin(t *testing.T, messages <-chan *message.Message, wait time.Duration) {
	t.Helper()
	select {
	case <-messages:
		require.FailNow(t, "a message came")
	case <-time.After(wait):
	}
}

func settled(t *testing.T, consumer jetstream.Consumer) {
	t.Helper()
	waiting(t, consumer, 0)
}

// waiting waits until all but some messages are settled, and those are delivered.
func waiting(t *testing.T, consumer jetstream.Consumer, count int) {
	t.Helper()
	require.Eventually(t, func() bool {
		info, err := consumer.Info(t.Context())
		return err == nil && info.NumAckPending == count && info.NumPending == 0
	}, 20*time.Second, 5*time.Millisecond)
}

func TestALongHandlingIsNotDeliveredAgain(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	consumer, topic := work(t, js, 300*time.Millisecond)
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{})
	publish(t, js, 2)
	first, second := receive(t, messages), receive(t, messages)
	nothingWithin(t, messages, 1500*time.Millisecond)
	info, err := consumer.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, info.NumAckPending)
	require.Zero(t, info.NumRedelivered)
	first.Ack()
	second.Ack()
	settled(t, consumer)
}

func TestNoMoreIsAskedForThanCanBeStarted(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	consumer, topic := work(t, js, time.Minute)
	publish(t, js, 7)
	_, busy := subscribe(t, js, topic, bus.SubscriberConfig{InFlight: 3})
	for range 3 {
		held := receive(t, busy)
		defer held.Ack()
	}
	nothingWithin(t, busy, 100*time.Millisecond)
	info, err := consumer.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, info.NumAckPending)

	_, idle := subscribe(t, js, topic, bus.SubscriberConfig{InFlight: 3})
	for range 4 { // at once, none of them waits at the busy one
		receive(t, idle).Ack()
	}
}

func TestANackWaitsLongerEachTime(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	_, topic := work(t, js, time.Minute)
	var asked []uint64
	var mu sync.Mutex
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{Backoff: func(deliveries uint64) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, deliveries)
		return time.Duration(deliveries) * 100 * time.Millisecond //nolint:gosec // small
	}})
	publish(t, js, 1)
	last := time.Now()
	for i := range 4 {
		msg := receive(t, messages)
		m, ok := bus.FromMessage(msg)
		require.True(t, ok)
		require.EqualValues(t, i+1, m.Deliveries)
		require.GreaterOrEqual(t, time.Since(last), time.Duration(i)*100*time.Millisecond)
		last = time.Now()
		if i < 3 {
			msg.Nack()
		} else {
			msg.Ack()
		}
	}
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []uint64{1, 2, 3}, asked)
}

func TestBackoffGrowsToAMinuteAndIsSpread(t *testing.T) {
	t.Parallel()
	for deliveries, most := range map[uint64]time.Duration{
		0: 250 * time.Millisecond, 1: 250 * time.Millisecond, 2: 500 * time.Millisecond, 5: 4 * time.Second,
		8: 32 * time.Second, 9: time.Minute, 1000: time.Minute, 1 << 63: time.Minute,
	} {
		seen := map[time.Duration]bool{}
		for range 50 {
			wait := bus.Backoff(deliveries)
			require.LessOrEqual(t, wait, most)
			require.GreaterOrEqual(t, wait, most/2)
			seen[wait] = true
		}
		require.Greater(t, len(seen), 10)
	}
}

func TestCloseLetsHandlersFinish(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	consumer, topic := work(t, js, time.Minute)
	publish(t, js, 5)
	subscriber, messages := subscribe(t, js, topic, bus.SubscriberConfig{InFlight: 2})
	first, second := receive(t, messages), receive(t, messages)
	closed := make(chan error)
	go func() { closed <- subscriber.Close() }()
	select {
	case err := <-closed:
		require.FailNow(t, "closed with messages in flight", err)
	case <-first.Context().Done():
		require.FailNow(t, "work in flight was cancelled")
	case <-time.After(100 * time.Millisecond):
	}
	first.Ack()
	second.Ack()
	require.NoError(t, <-closed)
	_, open := <-messages
	require.False(t, open)
	require.ErrorIs(t, first.Context().Err(), context.Canceled)
	require.Eventually(t, func() bool { // the other three are nobody's and were not touched
		info, err := consumer.Info(t.Context())
		return err == nil && info.NumAckPending == 0 && info.NumPending == 3 && info.NumWaiting == 0
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, subscriber.Close())
	_, err := subscriber.Subscribe(t.Context(), topic)
	require.ErrorIs(t, err, bus.ErrClosed)
	require.True(t, js.Conn().IsConnected(), "the connection is the caller's")
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	_, topic := work(t, js, time.Minute)
	publish(t, js, 1)
	subscriber, messages := subscribe(t, js, topic, bus.SubscriberConfig{
		Drain:   50 * time.Millisecond,
		Backoff: func(uint64) time.Duration { return time.Millisecond },
	})
	stuck := receive(t, messages)
	require.NoError(t, subscriber.Close())
	require.ErrorIs(t, stuck.Context().Err(), context.Canceled)
	stuck.Ack() // too late: it was given back
	_, messages = subscribe(t, js, topic, bus.SubscriberConfig{})
	again := receive(t, messages)
	require.Equal(t, string(stuck.Payload), string(again.Payload))
	again.Ack()
}

func TestMessagesThatNobodyTookAreGivenBackAtOnce(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	consumer, topic := work(t, js, time.Minute)
	publish(t, js, 10)
	ctx, stop := context.WithCancel(t.Context())
	subscriber := bus.NewSubscriber(js, bus.SubscriberConfig{})
	unread, err := subscriber.Subscribe(ctx, topic)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		info, err := consumer.Info(t.Context())
		return err == nil && info.NumAckPending == 10
	}, 10*time.Second, 5*time.Millisecond)
	stop()
	require.NoError(t, subscriber.Close())
	_, open := <-unread
	require.False(t, open)
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{})
	for range 10 {
		receive(t, messages).Ack()
	}
	settled(t, consumer)
}

func TestAConsumerThatIsNotThereIsWaitedFor(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	var log lines
	_, messages := subscribe(t, js, bus.Topic("WORK", "worker"), bus.SubscriberConfig{Logger: log.logger()})
	require.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte("consumer cannot be used")) }, 10*time.Second, 5*time.Millisecond)
	consumer, _ := work(t, js, time.Minute)
	publish(t, js, 1)
	receive(t, messages).Ack()
	settled(t, consumer)

	stream, err := js.Stream(t.Context(), "WORK")
	require.NoError(t, err)
	require.NoError(t, stream.DeleteConsumer(t.Context(), "worker"))
	consumer, _ = work(t, js, time.Minute)
	receive(t, messages).Ack() // a new consumer begins at the beginning
	settled(t, consumer)
	require.Contains(t, log.String(), "consumer is there again")
}

func TestASubscriptionOutlivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	options := natsserver.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	server, err := natsserver.Start(t.Context(), options)
	require.NoError(t, err)
	options.Addr = server.URL()[len("nats://"):]
	conn, js, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: server.URL(), Service: "test"})
	require.NoError(t, err)
	defer conn.Close()
	consumer, topic := work(t, js, time.Minute)
	subscriber := bus.NewSubscriber(js, bus.SubscriberConfig{InFlight: 4})
	messages, err := subscriber.Subscribe(t.Context(), topic)
	require.NoError(t, err)
	publish(t, js, 1)
	held := receive(t, messages)

	for range 2 {
		waiting(t, consumer, 1) // an ack that is under way is lost
		require.NoError(t, server.Close())
		server, err = natsserver.Start(t.Context(), options)
		require.NoError(t, err)
		require.Eventually(t, func() bool { // a connection is there before the streams are
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := js.Stream(ctx, "WORK")
			return err == nil
		}, 20*time.Second, 5*time.Millisecond)
		start := time.Now()
		publish(t, js, 3)
		for range 3 {
			receive(t, messages).Ack()
		}
		require.Less(t, time.Since(start), 5*time.Second, "it asks again at once, not when its request is found lost")
	}
	held.Ack()
	settled(t, consumer)
	require.NoError(t, subscriber.Close())
	require.NoError(t, server.Close())
}

func TestASubscriptionEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	server := natstest.Server(t)
	js := natstest.Connect(t, server)
	_, topic := work(t, js, time.Minute)
	subscriber, messages := subscribe(t, js, topic, bus.SubscriberConfig{})
	js.Conn().Close()
	select {
	case _, open := <-messages:
		require.False(t, open)
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the channel stays open")
	}
	require.NoError(t, subscriber.Close())
}
