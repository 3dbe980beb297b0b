package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// DeadLetter is an entry of the stream WABA_DEAD: it says which message could not
// be processed, by whom and why. The message itself stays where it is.
type DeadLetter struct {
	Stream     string    `json:"stream"`
	Consumer   string    `json:"consumer"`
	Seq        uint64    `json:"seq"`
	Subject    string    `json:"subject"`
	Reason     string    `json:"reason"` // stable
	Deliveries uint64    `json:"deliveries"`
	At         time.Time `json:"at"`
}

// DeadSubject returns where a message that a consumer could not process is
// entered: a subject for each, so that each is entered once.
func DeadSubject(stream, consumer string, seq uint64) string {
	return "waba.dead." + stream + "." + consumer + "." + strconv.FormatUint(seq, 10)
}

// Bury enters a message into the index of dead letters and returns once the entry
// is durable. Burying it again changes nothing.
func Bury(ctx context.Context, js jetstream.JetStream, m Message, reason string, at time.Time) error {
	body, err := json.Marshal(DeadLetter{
		Stream:     m.Stream,
		Consumer:   m.Consumer,
		Seq:        m.Seq,
		Subject:    m.Subject,
		Reason:     reason,
		Deliveries: m.Deliveries,
		At:         at.UTC(),
	})
	if err != nil {
		return fmt.Errorf("bury %d of %s: %w", m.Seq, m.Stream, err)
	}
	msg := &nats.Msg{Subject: DeadSubject(m.Stream, m.Consumer, m.Seq), Data: body}
	id := event.DeriveID("dead", m.Stream, m.Consumer, strconv.FormatUint(m.Seq, 10))
	_, err = js.PublishMsg(ctx, msg, jetstream.WithMsgID(id), jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil && !isFence(err) {
		return fmt.Errorf("bury %d of %s: %w", m.Seq, m.Stream, err)
	}
	return nil
}
