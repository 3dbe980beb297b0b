package bus_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestMigrateMakesEverythingOnceHoweverOftenItRuns(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	require.ErrorIs(t, bus.Check(t.Context(), js, bus.Log), bus.ErrNotMigrated)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := bus.Migrate(t.Context(), js, 1); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	names := []string{bus.Log, bus.In, bus.Timers, bus.Webhooks, bus.Secrets, bus.Dead, bus.IdempotencyStream}
	require.NoError(t, bus.Check(t.Context(), js, names...))

	_, err := bus.Decide(t.Context(), js, decision("a", 0, event.OnboardingStarted{}))
	require.NoError(t, err)
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	head, err := open(t, js).Head(t.Context(), restaurant)
	require.NoError(t, err)
	require.EqualValues(t, 1, head.Seq, "data stays")

	var there []string
	for info := range js.ListStreams(t.Context()).Info() {
		there = append(there, info.Config.Name)
	}
	require.ElementsMatch(t, names, there)
}

// Whoever may publish to a stream with one of these settings may do more than
// publish. See [bus.Streams].
func TestStreamsAllowNothingThatMakesAForger(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	for info := range js.ListStreams(t.Context()).Info() {
		config := info.Config
		timers := config.Name == bus.Timers
		require.False(t, config.AllowDirect, config.Name)
		require.False(t, config.AllowMsgTTL, config.Name)
		require.Equal(t, timers, config.AllowMsgSchedules, config.Name)
		require.Equal(t, timers, config.AllowRollup, config.Name)
		require.Equal(t, !timers, config.DenyDelete, config.Name)
		require.Equal(t, jetstream.FileStorage, config.Storage, config.Name)
		require.Equal(t, timers, config.Discard == jetstream.DiscardOld, config.Name)
		require.EqualValues(t, -1, config.MaxMsgs, config.Name)
		require.EqualValues(t, -1, config.MaxBytes, config.Name)
	}
	log, err := js.Stream(t.Context(), bus.Log)
	require.NoError(t, err)
	require.Zero(t, log.CachedInfo().Config.MaxAge, "the log never ages out")
}

// A kind that no consumer takes would never be worked on; one that two take, twice.
func TestEveryKindIsAnsweredByOneConsumerOfOnboarding(t *testing.T) {
	t.Parallel()
	streams := map[event.Family]string{event.FamilyInput: bus.In, event.FamilyDecision: bus.Log, event.FamilyTick: bus.Timers}
	for family, stream := range streams {
		for _, name := range event.NamesOf(family) {
			var answering []string
			for _, c := range bus.Consumers() {
				require.Equal(t, jetstream.AckExplicitPolicy, c.Config.AckPolicy)
				require.Equal(t, -1, c.Config.MaxDeliver)
				require.Empty(t, c.Config.FilterSubjects, "each of them would be held against every subject of the stream")
				filter := strings.Split(c.Config.FilterSubject, ".")
				if c.Service == "onboarding" && c.Stream == stream && filter[1] == string(family) &&
					(filter[3] == "*" || filter[3] == string(name)) && c.Answers(bus.Message{Name: name}) {
					answering = append(answering, c.Topic())
				}
			}
			require.Len(t, answering, 1, name)
		}
	}
}

func TestAWebhookIsStoredOnce(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	_, err := js.Publish(t.Context(), "waba.webhook.abc", []byte("{}"))
	require.NoError(t, err)
	_, err = js.Publish(t.Context(), "waba.webhook.abc", []byte("{}"))
	require.Error(t, err)
	_, err = js.Publish(t.Context(), "waba.webhook.abd", []byte("{}"))
	require.NoError(t, err)
}
