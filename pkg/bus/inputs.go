package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// PublishInput publishes an input and returns its place in WABA_IN. It returns
// only once the input is durable. The same id again within two minutes is stored
// once: the place is that of the first.
func PublishInput(ctx context.Context, js jetstream.JetStream, meta event.Meta, input event.Event) (seq uint64, err error) {
	return publishInput(ctx, js, meta, input)
}

// PublishCode publishes an OAuth code if last is still the place of the
// restaurant's last code (0: there is none), so that a state is used once. The
// error wraps [ErrLost] when another came between.
func PublishCode(ctx context.Context, js jetstream.JetStream, meta event.Meta, code event.OAuthCodeReceived, last uint64) (seq uint64, err error) {
	return publishInput(ctx, js, meta, code, jetstream.WithExpectLastSequencePerSubject(last))
}

func publishInput(ctx context.Context, js jetstream.JetStream, meta event.Meta, input event.Event, fence ...jetstream.PublishOpt) (uint64, error) {
	body, err := event.Encode(meta, input)
	if err != nil {
		return 0, err
	}
	msg := &nats.Msg{Subject: event.Subject(event.FamilyInput, meta.Restaurant, input.Name()), Data: body}
	ack, err := js.PublishMsg(ctx, msg, append(fence, jetstream.WithMsgID(meta.ID), jetstream.WithRetryAttempts(0))...)
	if isFence(err) {
		return 0, fmt.Errorf("publish %s for %s: %w", input.Name(), meta.Restaurant, ErrLost)
	}
	if err != nil {
		return 0, fmt.Errorf("publish %s for %s: %w", input.Name(), meta.Restaurant, err)
	}
	return ack.Sequence, nil
}
