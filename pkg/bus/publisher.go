package bus

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/propagation"
)

// HeaderUUID carries a message's UUID where it is not its deduplication id.
const HeaderUUID = "Waba-Uuid"

// MetadataMessageID is the metadata key of a deduplication id that is not the
// message's UUID. JetStream stores an id once in a stream, whatever the subject:
// the same UUID on two subjects of one stream needs two ids.
const MetadataMessageID = nats.MsgIdHdr

// ErrClosed says that a publisher or a subscriber was closed.
var ErrClosed = errors.New("closed")

// traces carries W3C trace context and no baggage.
var traces propagation.TraceContext

// Publisher publishes Watermill messages to JetStream; the topic is the subject.
// It is safe for concurrent use.
type Publisher struct {
	js     jetstream.JetStream
	closed atomic.Bool
}

var _ message.Publisher = (*Publisher)(nil)

// NewPublisher returns a publisher.
func NewPublisher(js jetstream.JetStream) *Publisher { return &Publisher{js: js} }

// Publish stores messages in order and returns once all are durable. On an error
// the message that it names may or may not be stored, and none after it is; those
// with an id can be published again within two minutes without being doubled.
//
// Metadata becomes headers. Keys that begin with "Nats-" are JetStream's own and
// do what JetStream says; a received message has none of them.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	for _, msg := range messages {
		if p.closed.Load() {
			return fmt.Errorf("publish to %s: %w", topic, ErrClosed)
		}
		if _, err := p.js.PublishMsg(msg.Context(), outgoing(topic, msg)); err != nil {
			return fmt.Errorf("publish %s to %s: %w", msg.UUID, topic, err)
		}
	}
	return nil
}

// Close makes every later Publish fail. The connection stays open: it is the
// caller's.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}

func outgoing(topic string, msg *message.Message) *nats.Msg {
	header := make(nats.Header, len(msg.Metadata)+2)
	for key, value := range msg.Metadata {
		header[headerKey(key)] = []string{value}
	}
	traces.Inject(msg.Context(), headerCarrier(header))
	switch id := header[nats.MsgIdHdr]; {
	case msg.UUID == "":
	case len(id) == 0:
		header[nats.MsgIdHdr] = []string{msg.UUID}
	case id[0] != msg.UUID:
		header[HeaderUUID] = []string{msg.UUID}
	}
	return &nats.Msg{Subject: topic, Header: header, Data: msg.Payload}
}

// headerKey makes a header's name of a metadata key: what would end the name or
// the line becomes a hyphen.
func headerKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == ':' || r >= 0x7f {
			return '-'
		}
		return r
	}, key)
}

// headerCarrier lets trace context be read from and written to headers, whose
// keys are case-sensitive on NATS.
type headerCarrier nats.Header

// Get implements [propagation.TextMapCarrier].
func (h headerCarrier) Get(key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Set implements [propagation.TextMapCarrier].
func (h headerCarrier) Set(key, value string) { h[key] = []string{value} }

// Keys implements [propagation.TextMapCarrier].
func (h headerCarrier) Keys() []string {
	keys := make([]string, 0, len(h))
	for key := range h {
		keys = append(keys, key)
	}
	return keys
}
