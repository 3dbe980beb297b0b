package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// ErrSecretGone says that a sealed secret is no longer there: it lived its hour.
var ErrSecretGone = errors.New("sealed secret is gone")

// PutSecret stores a sealed secret, durably, until [SecretLife] is over.
func PutSecret(ctx context.Context, js jetstream.JetStream, ref event.SecretRef, sealed string) error {
	msg := &nats.Msg{Subject: event.SecretSubject(ref), Data: []byte(sealed)}
	if _, err := js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0)); err != nil {
		return fmt.Errorf("put secret %s: %w", ref, err)
	}
	return nil
}

// SecretStore reads sealed secrets. It is safe for concurrent use.
type SecretStore struct{ stream jetstream.Stream }

// OpenSecrets binds to the stream of sealed secrets.
func OpenSecrets(ctx context.Context, js jetstream.JetStream) (*SecretStore, error) {
	stream, err := js.Stream(ctx, Secrets)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", Secrets, err)
	}
	return &SecretStore{stream: stream}, nil
}

// Get returns a sealed secret. The error wraps [ErrSecretGone] when there is none.
func (s *SecretStore) Get(ctx context.Context, ref event.SecretRef) (sealed string, err error) {
	return s.get(ctx, ref)
}

// Last returns the secret that was put last. The error wraps [ErrSecretGone] when
// none was put in the last hour.
func (s *SecretStore) Last(ctx context.Context) (sealed string, err error) { return s.get(ctx, "*") }

func (s *SecretStore) get(ctx context.Context, ref event.SecretRef) (string, error) {
	msg, err := s.stream.GetLastMsgForSubject(ctx, event.SecretSubject(ref))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return "", fmt.Errorf("get secret %s: %w", ref, ErrSecretGone)
	}
	if err != nil {
		return "", fmt.Errorf("get secret %s: %w", ref, err)
	}
	return string(msg.Data), nil
}
