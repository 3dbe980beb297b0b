package engine

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// generation is how many decisions are remembered at least, unless fewer were sent:
// in a burst the bells of many restaurants wait behind each other. One takes a few
// kilobytes.
const generation = 2048

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
	young map[string]sent // by id
	old   map[string]sent // those of the generation before
}

// sent is the state after a decision, and its JSON.
type sent struct {
	state machine.State
	body  string
	// passed is of a decision upon which another follows at once: closed when that one
	// stands, or cannot be sent from here.
	passed chan struct{}
	done   *bool // after passed: that one stands
}

// add remembers a decision that is about to be sent.
func (r *recent) add(id string, decision sent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= generation { // the bells of the old ones rang elsewhere
		r.old, r.young = r.young, make(map[string]sent)
	}
	if decision.state.Todo.Effect == machine.Proceed {
		if _, twice := r.young[id]; twice { // its bell may be waiting already
			return
		}
		decision.passed, decision.done = make(chan struct{}), new(bool)
	}
	r.young[id] = decision
}

// pass says whether the decision stands that follows at once upon another. The first
// word counts.
func (r *recent) pass(id string, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	decision, ok := r.find(id)
	if !ok || decision.passed == nil {
		return
	}
	select {
	case <-decision.passed:
	default:
		*decision.done = done
		close(decision.passed)
	}
}

// passed says whether a bell is that of a decision upon which another was recorded
// from here. Where that is being done, it waits for it.
func (r *recent) passed(ctx context.Context, bell bus.Message) bool {
	if bell.Stream != bus.Log || bell.Deliveries != 1 {
		return false
	}
	id := bell.Header.Get(nats.MsgIdHdr)
	r.mu.Lock()
	decision, ok := r.find(id)
	r.mu.Unlock()
	if !ok || decision.passed == nil {
		return false
	}
	select {
	case <-decision.passed:
	case <-ctx.Done():
		return false
	}
	if *decision.done {
		r.take(id)
	}
	return *decision.done
}

// find needs r.mu.
func (r *recent) find(id string) (sent, bool) {
	decision, ok := r.young[id]
	if !ok {
		decision, ok = r.old[id]
	}
	return decision, ok
}

// take returns a decision that is remembered, and forgets it.
func (r *recent) take(id string) (sent, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	decision, ok := r.find(id)
	delete(r.young, id)
	delete(r.old, id)
	return decision, ok
}

// head returns the decision that a bell is and the state after it, if it was sent
// from here, rings for the first time and calls for an effect. Two processes may have
// sent the same decision with different states: the bell brings the one that counts.
func (r *recent) head(bell bus.Message) (bus.Head, machine.State, bool) {
	if bell.Stream != bus.Log {
		return bus.Head{}, machine.State{}, false
	}
	id := bell.Header.Get(nats.MsgIdHdr)
	decision, ours := r.take(id)
	if !ours || bell.Deliveries != 1 || decision.state.Todo.Effect == "" || decision.body != bell.Header.Get(event.StateHeader) {
		return bus.Head{}, machine.State{}, false
	}
	head := bus.Head{
		Seq: bell.Seq, Last: bell.Seq, Stored: bell.Stored, Envelope: event.Envelope{ID: id}, State: []byte(decision.body),
	}
	return head, decision.state, true
}
