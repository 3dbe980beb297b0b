package engine

import (
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// mostRecent bounds the decisions that are remembered: far more than are at work.
const mostRecent = 1024

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
	mu   sync.Mutex
	sent map[string]sent // by id
}

// sent is the state after a decision, and its JSON in the log.
type sent struct {
	state machine.State
	body  string
}

// add remembers a decision that is about to be sent.
func (r *recent) add(id string, decision sent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent == nil || len(r.sent) >= mostRecent { // the bells of most rang elsewhere
		r.sent = make(map[string]sent)
	}
	r.sent[id] = decision
}

// head returns the decision that a bell is and the state after it, if it was sent
// from here, rings for the first time and calls for an effect. Two processes may have
// sent the same decision with different states: the log has one of them.
func (r *recent) head(bell bus.Message) (bus.Head, machine.State, bool) {
	if bell.Stream != bus.Log {
		return bus.Head{}, machine.State{}, false
	}
	id := bell.Header.Get(nats.MsgIdHdr)
	r.mu.Lock()
	decision, ours := r.sent[id]
	delete(r.sent, id)
	r.mu.Unlock()
	if !ours || bell.Deliveries != 1 || decision.state.Todo.Effect == "" || decision.body != bell.Header.Get(event.StateHeader) {
		return bus.Head{}, machine.State{}, false
	}
	return bus.Head{
		Seq: bell.Seq, Last: bell.Seq, Stored: bell.Stored, Envelope: event.Envelope{ID: id}, State: []byte(decision.body),
	}, decision.state, true
}
