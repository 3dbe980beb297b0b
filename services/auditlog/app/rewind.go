package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
)

// Rewind takes the audit log back to the beginning of its streams, so that every
// event which they hold is written again. A row that is there stays as it is; one
// that is not comes back the same. The log may run meanwhile, and reads on by itself;
// where it does not, it will when it starts. It may be called again at any time, also
// after it was interrupted. It needs the rights of [bus.UserMigrate].
func Rewind(ctx context.Context, js jetstream.JetStream) error {
	for _, c := range bus.Consumers() {
		if c.Service != bus.UserAuditlog {
			continue
		}
		err := js.DeleteConsumer(ctx, c.Stream, c.Config.Durable)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("delete consumer %s of %s: %w", c.Config.Durable, c.Stream, err)
		}
		if _, err := js.CreateOrUpdateConsumer(ctx, c.Stream, c.Config); err != nil {
			return fmt.Errorf("create consumer %s of %s: %w", c.Config.Durable, c.Stream, err)
		}
	}
	return nil
}

// Position is how far the audit log has read a stream.
type Position struct {
	Stream  string
	Stored  uint64 // messages; one that was delivered twice counts twice
	Left    uint64 // messages that are still to be read, or stored
	Watched bool   // somebody reads
}

// Positions returns how far each stream is read.
func Positions(ctx context.Context, js jetstream.JetStream) ([]Position, error) {
	positions := make([]Position, 0, len(Streams))
	for _, stream := range Streams {
		consumer, err := js.Consumer(ctx, stream, bus.DurableAuditlog)
		if err != nil {
			return nil, fmt.Errorf("consumer %s of %s: %w", bus.DurableAuditlog, stream, err)
		}
		info := consumer.CachedInfo()
		inHand := uint64(info.NumAckPending) //nolint:gosec // a count
		positions = append(positions, Position{
			Stream:  stream,
			Stored:  info.Delivered.Consumer - min(inHand, info.Delivered.Consumer),
			Left:    info.NumPending + inHand,
			Watched: info.NumWaiting > 0 || info.NumAckPending > 0,
		})
	}
	return positions, nil
}
