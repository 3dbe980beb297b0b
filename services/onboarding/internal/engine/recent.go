package engine

import (
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/bus"
)

// mostRecent bounds the decisions that are remembered: far more than are at work.
const mostRecent = 4096

// recent remembers which decisions this process has just sent, until their bells
// ring: such a bell is the head itself, and the head need not be read. It is safe
// for concurrent use.
//
// While a head calls for an effect, only a handler of its own bell can move it. The
// first delivery of a decision that was sent a moment ago, and so is no replay of the
// stream, is the first that anybody hears of it. Remembering holds for one bell: one
// that rings again is answered after a look at the log. And if all this were wrong,
// the fence would still refuse the decision.
type recent struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

// add remembers a decision that is about to be sent.
func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids == nil || len(r.ids) >= mostRecent { // the bells of most rang elsewhere
		r.ids = make(map[string]struct{})
	}
	r.ids[id] = struct{}{}
}

// head returns the decision that a bell is, if it was sent from here and rings for
// the first time. Only heads that call for an effect can be trusted to be the last.
func (r *recent) head(bell bus.Message) (bus.Head, bool) {
	if bell.Stream != bus.Log {
		return bus.Head{}, false
	}
	id := bell.Header.Get(nats.MsgIdHdr)
	r.mu.Lock()
	_, ours := r.ids[id]
	delete(r.ids, id)
	r.mu.Unlock()
	if !ours || bell.Deliveries != 1 {
		return bus.Head{}, false
	}
	head, err := bus.HeadOf(bell)
	return head, err == nil
}
