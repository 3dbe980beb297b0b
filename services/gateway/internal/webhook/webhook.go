// Package webhook takes in what Meta sends by itself: webhooks, and the callbacks
// that its platform asks for. Nothing is believed that does not carry a signature
// made with our app's secret, and nothing is answered before it is durable.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// What a webhook may be.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
const (
	MaxBody    = 3 << 20 // bytes
	maxChanges = 1000
)

// Why something of Meta is not taken in. Any other error of this package means that
// the bus does not answer.
var (
	ErrUnsigned  = errors.New("the signature is missing or wrong")
	ErrNoSecret  = errors.New("there is no app secret to check signatures with")
	ErrMalformed = errors.New("it is signed, and not of the form that is asked for")
	ErrTooLarge  = errors.New("it has more than 1,000 changes")
	ErrStranger  = errors.New("the handshake does not know the token")
)

// Handshake returns what Meta's first request is answered with, when it knows the
// token that was agreed upon. Without a token nobody does.
func Handshake(agreed seal.Secret, mode, token, challenge string) (string, error) {
	known := agreed.Equal(seal.NewSecret(token)) // in constant time, and always
	if agreed.IsZero() || !known || mode != "subscribe" || challenge == "" || len(challenge) > 256 {
		return "", ErrStranger
	}
	return challenge, nil
}

// Inbox takes in webhooks. It is safe for concurrent use.
type Inbox struct {
	js      jetstream.JetStream
	secrets []seal.Secret // of our app: any of them may have signed
}

// NewInbox returns an inbox. Secrets that are zero are passed over; without any,
// nothing is taken in.
func NewInbox(js jetstream.JetStream, secrets ...seal.Secret) *Inbox {
	in := &Inbox{js: js}
	for _, secret := range secrets {
		if !secret.IsZero() {
			in.secrets = append(in.secrets, secret)
		}
	}
	return in
}

// Ready returns nil, or [ErrNoSecret].
func (in *Inbox) Ready() error {
	if len(in.secrets) == 0 {
		return ErrNoSecret
	}
	return nil
}

const storeTimeout = 5 * time.Second

// Accept stores a webhook as it came and returns once it is durable, or was before:
// the same body is stored once in eight days. The signatures are all that came in
// the header X-Hub-Signature-256; there must be one, of the body's very bytes.
//
// Source of the form of the signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
func (in *Inbox) Accept(ctx context.Context, body []byte, signatures []string) (first bool, err error) {
	if err := in.signed(body, signatures); err != nil {
		return false, err
	}
	if err := check(body); err != nil {
		return false, err
	}
	return in.store(ctx, body)
}

func (in *Inbox) store(ctx context.Context, body []byte) (first bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	return bus.PutWebhook(ctx, in.js, body)
}

// signed says whether the one signature is that of a secret of ours.
func (in *Inbox) signed(body []byte, signatures []string) error {
	if err := in.Ready(); err != nil {
		return err
	}
	if len(signatures) != 1 {
		return ErrUnsigned
	}
	good := false
	for _, secret := range in.secrets {
		want := "sha256=" + hex.EncodeToString(macOf(secret, body))
		good = hmac.Equal([]byte(signatures[0]), []byte(want)) || good
	}
	if !good {
		return ErrUnsigned
	}
	return nil
}

func macOf(secret seal.Secret, text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write(text)
	return mac.Sum(nil)
}

// check says whether a signed body is a webhook at all. What its changes are is for
// who reads them: Meta adds kinds and fields at any time.
func check(body []byte) error {
	var envelope *struct {
		Entry []struct {
			Changes []json.RawMessage `json:"changes"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil || envelope == nil {
		return ErrMalformed
	}
	changes := 0
	for _, entry := range envelope.Entry {
		changes += len(entry.Changes)
	}
	if changes > maxChanges {
		return ErrTooLarge
	}
	return nil
}
