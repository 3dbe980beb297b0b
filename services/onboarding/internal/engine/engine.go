// Package engine does what the state machine says: on any message about a
// restaurant it reads the head of its log, does what is to be done, and records
// the decision that follows. A message is only a doorbell: it says that there may
// be something to do, never what.
package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// Source names onboarding in the envelopes that it writes.
const Source = "waba/onboarding"

// Performer does the effects. Perform may be called any number of times for the
// same state, also by two processes at once: it must have what it does happen
// once. What Meta refuses is an outcome; an error means that it could not be
// tried, and is tried again. Reflect stores what a run has come to, when it rests
// or ends; doing it twice is harmless.
type Performer interface {
	Perform(ctx context.Context, state machine.State) (machine.Outcome, error)
	Reflect(ctx context.Context, state machine.State) error
}

// Engine answers doorbells. It is safe for concurrent use, by any number of
// processes.
type Engine struct {
	js        jetstream.JetStream
	history   *bus.History
	performer Performer
	policy    machine.Policy
	now       func() time.Time
	logger    *slog.Logger
	recent    recent
}

// New returns an engine. The policy is for runs that start from now on.
func New(js jetstream.JetStream, history *bus.History, performer Performer, policy machine.Policy, now func() time.Time, logger *slog.Logger) *Engine {
	return &Engine{js: js, history: history, performer: performer, policy: policy, now: now, logger: logger}
}

// Handle answers the bell for one restaurant. It may be called any number of
// times for the same message, by any number of processes, to the same end.
//
// No error is permanent: what this build cannot read or decide, a newer one beside
// it can. The bell rings until then; a bell that was put away would leave its
// restaurant waiting for ever.
func (e *Engine) Handle(ctx context.Context, bell bus.Message) error {
	if e.recent.passed(ctx, bell) {
		return nil
	}
	head, state, err := e.head(ctx, bell)
	if err != nil {
		return err
	}
	if bell.Stream == bus.Log && bell.Seq > head.Last {
		return &fault.Later{After: 100 * time.Millisecond, Reason: "the bell is ahead of the head"}
	}
	atHead := bell.Stream == bus.Log && bell.Seq == head.Seq
	if err := e.reflect(ctx, state, bell, atHead); err != nil {
		return err
	}
	step, err := e.happened(ctx, head, state, bell, atHead)
	if err != nil {
		return err
	}
	if step.happened == nil { // the bell was for something done already
		return e.arm(ctx, state) // a crash may have come between decision and timer
	}
	return e.decide(ctx, head, state, step)
}

// reflect stores what a run has come to. That a restaurant is connected, or that a
// token is dead, is stored even if the next run has begun meanwhile: from the state
// that the bell itself carries.
func (e *Engine) reflect(ctx context.Context, state machine.State, bell bus.Message, atHead bool) error {
	if atHead {
		if state.Status.Ended() || state.Status.Resting() {
			return e.performer.Reflect(ctx, state)
		}
		return nil
	}
	if bell.Stream != bus.Log || bell.Name != event.NameReauthorizationRequired && bell.Name != event.NameWabaReady {
		return nil
	}
	var then machine.State
	if err := json.Unmarshal([]byte(bell.Header.Get(event.StateHeader)), &then); err != nil {
		return fmt.Errorf("state of %s at %d: %w", bell.Restaurant, bell.Seq, err)
	}
	return e.performer.Reflect(ctx, then)
}

// head returns the last decision of the bell's restaurant and the state after it.
func (e *Engine) head(ctx context.Context, bell bus.Message) (bus.Head, machine.State, error) {
	if head, state, ok := e.recent.head(bell); ok {
		return head, state, nil
	}
	head, err := e.history.Head(ctx, bell.Restaurant)
	if err != nil {
		return head, machine.State{}, err
	}
	if head.Seq == 0 {
		return head, machine.Begin(bell.Restaurant), nil
	}
	var state machine.State
	if err := json.Unmarshal(head.State, &state); err != nil {
		return head, state, fmt.Errorf("state of %s at %d: %w", bell.Restaurant, head.Seq, err)
	}
	return head, state, nil
}

// step is something that happened, and what made it happen.
type step struct {
	happened machine.Happened
	cause    string // event id
	outcome  []byte // JSON, for effects
}

// happened returns the outcome of the effect that the head calls for, if the
// bell is that head; else the restaurant's next input, else its tick, if the head
// is open to one; else nothing.
//
// Nothing more is changed for a run whose end has been asked for, by a cancel or a
// disconnect: before such an effect the inputs up to it are served.
func (e *Engine) happened(ctx context.Context, head bus.Head, state machine.State, bell bus.Message, atHead bool) (step, error) {
	if effect := state.Todo.Effect; effect != "" {
		if !atHead {
			return step{}, nil // that decision has a bell of its own
		}
		cancelled := false
		if !effect.Harmless() {
			var err error
			if cancelled, err = e.history.Asked(ctx, bell.Restaurant, state.InputSeq, event.NameCancelRequested, event.NameDisconnectRequested); err != nil {
				return step{}, err
			}
		}
		if !cancelled {
			return e.perform(ctx, head, state)
		}
	}
	input, ok, err := e.history.NextInput(ctx, bell.Restaurant, state.InputSeq)
	if err != nil {
		return step{}, err
	}
	if ok {
		return e.input(input), nil
	}
	if bell.Stream == bus.In && bell.Seq > state.InputSeq {
		return step{}, &fault.Later{After: 100 * time.Millisecond, Reason: "the input is not visible yet"}
	}
	if state.Todo.Waits() && e.over(state, bell) {
		tick := machine.Tick{Name: state.Todo.Tick, Number: state.Todo.Number}
		return step{happened: tick, cause: bus.TickID(bell.Restaurant, tick.Name, tick.Number)}, nil
	}
	return step{}, nil
}

func (e *Engine) input(input bus.Input) step {
	return step{
		happened: machine.Input{Seq: input.Seq, Event: input.Event, Policy: e.policy},
		cause:    input.Envelope.ID,
	}
}

func (e *Engine) perform(ctx context.Context, head bus.Head, state machine.State) (step, error) {
	outcome := machine.Outcome{Effect: machine.Proceed}
	if state.Todo.Effect != machine.Proceed {
		var err error
		if outcome, err = e.performer.Perform(ctx, state); err != nil {
			return step{}, fmt.Errorf("%s for %s: %w", state.Todo.Effect, state.RestaurantID, err)
		}
	}
	outcome = outcome.Bounded()
	body, err := json.Marshal(outcome)
	if err != nil {
		return step{}, fmt.Errorf("encode outcome of %s: %w", outcome.Effect, err)
	}
	return step{happened: outcome, cause: head.Envelope.ID, outcome: body}, nil
}

// over says whether the wait is over: its tick rings, or its time has come,
// whoever rings. The tick counts even if our clock is behind the server's.
func (e *Engine) over(state machine.State, bell bus.Message) bool {
	if bell.Stream == bus.Timers && bell.Name == state.Todo.Tick {
		if _, tick, err := event.Decode(bell.Body); err == nil {
			if number, ok := event.TickNumber(tick); ok && number == state.Todo.Number {
				return true
			}
		}
	}
	return !e.now().Before(state.Todo.Until)
}

// decide records what follows, and arms the timer that it calls for. What follows
// from the new state alone is recorded at once, without waiting for the bell; should
// this process die in between, the bell rings all the same.
func (e *Engine) decide(ctx context.Context, head bus.Head, state machine.State, step step) error {
	after, at, err := e.next(ctx, head, state, step)
	for err == nil && after.Todo.Effect == machine.Proceed {
		after, at, err = e.proceed(ctx, at, after)
	}
	if errors.Is(err, bus.ErrLost) {
		e.logger.DebugContext(ctx, "lost the race for a decision", "restaurant_id", state.RestaurantID, "error", err)
		return nil // whoever won rings the next bell
	}
	if err != nil {
		return err
	}
	return e.arm(ctx, after)
}

// proceed records what follows from the state after a head alone.
func (e *Engine) proceed(ctx context.Context, head bus.Head, state machine.State) (after machine.State, at bus.Head, err error) {
	done := false
	defer func() { e.recent.pass(head.Envelope.ID, done) }()
	step, err := e.perform(ctx, head, state)
	if err != nil {
		return state, head, err
	}
	after, at, err = e.next(ctx, head, state, step)
	done = err == nil
	return after, at, err
}

// next records the decision that follows upon a head, and returns the state after it
// and the new head. The error wraps [bus.ErrLost] when the head has moved on.
func (e *Engine) next(ctx context.Context, head bus.Head, state machine.State, step step) (machine.State, bus.Head, error) {
	now := e.now().UTC()
	after, decision, err := machine.Next(state, step.happened, now)
	if err != nil {
		return after, head, fmt.Errorf("decide for %s: %w", state.RestaurantID, err)
	}
	body, err := json.Marshal(after)
	if err != nil {
		return after, head, fmt.Errorf("encode state of %s: %w", state.RestaurantID, err)
	}
	id := event.DeriveID("decision", string(state.RestaurantID), strconv.FormatUint(head.Seq, 10), step.cause)
	seq, err := e.record(ctx, head, after, bus.Decision{
		Meta: event.Meta{
			ID:          id,
			Source:      Source,
			Restaurant:  state.RestaurantID,
			Time:        now,
			CausationID: step.cause,
			Sequence:    after.Sequence,
			TraceParent: telemetry.TraceParent(ctx),
		},
		Event:   decision,
		State:   body,
		Outcome: step.outcome,
	})
	if err != nil {
		e.recent.pass(id, false) // it may stand all the same: its bell is not to wait for us
		return after, head, err
	}
	e.logger.InfoContext(ctx, "decided", "restaurant_id", state.RestaurantID, "event", decision.Name(),
		"seq", seq, "stage", after.Stage, "status", after.Status, "run", after.Run)
	return after, bus.Head{Seq: seq, Last: seq, Envelope: event.Envelope{ID: id}}, nil
}

// record records a decision that follows upon a head. The error wraps [bus.ErrLost]
// when the head has moved on; what is no decision and came after it is passed.
func (e *Engine) record(ctx context.Context, head bus.Head, after machine.State, decision bus.Decision) (seq uint64, err error) {
	for {
		decision.After = head.Last
		e.recent.add(decision.Meta.ID, sent{state: after, body: string(decision.State)})
		seq, err = bus.Decide(ctx, e.js, decision)
		if !errors.Is(err, bus.ErrLost) {
			return seq, err
		}
		now, failed := e.history.Head(ctx, decision.Meta.Restaurant)
		switch {
		case failed != nil:
			return 0, failed
		case now.Seq != head.Seq || now.Last == head.Last:
			return 0, err
		}
		head = now
	}
}

// arm makes sure that the timer of a wait is armed. Arming twice is harmless.
func (e *Engine) arm(ctx context.Context, state machine.State) error {
	if !state.Todo.Waits() {
		return nil
	}
	var tick event.Event
	number := state.Todo.Number
	switch state.Todo.Tick {
	case event.NamePollTick:
		tick = event.PollTick{Number: number}
	case event.NameStepTick:
		tick = event.StepTick{Number: number}
	case event.NameRetryTick:
		tick = event.RetryTick{Number: number}
	default:
		return fmt.Errorf("state of %s waits for %q, which this version does not know", state.RestaurantID, state.Todo.Tick)
	}
	meta := event.Meta{Source: Source, Restaurant: state.RestaurantID, TraceParent: telemetry.TraceParent(ctx)}
	return bus.Arm(ctx, e.js, meta, tick, state.Todo.Until)
}
