// Package live follows the log of decisions: one consumer for the whole process,
// fanned out in memory to the requests that wait, and a reader of one
// restaurant's story.
package live

import (
	"encoding/json"
	"fmt"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// Decision is a decision and the snapshot that it carries.
type Decision struct {
	Seq      uint64 // place in the log; 0: there is none
	Envelope event.Envelope
	Event    event.Event
	Snapshot event.Snapshot
}

// None says whether nothing was ever decided about the restaurant.
func (d Decision) None() bool { return d.Seq == 0 }

// fromHead returns a head as a decision.
func fromHead(head bus.Head) (Decision, error) {
	if head.Seq == 0 {
		return Decision{}, nil
	}
	d := Decision{Seq: head.Seq, Envelope: head.Envelope, Event: head.Event}
	return d, d.readState(head.State)
}

func decode(seq uint64, body []byte, state string) (Decision, error) {
	envelope, e, err := event.Decode(body)
	if err != nil {
		return Decision{}, fmt.Errorf("decode decision %d: %w", seq, err)
	}
	d := Decision{Seq: seq, Envelope: envelope, Event: e}
	return d, d.readState([]byte(state))
}

func (d *Decision) readState(state []byte) error {
	if err := json.Unmarshal(state, &d.Snapshot); err != nil {
		return fmt.Errorf("decode state after decision %d: %w", d.Seq, err)
	}
	return nil
}
