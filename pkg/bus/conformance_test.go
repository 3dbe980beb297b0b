package bus_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

// suiteSubscriber makes a stream for each topic of Watermill's suite, and a
// durable consumer for each group: in production `waba migrate` does.
type suiteSubscriber struct {
	*bus.Subscriber
	js    jetstream.JetStream
	group string
	ctx   func() context.Context // the suite hands over none
}

func (s suiteSubscriber) SubscribeInitialize(topic string) error {
	_, err := suiteConsumer(s.ctx(), s.js, topic, s.group)
	return err
}

func suiteConsumer(ctx context.Context, js jetstream.JetStream, topic, group string) (jetstream.Consumer, error) {
	stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name:     strings.ReplaceAll(topic, ".", "_"),
		Subjects: []string{topic},
		Storage:  jetstream.MemoryStorage,
	})
	if err != nil {
		return nil, err
	}
	return stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable:       group,
		AckPolicy:     jetstream.AckExplicitPolicy,
		MaxAckPending: 20_000,
		AckWait:       10 * time.Second,
	})
}

//nolint:paralleltest // the suite is many parallel tests already
func TestPubSubPassesTheSuiteOfWatermill(t *testing.T) {
	server := natstest.Server(t)
	group := func(t *testing.T, group string) (message.Publisher, message.Subscriber) {
		t.Helper()
		js := natstest.Connect(t, server)
		return bus.NewPublisher(js), suiteSubscriber{
			js:    js,
			group: group,
			ctx:   t.Context,
			Subscriber: bus.NewSubscriber(js, bus.SubscriberConfig{
				Consumer: func(ctx context.Context, topic string) (jetstream.Consumer, error) {
					return suiteConsumer(ctx, js, topic, group)
				},
				Drain:   200 * time.Millisecond, // the suite closes with messages in hand
				Backoff: func(uint64) time.Duration { return rand.N(20 * time.Millisecond) },
			}),
		}
	}
	tests.TestPubSub(t,
		tests.Features{ConsumerGroups: true, Persistent: true},
		func(t *testing.T) (message.Publisher, message.Subscriber) { return group(t, "suite") },
		group,
	)
}
