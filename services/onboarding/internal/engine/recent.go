package engine

import (
	"encoding/json"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// generation is how many decisions are remembered at least, unless fewer were sent:
// in a burst the bells of many restaurants wait behind each other.
const generation = 16_384

// recent remembers the decisions that this process has just sent, until their bells
// ring: such a bell is the head itself, and the head need not be read. It is safe
// for concurrent use.
//
// While a head calls for an effect, only a handler of its own bell can move it. The
// first delivery of a decision that was sent a moment ago, and so is no replay of the
// stream, is the first that anybody hears of it. Remembering holds for one bell: one
// that rings again is answered after a look at the log. And if all this were wrong,
// the fence would still refuse the decision.
type recent struct {
	mu    sync.Mutex
	young map[string]struct{} // by id
	old   map[string]struct{} // those of the generation before
}

// add remembers a decision that is about to be sent.
func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= generation { // the bells of the old ones rang elsewhere
		r.old, r.young = r.young, make(map[string]struct{})
	}
	r.young[id] = struct{}{}
}

// take says whether a decision is remembered, and forgets it.
func (r *recent) take(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, young := r.young[id]
	_, old := r.old[id]
	delete(r.young, id)
	delete(r.old, id)
	return young || old
}

// head returns the decision that a bell is and the state after it, if it was sent
// from here, rings for the first time and calls for an effect.
func (r *recent) head(bell bus.Message) (bus.Head, machine.State, bool) {
	if bell.Stream != bus.Log {
		return bus.Head{}, machine.State{}, false
	}
	id := bell.Header.Get(nats.MsgIdHdr)
	if !r.take(id) || bell.Deliveries != 1 {
		return bus.Head{}, machine.State{}, false
	}
	body := []byte(bell.Header.Get(event.StateHeader))
	var state machine.State
	if err := json.Unmarshal(body, &state); err != nil || state.Todo.Effect == "" {
		return bus.Head{}, machine.State{}, false
	}
	head := bus.Head{Seq: bell.Seq, Last: bell.Seq, Stored: bell.Stored, Envelope: event.Envelope{ID: id}, State: body}
	return head, state, true
}
