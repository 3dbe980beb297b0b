package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// kept is what the streams hold.
type kept struct {
	messages uint64 // ever stored
	bytes    uint64
}

// reader is a connection that may read everything but secrets.
func reader(ctx context.Context, sys *system) (jetstream.JetStream, func(), error) {
	conn, js, err := bus.Connect(ctx, bus.ConnectOptions{URL: sys.NATS, Service: bus.UserReader})
	if err != nil {
		return nil, nil, err
	}
	return js, conn.Close, nil
}

func streams(ctx context.Context, js jetstream.JetStream) (kept, error) {
	var k kept
	for _, name := range []string{bus.Log, bus.In, bus.Timers, bus.Secrets, bus.Dead} {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return k, fmt.Errorf("stream %s: %w", name, err)
		}
		state := stream.CachedInfo().State
		k.messages += state.LastSeq
		k.bytes += state.Bytes
	}
	return k, nil
}

// replay reads the whole log in order and decodes every event. It returns how many
// there were and how long that took.
func replay(ctx context.Context, js jetstream.JetStream) (events uint64, took time.Duration, err error) {
	ctx, done := context.WithCancelCause(ctx)
	defer done(nil)
	stream, err := js.Stream(ctx, bus.Log)
	if err != nil {
		return 0, 0, err
	}
	last := stream.CachedInfo().State.LastSeq
	if last == 0 {
		return 0, 0, errors.New("replay: the log is empty")
	}
	consumer, err := js.OrderedConsumer(ctx, bus.Log, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return 0, 0, fmt.Errorf("replay: %w", err)
	}
	errAll := errors.New("all were read")
	began := time.Now()
	consume, err := consumer.Consume(func(msg jetstream.Msg) {
		if _, _, err := event.Decode(msg.Data()); err != nil {
			done(fmt.Errorf("replay: %s: %w", msg.Subject(), err))
			return
		}
		if events++; events == last {
			done(errAll)
		}
	}, jetstream.PullMaxMessages(4096))
	if err != nil {
		return 0, 0, fmt.Errorf("replay: %w", err)
	}
	<-ctx.Done()
	took = time.Since(began)
	consume.Stop()
	<-consume.Closed()
	if cause := context.Cause(ctx); !errors.Is(cause, errAll) {
		return 0, 0, cause
	}
	return events, took, nil
}
