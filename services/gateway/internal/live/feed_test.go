package live_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natsserver"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// decide records a decision about a restaurant after its head.
func decide(t *testing.T, js jetstream.JetStream, id event.RestaurantID, e event.Event) uint64 {
	t.Helper()
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	head, err := history.Head(t.Context(), id)
	require.NoError(t, err)
	state, err := json.Marshal(event.Snapshot{Integration: event.Integration{RestaurantID: id, Run: 1, Status: event.StatusInProgress}})
	require.NoError(t, err)
	seq, err := bus.Decide(t.Context(), js, bus.Decision{
		After: head.Seq, Event: e, State: state,
		Meta: event.Meta{ID: uuid.NewString(), Restaurant: id, Time: time.Now(), CausationID: "cause"},
	})
	require.NoError(t, err)
	return seq
}

func run(t *testing.T, js jetstream.JetStream) *live.Feed {
	t.Helper()
	feed, err := live.OpenFeed(t.Context(), js, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { _ = feed.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	return feed
}

func next(t *testing.T, w *live.Watch) live.Decision {
	t.Helper()
	select {
	case d, ok := <-w.Decisions():
		require.True(t, ok, "the watch is closed")
		return *d
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing was handed out")
		return live.Decision{}
	}
}

func newRestaurant() event.RestaurantID { return event.RestaurantID(uuid.NewString()) }

func TestAWatchReceivesItsRestaurantsDecisionsInOrder(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	id, other := newRestaurant(), newRestaurant()
	decide(t, js, id, event.OnboardingStarted{Run: 1})
	feed, err := live.OpenFeed(t.Context(), js, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	one, two := feed.Watch(id), feed.Watch(id)
	require.Equal(t, 2, feed.Watching())
	between := decide(t, js, id, event.TokenExchanged{}) // after the feed was opened, before it runs
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { _ = feed.Run(ctx) })
	decide(t, js, other, event.OnboardingStarted{Run: 1})
	last := decide(t, js, id, event.TokenChecked{})
	for _, w := range []*live.Watch{one, two} {
		d := next(t, w)
		require.Equal(t, between, d.Seq)
		require.Equal(t, event.NameTokenExchanged, d.Event.Name())
		require.Equal(t, "cause", d.Envelope.CausationID)
		require.Equal(t, id, d.Snapshot.RestaurantID)
		require.Equal(t, last, next(t, w).Seq)
	}
	require.NoError(t, feed.Check(t.Context()))
	one.Close()
	one.Close()
	two.Close()
	_, open := <-one.Decisions()
	require.False(t, open)
	require.Zero(t, feed.Watching())
	cancel()
	group.Wait()
}

func TestASlowWatchIsCutAndTheOthersAreServed(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	feed := run(t, js)
	id, other := newRestaurant(), newRestaurant()
	slow, quick := feed.Watch(id), feed.Watch(other)
	for range 300 {
		decide(t, js, id, event.StepDue{})
	}
	decide(t, js, other, event.StepDue{})
	require.Equal(t, event.NameStepDue, next(t, quick).Event.Name())
	received := 0
	for range slow.Decisions() { // ends, because it was cut
		received++
	}
	require.Equal(t, 256, received)
	require.Equal(t, 1, feed.Watching())
	quick.Close()
}

func TestAFeedGoesOnAfterItsConsumerOrItsServerIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(addr string) *natsserver.Server {
		server, err := natsserver.Start(t.Context(), natsserver.Options{Dir: dir, LazySync: true, Addr: addr})
		require.NoError(t, err)
		return server
	}
	server := open("127.0.0.1:0")
	url := server.URL()
	closed := make(chan struct{})
	conn, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		conn.Close()
		<-closed
	})
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	feed := run(t, js)
	id := newRestaurant()
	watch := feed.Watch(id)
	require.Equal(t, decide(t, js, id, event.StepDue{}), next(t, watch).Seq)

	stream, err := js.Stream(t.Context(), bus.Log)
	require.NoError(t, err)
	for name := range stream.ConsumerNames(t.Context()).Name() {
		if name != bus.DurableAuditlog && name != bus.DurableExchange && name != bus.DurableOnboarding {
			require.NoError(t, stream.DeleteConsumer(t.Context(), name))
		}
	}
	require.Equal(t, decide(t, js, id, event.StepDue{}), next(t, watch).Seq, "the consumer was deleted")

	require.NoError(t, server.Close())
	require.Error(t, feed.Check(t.Context()))
	server = open(url[len("nats://"):])
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.Eventually(t, conn.IsConnected, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, decide(t, js, id, event.StepDue{}), next(t, watch).Seq, "the server was started again")
	require.Eventually(t, func() bool { return feed.Check(t.Context()) == nil }, 20*time.Second, 50*time.Millisecond)
	watch.Close()
}

func TestAFeedThatDoesNotRunIsBehind(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	feed, err := live.OpenFeed(t.Context(), js, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, feed.Check(t.Context()))
	decide(t, js, newRestaurant(), event.StepDue{})
	require.Eventually(t, func() bool { return feed.Check(t.Context()) != nil }, 20*time.Second, 100*time.Millisecond)
	require.ErrorContains(t, feed.Check(t.Context()), "is not seen")
}

func TestAStoryIsReadForward(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	story := live.Story{History: history}
	id := newRestaurant()
	head, err := story.Head(t.Context(), id)
	require.NoError(t, err)
	require.True(t, head.None())
	_, ok, err := story.Next(t.Context(), id, 0)
	require.NoError(t, err)
	require.False(t, ok)

	first := decide(t, js, id, event.OnboardingStarted{Run: 1})
	decide(t, js, newRestaurant(), event.OnboardingStarted{Run: 1})
	// What is no decision is passed over.
	_, err = js.Publish(t.Context(), event.Subject(event.FamilyDecision, id, event.NameStepDue), []byte("{"))
	require.NoError(t, err)
	last, err := js.Publish(t.Context(), event.Subject(event.FamilyDecision, id, event.NameStepDue), []byte("{"))
	require.NoError(t, err)

	d, ok, err := story.Next(t.Context(), id, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, d.Seq)
	_, ok, err = story.Next(t.Context(), id, first)
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = story.Next(t.Context(), id, last.Sequence)
	require.NoError(t, err)
	require.False(t, ok)
	found, ok, err := story.CausedBy(t.Context(), id, 0, "cause")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, found.Seq)
	_, ok, err = story.CausedBy(t.Context(), id, 0, "another")
	require.NoError(t, err)
	require.False(t, ok)
}
