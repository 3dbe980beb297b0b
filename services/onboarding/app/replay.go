package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// Replayed is a restaurant's history, run through the state machine again.
type Replayed struct{ Entries []ReplayedEntry }

// ReplayedEntry is one decision. Matches says that this build decides the same
// and comes to the same state; Difference says in words how it does not.
type ReplayedEntry struct {
	Seq        uint64
	Sequence   uint64
	Time       time.Time
	Event      string
	Status     string
	Stage      string
	Data       json.RawMessage
	Matches    bool
	Difference string
}

// Replay reads a restaurant's decisions and runs what led to them through the
// state machine. It calls nobody and writes nothing.
func Replay(ctx context.Context, js jetstream.JetStream, id event.RestaurantID) (Replayed, error) {
	history, err := bus.OpenHistory(ctx, js)
	if err != nil {
		return Replayed{}, err
	}
	var replayed Replayed
	before := machine.Begin(id)
	for after := uint64(0); ; {
		decision, ok, err := history.NextDecision(ctx, id, after)
		if err != nil {
			return replayed, err
		}
		if !ok {
			return replayed, nil
		}
		after = decision.Seq
		var recorded machine.State
		if err := json.Unmarshal(decision.State, &recorded); err != nil {
			return replayed, fmt.Errorf("state at %d: %w", decision.Seq, err)
		}
		difference, err := replay(ctx, history, before, decision, recorded)
		if err != nil {
			return replayed, err
		}
		replayed.Entries = append(replayed.Entries, ReplayedEntry{
			Seq:        decision.Seq,
			Sequence:   decision.Envelope.Sequence,
			Time:       decision.Envelope.Time,
			Event:      string(decision.Event.Name()),
			Status:     string(recorded.Status),
			Stage:      string(recorded.Stage),
			Data:       decision.Envelope.Data,
			Matches:    difference == "",
			Difference: difference,
		})
		before = recorded
	}
}

// replay returns how this build differs from what was recorded, or "".
func replay(ctx context.Context, history *bus.History, before machine.State, decision bus.Recorded, recorded machine.State) (string, error) {
	happened, missing, err := whatHappened(ctx, history, before, decision, recorded)
	if err != nil || missing != "" {
		return missing, err
	}
	state, decided, err := machine.Next(before, happened, decision.Envelope.Time)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // that it decides nothing is the difference
	}
	if decided.Name() != decision.Event.Name() {
		return fmt.Sprintf("decides %s, recorded %s", decided.Name(), decision.Event.Name()), nil
	}
	body, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("encode state: %w", err)
	}
	if !bytes.Equal(body, decision.State) {
		return "comes to another state", nil
	}
	return "", nil
}

// whatHappened finds what led to a decision. missing says why it cannot be found.
func whatHappened(ctx context.Context, history *bus.History, before machine.State, decision bus.Recorded, recorded machine.State) (_ machine.Happened, missing string, _ error) {
	if len(decision.Outcome) > 0 {
		var outcome machine.Outcome
		if err := json.Unmarshal(decision.Outcome, &outcome); err != nil {
			return nil, "", fmt.Errorf("outcome at %d: %w", decision.Seq, err)
		}
		return outcome, "", nil
	}
	if recorded.InputSeq == before.InputSeq {
		return machine.Tick{Name: before.Todo.Tick, Number: before.Todo.Number}, "", nil
	}
	input, ok, err := history.InputAt(ctx, recorded.InputSeq)
	if err != nil {
		return nil, "", err
	}
	if !ok {
		return nil, "the input has aged out", nil
	}
	return machine.Input{Seq: input.Seq, Event: input.Event, Policy: recorded.Policy}, "", nil
}
