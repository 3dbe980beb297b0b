package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// TickID returns the identity of the tick that ends a wait. The server strips
// Nats-Msg-Id from a tick, so that its body carries it.
func TickID(id event.RestaurantID, tick event.Name, number uint64) string {
	return event.DeriveID("tick", string(id), string(tick), fmt.Sprint(number))
}

// Arm schedules a tick at a time, exact to a quarter of a second and never
// sooner. It survives restarts. Arming the same wait again changes nothing; a
// tick may come twice after a crash, and its number tells.
//
// There is no message id on purpose: for two minutes it would keep a wait from
// being armed anew. The header is set by hand, because nats.go's option cuts the
// time to the second, which fires early.
func Arm(ctx context.Context, js jetstream.JetStream, meta event.Meta, tick event.Event, at time.Time) error {
	number, ok := event.TickNumber(tick)
	if !ok {
		return fmt.Errorf("arm %s: not a tick", tick.Name())
	}
	meta.ID = TickID(meta.Restaurant, tick.Name(), number)
	meta.Time = at
	body, err := event.Encode(meta, tick)
	if err != nil {
		return err
	}
	msg := &nats.Msg{
		Subject: event.TimerSubject(meta.Restaurant, tick.Name(), number),
		Header: nats.Header{
			"Nats-Schedule":        {"@at " + at.UTC().Format(time.RFC3339Nano)},
			"Nats-Schedule-Target": {event.Subject(event.FamilyTick, meta.Restaurant, tick.Name())},
		},
		Data: body,
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	_, err = js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0), jetstream.WithRetryAttempts(0))
	if isFence(err) {
		err = rearm(ctx, js, msg)
	}
	if err != nil {
		return fmt.Errorf("arm %s %d for %s: %w", tick.Name(), number, meta.Restaurant, err)
	}
	return nil
}

// rearm replaces what stands where a wait is to be armed, unless it is a schedule:
// then it is armed already. What is none would keep the wait from ever ending; a
// service can have the server send the answer to some request there (see [Users]).
func rearm(ctx context.Context, js jetstream.JetStream, schedule *nats.Msg) error {
	stream, err := js.Stream(ctx, Timers)
	if err != nil {
		return err
	}
	armed, err := stream.GetLastMsgForSubject(ctx, schedule.Subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil // it has just fired
	}
	if err != nil || armed.Header.Get("Nats-Schedule") != "" {
		return err
	}
	_, err = js.PublishMsg(ctx, schedule, jetstream.WithExpectLastSequencePerSubject(armed.Sequence), jetstream.WithRetryAttempts(0))
	if isFence(err) {
		return nil // somebody else was faster
	}
	return err
}
