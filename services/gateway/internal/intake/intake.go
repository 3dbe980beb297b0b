// Package intake puts what callers ask for on the bus: codes, once each, with a
// state that is used once; tokens, sealed; and inputs, once for each idempotency
// key.
//
// What it publishes outlives the caller: hanging up changes nothing.
package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// Why nothing is accepted. Any other error of this package means that the bus
// does not answer.
var (
	ErrStateUsed     = errors.New("state was used with another code, or denied")
	ErrTooManyStates = errors.New("too many states were used lately")
	ErrBusy          = errors.New("another code is at work")
	ErrCodeSpent     = errors.New("code was used in an earlier run")
	ErrKeyReused     = errors.New("idempotency key was used with another request")
)

const (
	source         = "waba/gateway"
	publishTimeout = 5 * time.Second
)

// Intake is safe for concurrent use.
type Intake struct {
	js      jetstream.JetStream
	history *bus.History
	story   live.Story
	keys    jetstream.KeyValue
	public  seal.PublicKey
	now     func() time.Time
}

// Open binds to the bus.
func Open(ctx context.Context, js jetstream.JetStream, history *bus.History, public seal.PublicKey) (*Intake, error) {
	keys, err := js.KeyValue(ctx, bus.IdempotencyBucket)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", bus.IdempotencyBucket, err)
	}
	return &Intake{
		js: js, history: history, story: live.Story{History: history},
		keys: keys, public: public, now: time.Now,
	}, nil
}

// Ask publishes an input and returns its place in WABA_IN.
func (i *Intake) Ask(ctx context.Context, restaurant event.RestaurantID, id string, input event.Event) (seq uint64, err error) {
	ctx, cancel := durable(ctx)
	defer cancel()
	return bus.PublishInput(ctx, i.js, i.meta(ctx, restaurant, id), input)
}

// PutToken stores a Meta token, sealed, and returns its name.
func (i *Intake) PutToken(ctx context.Context, restaurant event.RestaurantID, token seal.Secret) (event.SecretRef, error) {
	return i.PutSecret(ctx, restaurant, event.PurposeToken, token)
}

// PutSecret stores what a caller brings, sealed for a purpose, and returns its name.
func (i *Intake) PutSecret(ctx context.Context, restaurant event.RestaurantID, purpose string, secret seal.Secret) (event.SecretRef, error) {
	ref := event.SecretRef(uuid.NewString())
	return ref, i.put(ctx, restaurant, purpose, ref, secret)
}

func (i *Intake) put(ctx context.Context, restaurant event.RestaurantID, purpose string, ref event.SecretRef, secret seal.Secret) error {
	ctx, cancel := durable(ctx)
	defer cancel()
	sealed, err := seal.SealTo(i.public, purpose, string(restaurant), secret)
	if err != nil {
		return err
	}
	return bus.PutSecret(ctx, i.js, ref, sealed)
}

// NewID returns the id of an input that is asked for once.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// durable returns a context that the caller's hanging up does not end.
func durable(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
}

func (i *Intake) meta(ctx context.Context, restaurant event.RestaurantID, id string) event.Meta {
	carrier := telemetry.Map{}
	telemetry.Inject(ctx, carrier)
	return event.Meta{
		ID:          id,
		Source:      source,
		Restaurant:  restaurant,
		Time:        i.now(),
		TraceParent: carrier["traceparent"],
	}
}
