package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Recorded is a decision as it stands in the log.
type Recorded struct {
	Head
	Outcome []byte // JSON of the effect's outcome that led to it; empty for inputs and ticks
}

// NextDecision returns the restaurant's first decision after a place in the log;
// ok is false when there is none. An error wraps [event.ErrMalformed] when it
// cannot be decoded; its place is returned all the same.
func (h *History) NextDecision(ctx context.Context, id event.RestaurantID, after uint64) (decision Recorded, ok bool, err error) {
	msg, err := h.log.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(event.Subjects(event.FamilyDecision, id)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Recorded{}, false, nil
	}
	if err != nil {
		return Recorded{}, false, fmt.Errorf("read decision of %s after %d: %w", id, after, err)
	}
	decision.Seq, decision.Stored = msg.Sequence, msg.Time
	decision.State = []byte(msg.Header.Get(event.StateHeader))
	decision.Outcome = []byte(msg.Header.Get(event.OutcomeHeader))
	decision.Envelope, decision.Event, err = decodeAt(msg)
	if err != nil {
		return decision, true, fmt.Errorf("decode decision of %s at %d: %w", id, msg.Sequence, err)
	}
	return decision, true, nil
}

// InputAt returns the input at a place in WABA_IN; ok is false when it has aged
// out.
func (h *History) InputAt(ctx context.Context, seq uint64) (input Input, ok bool, err error) {
	msg, err := h.in.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Input{}, false, nil
	}
	if err != nil {
		return Input{}, false, fmt.Errorf("read input at %d: %w", seq, err)
	}
	return readInput(msg), true, nil
}
