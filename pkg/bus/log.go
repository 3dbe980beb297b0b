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

// Head is the last decision of a restaurant. Seq 0 means that there is none.
type Head struct {
	Seq      uint64 // place in the log
	Last     uint64 // last place that is taken on the restaurant's subjects: the fence. Seq, unless what is there is no decision
	Stored   time.Time
	Envelope event.Envelope
	Event    event.Event
	State    []byte // JSON after the decision, from event.StateHeader
}

// ErrLost says that the head has moved on since it was read.
var ErrLost = errors.New("the head has moved on")

// History reads a restaurant's log and inputs. It is safe for concurrent use.
type History struct {
	log jetstream.Stream
	in  jetstream.Stream
}

// OpenHistory binds to the streams; they must exist (see [Migrate]).
func OpenHistory(ctx context.Context, js jetstream.JetStream) (*History, error) {
	log, err := js.Stream(ctx, Log)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", Log, err)
	}
	in, err := js.Stream(ctx, In)
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", In, err)
	}
	return &History{log: log, in: in}, nil
}

// Head returns the restaurant's last decision, read from the leader. What is no
// decision about this restaurant is looked past: a service can have the server
// send the answer to some request there (see [Users]), which must not stop the
// restaurant.
func (h *History) Head(ctx context.Context, id event.RestaurantID) (Head, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	msg, err := h.log.GetLastMsgForSubject(ctx, event.Subjects(event.FamilyDecision, id))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Head{}, nil
	}
	if err != nil {
		return Head{}, fmt.Errorf("read head of %s: %w", id, err)
	}
	head, err := readHead(id, msg)
	if err != nil {
		return h.headBefore(ctx, id, msg.Sequence)
	}
	head.Last = head.Seq
	return head, nil
}

// headBefore returns the last decision before a place where there is none. It
// reads the restaurant's whole log, which hardly ever happens.
func (h *History) headBefore(ctx context.Context, id event.RestaurantID, last uint64) (Head, error) {
	head := Head{}
	for next := uint64(1); next < last; {
		msg, err := h.log.GetMsg(ctx, next, jetstream.WithGetMsgSubject(event.Subjects(event.FamilyDecision, id)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return Head{}, fmt.Errorf("read log of %s from %d: %w", id, next, err)
		}
		if decision, err := readHead(id, msg); err == nil && msg.Sequence < last {
			head = decision
		}
		next = msg.Sequence + 1
	}
	head.Last = last
	return head, nil
}

// readHead reads a decision. The error wraps [event.ErrMalformed].
func readHead(id event.RestaurantID, msg *jetstream.RawStreamMsg) (Head, error) {
	envelope, e, err := decodeAt(msg)
	if err != nil {
		return Head{}, fmt.Errorf("decode log of %s at %d: %w", id, msg.Sequence, err)
	}
	return Head{
		Seq:      msg.Sequence,
		Stored:   msg.Time,
		Envelope: envelope,
		Event:    e,
		State:    []byte(msg.Header.Get(event.StateHeader)),
	}, nil
}

// decodeAt decodes an event and holds it against the subject on which it stands.
// All errors wrap [event.ErrMalformed].
func decodeAt(msg *jetstream.RawStreamMsg) (event.Envelope, event.Event, error) {
	envelope, e, err := event.Decode(msg.Data)
	if err != nil {
		return envelope, nil, err
	}
	_, id, name, ok := event.ParseSubject(msg.Subject)
	if !ok || envelope.Subject != id || e.Name() != name {
		return envelope, nil, fmt.Errorf("%w: it is not what its subject says", event.ErrMalformed)
	}
	return envelope, e, nil
}

// Input is an input as it stands in its stream.
type Input struct {
	Seq      uint64 // place in WABA_IN
	Envelope event.Envelope
	Event    event.Event
	Broken   error // wraps event.ErrMalformed: it cannot be decoded
}

// NextInput returns the restaurant's first input after a place in WABA_IN; ok is
// false when there is none. An input that cannot be decoded is returned too, with
// Broken set: it must be decided upon, or it would block those behind it.
//
// Mostly there is none, and the server knows at once which input was the last. To
// find the next after a place it reads what everybody sent since.
func (h *History) NextInput(ctx context.Context, id event.RestaurantID, after uint64) (input Input, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	subjects := event.Subjects(event.FamilyInput, id)
	var msg *jetstream.RawStreamMsg
	if after > 0 {
		msg, err = h.in.GetLastMsgForSubject(ctx, subjects)
	}
	if err == nil && (after == 0 || msg.Sequence > after) {
		msg, err = h.in.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(subjects))
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && msg.Sequence <= after {
		return Input{}, false, nil
	}
	if err != nil {
		return Input{}, false, fmt.Errorf("read input of %s after %d: %w", id, after, err)
	}
	return readInput(msg), true, nil
}

// Asked says whether an input of one of these names came after a place in WABA_IN.
// Mostly no input at all did, which one look tells.
func (h *History) Asked(ctx context.Context, id event.RestaurantID, after uint64, names ...event.Name) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	subjects := []string{event.Subjects(event.FamilyInput, id)}
	for _, name := range names {
		subjects = append(subjects, event.Subject(event.FamilyInput, id, name))
	}
	for i, subject := range subjects {
		msg, err := h.in.GetLastMsgForSubject(ctx, subject)
		if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, fmt.Errorf("read last input of %s on %s: %w", id, subject, err)
		}
		came := err == nil && msg.Sequence > after
		if all := i == 0; all != came {
			return came, nil
		}
	}
	return false, nil
}

// LastCode returns the restaurant's last OAuthCodeReceived; ok is false when
// there is none.
func (h *History) LastCode(ctx context.Context, id event.RestaurantID) (input Input, ok bool, err error) {
	return h.lastInput(ctx, id, event.NameOAuthCodeReceived)
}

func (h *History) lastInput(ctx context.Context, id event.RestaurantID, name event.Name) (input Input, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	msg, err := h.in.GetLastMsgForSubject(ctx, event.Subject(event.FamilyInput, id, name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Input{}, false, nil
	}
	if err != nil {
		return Input{}, false, fmt.Errorf("read last %s of %s: %w", name, id, err)
	}
	return readInput(msg), true, nil
}

func readInput(msg *jetstream.RawStreamMsg) Input {
	input := Input{Seq: msg.Sequence}
	input.Envelope, input.Event, input.Broken = decodeAt(msg)
	if input.Broken == nil {
		return input
	}
	_, id, name, _ := event.ParseSubject(msg.Subject)
	input.Envelope = event.Envelope{}
	input.Envelope.ID = event.DeriveID("broken", In, fmt.Sprint(msg.Sequence))
	input.Envelope.Subject = id
	input.Event = event.Unknown{Kind: name}
	return input
}

// Decision is a decision that is to be recorded.
type Decision struct {
	After   uint64 // Last of the head that was read: the fence
	Meta    event.Meta
	Event   event.Event
	State   []byte // JSON after the decision
	Outcome []byte // JSON of the effect's outcome that led to it; may be empty
}

// Decide records a decision, if the head has not moved on since it was read, and
// returns its place in the log. The error wraps [ErrLost] when it has; after any
// other error the decision may or may not stand: read the head.
func Decide(ctx context.Context, js jetstream.JetStream, d Decision) (seq uint64, err error) {
	if len(d.State) > event.MaxStateHeader {
		return 0, fmt.Errorf("decide %s for %s: state of %d bytes is over %d",
			d.Event.Name(), d.Meta.Restaurant, len(d.State), event.MaxStateHeader)
	}
	body, err := event.Encode(d.Meta, d.Event)
	if err != nil {
		return 0, err
	}
	msg := &nats.Msg{
		Subject: event.Subject(event.FamilyDecision, d.Meta.Restaurant, d.Event.Name()),
		Header:  nats.Header{event.StateHeader: {string(d.State)}},
		Data:    body,
	}
	if len(d.Outcome) > 0 {
		msg.Header.Set(event.OutcomeHeader, string(d.Outcome))
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	ack, err := js.PublishMsg(ctx, msg,
		jetstream.WithMsgID(d.Meta.ID),
		jetstream.WithExpectLastSequenceForSubject(d.After, event.Subjects(event.FamilyDecision, d.Meta.Restaurant)),
		jetstream.WithRetryAttempts(0),
	)
	if isFence(err) {
		return 0, fmt.Errorf("decide %s for %s after %d: %w", d.Event.Name(), d.Meta.Restaurant, d.After, ErrLost)
	}
	if err != nil {
		return 0, fmt.Errorf("decide %s for %s: %w", d.Event.Name(), d.Meta.Restaurant, err)
	}
	if ack.Duplicate {
		return 0, fmt.Errorf("decide %s for %s: recorded before: %w", d.Event.Name(), d.Meta.Restaurant, ErrLost)
	}
	return ack.Sequence, nil
}

// answerLimit is how long the server may take to answer. Without it a request that
// was under way when a server died would hold its handler for as long as the
// handler may take.
const answerLimit = 5 * time.Second

// isFence says whether a publish was refused because the expected last sequence
// was not the last one. The server has two codes for it.
func isFence(err error) bool {
	apiErr, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (apiErr.ErrorCode == 10071 || apiErr.ErrorCode == 10164)
}
