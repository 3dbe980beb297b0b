package bus

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/fault"
)

// delivery is a message between its arrival and its settlement. Settling and
// heartbeats exclude each other: a heartbeat after a Nak would undo its delay.
type delivery struct {
	Message
	conn  *nats.Conn
	reply string // where the server takes the settlement

	// verdict is set by the handler's side before it acks the Watermill message.
	// None is the verdict of a message that was acked without [Settle].
	verdict fault.Verdict
	after   time.Duration
	reason  string

	mu      sync.Mutex
	touched time.Time // when the server last began to count AckWait
	settled bool
}

// The words of JetStream's acknowledgements.
const (
	wordAck      = "+ACK"
	wordNak      = "-NAK"
	wordTerm     = "+TERM"
	wordProgress = "+WPI"
)

// decide says what becomes of the message once the handler is done with it.
func (d *delivery) decide(verdict fault.Verdict, after time.Duration, reason string) {
	d.verdict, d.after, d.reason = verdict, after, reason
}

// settle tells the server what was decided; the first call counts. An error means
// that the server has not heard it and will deliver the message again.
func (d *delivery) settle() error {
	switch d.verdict {
	case fault.Retry:
		return d.say(nak(d.after))
	case fault.Term:
		return d.say(wordTerm + " " + oneLine(d.reason))
	case fault.Ack:
	}
	return d.say(wordAck)
}

// giveBack lets the server deliver the message again after a while.
func (d *delivery) giveBack(after time.Duration) error { return d.say(nak(after)) }

func (d *delivery) say(word string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settled {
		return nil
	}
	d.settled = true
	return d.conn.Publish(d.reply, []byte(word))
}

// heartbeat tells the server that the message is worked on, if it was not told so
// since a time.
func (d *delivery) heartbeat(now, since time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settled || d.touched.After(since) {
		return nil
	}
	d.touched = now
	return d.conn.Publish(d.reply, []byte(wordProgress))
}

// watermill returns the message in Watermill's form.
func (d *delivery) watermill() *message.Message {
	msg := message.NewMessage(d.uuid(), d.Body)
	for key, values := range d.Header {
		switch {
		case len(values) == 0, key == HeaderUUID:
		case strings.HasPrefix(key, "Nats-"): // the server's; sent on, it would do something
		default:
			msg.Metadata[key] = values[0]
		}
	}
	return msg
}

func (d *delivery) uuid() string {
	for _, key := range []string{HeaderUUID, nats.MsgIdHdr} {
		if values := d.Header[key]; len(values) > 0 && values[0] != "" {
			return values[0]
		}
	}
	return d.Stream + ":" + strconv.FormatUint(d.Seq, 10)
}

func nak(after time.Duration) string {
	if after <= 0 {
		return wordNak
	}
	return wordNak + ` {"delay": ` + strconv.FormatInt(int64(after), 10) + `}`
}

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}
