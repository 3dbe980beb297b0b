package bus

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Message is one delivery of a message to a handler. Family, Restaurant and Name
// come from the subject and are empty when it is not one of an event.
type Message struct {
	Stream     string
	Consumer   string
	Seq        uint64 // place in the stream
	Stored     time.Time
	Deliveries uint64 // 1 for the first
	Subject    string
	Family     event.Family
	Restaurant event.RestaurantID
	Name       event.Name
	Header     nats.Header // not to be changed
	Body       []byte      // not to be changed
}

// FromMessage returns the delivery behind a Watermill message; ok is false when
// it did not come from a [Subscriber].
func FromMessage(msg *message.Message) (m Message, ok bool) {
	d := deliveryOf(msg.Context())
	if d == nil {
		return Message{}, false
	}
	return d.Message, true
}

// parse reads what JetStream says about a message. The error is that of a message
// that no consumer delivered.
func parse(msg *nats.Msg) (Message, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Message{}, err
	}
	m := Message{
		Stream:     meta.Stream,
		Consumer:   meta.Consumer,
		Seq:        meta.Sequence.Stream,
		Stored:     meta.Timestamp,
		Deliveries: meta.NumDelivered,
		Subject:    msg.Subject,
		Header:     msg.Header,
		Body:       msg.Data,
	}
	m.Family, m.Restaurant, m.Name, _ = event.ParseSubject(msg.Subject)
	return m, nil
}

type deliveryKey struct{}

func deliveryOf(ctx context.Context) *delivery {
	d, _ := ctx.Value(deliveryKey{}).(*delivery)
	return d
}
