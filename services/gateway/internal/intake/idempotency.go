package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Reservation is what is remembered of an idempotency key, for a day.
type Reservation struct {
	Request  string `json:"request"` // fingerprint of what was asked
	InputID  string `json:"input"`
	InputSeq uint64 `json:"seq,omitempty"`  // once the input has its place
	HeadSeq  uint64 `json:"head,omitempty"` // head of the log before it was published

	key      string
	revision uint64
}

// Replayed says whether the key was used before, and its input is on the bus.
func (r Reservation) Replayed() bool { return r.InputSeq != 0 }

// Reserve returns what is remembered of a key, and remembers it if it is new: the
// same key of the same principal with the same request gives the same input. With
// another method, path or body it fails with [ErrKeyReused].
func (i *Intake) Reserve(ctx context.Context, principal, key, method, path string, body []byte) (Reservation, error) {
	r := Reservation{
		Request: digest(method, path, string(body)), InputID: NewID(), key: digest("idempotency", principal, key),
	}
	value, err := json.Marshal(r)
	if err != nil {
		return Reservation{}, fmt.Errorf("reserve key: %w", err)
	}
	r.revision, err = i.keys.Create(ctx, r.key, value)
	if err == nil {
		return r, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return Reservation{}, fmt.Errorf("reserve key: %w", err)
	}
	entry, err := i.keys.Get(ctx, r.key)
	if err != nil {
		return Reservation{}, fmt.Errorf("read key: %w", err)
	}
	before := Reservation{key: r.key, revision: entry.Revision()}
	if err := json.Unmarshal(entry.Value(), &before); err != nil {
		return Reservation{}, fmt.Errorf("read key: %w", err)
	}
	if before.Request != r.Request {
		return Reservation{}, ErrKeyReused
	}
	return before, nil
}

// Placed remembers where the key's input is. Another request that did so first
// said the same.
func (i *Intake) Placed(ctx context.Context, r Reservation, inputSeq, headSeq uint64) error {
	ctx, cancel := durable(ctx)
	defer cancel()
	r.InputSeq, r.HeadSeq = inputSeq, headSeq
	value, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("remember key: %w", err)
	}
	if _, err := i.keys.Update(ctx, r.key, value, r.revision); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("remember key: %w", err)
	}
	return nil
}

// digest is of texts in their order. As a key of the bucket it tells nothing of what
// the caller chose.
func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(part), part) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}
