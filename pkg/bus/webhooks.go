package bus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// PutWebhook stores a webhook as it came and returns once it is durable. While it is
// kept the same body is not stored again: first says whether it is new.
func PutWebhook(ctx context.Context, js jetstream.JetStream, body []byte) (first bool, err error) {
	id := event.WebhookID(body)
	msg := &nats.Msg{Subject: event.WebhookSubject(id), Data: body}
	ack, err := js.PublishMsg(ctx, msg, jetstream.WithMsgID(string(id)),
		jetstream.WithExpectLastSequencePerSubject(0), jetstream.WithRetryAttempts(0))
	if isFence(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("put webhook %s: %w", id, err)
	}
	return !ack.Duplicate, nil
}
