package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Deny uses up a state without a code: the user said no in Meta's dialog. It may be
// told any number of times. It fails with [ErrStateUsed] when a code came with the
// state before, and changes nothing then.
//
// There is no input, since there is nothing to decide upon. The denial is kept where
// the idempotency keys are, for a day, which is longer than a state lives.
func (i *Intake) Deny(ctx context.Context, restaurant event.RestaurantID, state string) error {
	hash := hashState(restaurant, state)
	last, err := i.lastCode(ctx, restaurant)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(last.usedStates(i.now()), func(u event.UsedState) bool { return u.StateHash == hash }) {
		return ErrStateUsed
	}
	ctx, cancel := durable(ctx)
	defer cancel()
	if _, err := i.keys.Create(ctx, denialKey(restaurant, hash), nil); err != nil && !errors.Is(err, jetstream.ErrKeyExists) {
		return fmt.Errorf("deny state of %s: %w", restaurant, err)
	}
	return nil
}

// denied fails with [ErrStateUsed] for a state that was denied.
func (i *Intake) denied(ctx context.Context, restaurant event.RestaurantID, state event.Hash) error {
	if state == "" {
		return nil
	}
	ctx, cancel := durable(ctx)
	defer cancel()
	_, err := i.keys.Get(ctx, denialKey(restaurant, state))
	switch {
	case err == nil:
		return ErrStateUsed
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil
	}
	return fmt.Errorf("read denial of %s: %w", restaurant, err)
}

func denialKey(restaurant event.RestaurantID, state event.Hash) string {
	return digest("denied", string(restaurant), string(state))
}

func hashState(restaurant event.RestaurantID, state string) event.Hash {
	return event.HashOf(restaurant, "oauth_state", state)
}
