package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// ErrDuplicate says that a code's event id was published before, less than two
// minutes ago: nothing was published.
var ErrDuplicate = errors.New("the event id was published before")

// PublishInput publishes an input and returns its place in WABA_IN. It returns
// only once the input is durable. The same id again within two minutes is stored
// once: the place is that of the first.
func PublishInput(ctx context.Context, js jetstream.JetStream, meta event.Meta, input event.Event) (seq uint64, err error) {
	ack, err := publishInput(ctx, js, meta, input)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// PublishCode publishes an OAuth code if last is still the place of the
// restaurant's last code (0: there is none), so that a state is used once. The
// error wraps [ErrLost] when another came between, and [ErrDuplicate] when the id
// is not new: the server looks at the id before it looks at the fence, so that the
// place it names may be far behind last.
func PublishCode(ctx context.Context, js jetstream.JetStream, meta event.Meta, code event.OAuthCodeReceived, last uint64) (seq uint64, err error) {
	ack, err := publishInput(ctx, js, meta, code, jetstream.WithExpectLastSequencePerSubject(last))
	if err != nil {
		return 0, err
	}
	if ack.Duplicate {
		return 0, fmt.Errorf("publish %s for %s: %w", code.Name(), meta.Restaurant, ErrDuplicate)
	}
	return ack.Sequence, nil
}

func publishInput(ctx context.Context, js jetstream.JetStream, meta event.Meta, input event.Event, fence ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	body, err := event.Encode(meta, input)
	if err != nil {
		return nil, err
	}
	msg := &nats.Msg{Subject: event.Subject(event.FamilyInput, meta.Restaurant, input.Name()), Data: body}
	ack, err := js.PublishMsg(ctx, msg, append(fence, jetstream.WithMsgID(meta.ID), jetstream.WithRetryAttempts(0))...)
	if isFence(err) {
		return nil, fmt.Errorf("publish %s for %s: %w", input.Name(), meta.Restaurant, ErrLost)
	}
	if err != nil {
		return nil, fmt.Errorf("publish %s for %s: %w", input.Name(), meta.Restaurant, err)
	}
	return ack, nil
}
