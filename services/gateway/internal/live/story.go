package live

import (
	"context"
	"errors"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// Story reads restaurants' decisions from the leader of the log. It is safe for
// concurrent use.
type Story struct{ History *bus.History }

// Head returns the restaurant's last decision; see [Decision.None].
func (s Story) Head(ctx context.Context, id event.RestaurantID) (Decision, error) {
	head, err := s.History.Head(ctx, id)
	if err != nil {
		return Decision{}, err
	}
	return fromHead(head)
}

// Next returns the restaurant's first decision after a place in the log; ok is
// false when there is none. One that cannot be decoded is passed over.
func (s Story) Next(ctx context.Context, id event.RestaurantID, after uint64) (d Decision, ok bool, err error) {
	for {
		recorded, ok, err := s.History.NextDecision(ctx, id, after)
		if errors.Is(err, event.ErrMalformed) {
			after = recorded.Seq
			continue
		}
		if err != nil || !ok {
			return Decision{}, false, err
		}
		d, err := fromHead(recorded.Head)
		return d, err == nil, err
	}
}

// CausedBy returns the restaurant's first decision after a place in the log that
// names an input as its cause; ok is false when there is none.
func (s Story) CausedBy(ctx context.Context, id event.RestaurantID, after uint64, input string) (d Decision, ok bool, err error) {
	for {
		d, ok, err = s.Next(ctx, id, after)
		if err != nil || !ok || d.Envelope.CausationID == input {
			return d, ok, err
		}
		after = d.Seq
	}
}
