package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

const (
	recentNotices = 32 // that each notice names
	noticeTries   = 8  // against others that publish to the same restaurant
)

// PublishNotice publishes what Meta has sent about a restaurant, once: first says
// whether it is new. It is not when it is one of the restaurant's last 32. The error
// wraps [ErrLost] when others published all the time: it is worth trying again.
func (h *History) PublishNotice(ctx context.Context, js jetstream.JetStream, meta event.Meta, notice event.MetaNotified) (first bool, err error) {
	for range noticeTries {
		last, _, err := h.lastInput(ctx, meta.Restaurant, event.NameMetaNotified)
		if err != nil {
			return false, err
		}
		before, _ := last.Event.(event.MetaNotified) // one that cannot be read names none
		if slices.Contains(before.Recent, meta.ID) {
			return false, nil
		}
		recent := append(slices.Clone(before.Recent), meta.ID)
		notice.Recent = recent[max(0, len(recent)-recentNotices):]
		ack, err := publishInput(ctx, js, meta, notice, jetstream.WithExpectLastSequencePerSubject(last.Seq))
		if err == nil {
			return !ack.Duplicate, nil
		}
		if !errors.Is(err, ErrLost) {
			return false, err
		}
	}
	return false, fmt.Errorf("publish notice for %s: %w", meta.Restaurant, ErrLost)
}
