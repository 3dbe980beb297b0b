package bus_test

import (
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

func TestAMessageArrivesAsItWasPublished(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	_, topic := work(t, js, time.Minute)
	publisher := bus.NewPublisher(js)
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{})

	ctx, span := otel.Tracer("test").Start(t.Context(), "publish")
	sent := message.NewMessageWithContext(ctx, "id-1", []byte("body"))
	sent.Metadata.Set("plain", "value")
	sent.Metadata.Set("Mixed-Case", "é: ñ")
	sent.Metadata.Set("line", "one\r\nNats-Rollup: all")
	sent.Metadata.Set("odd key: x", "kept")
	require.NoError(t, publisher.Publish("work.a", sent))
	span.End()

	got := receive(t, messages)
	require.Equal(t, "id-1", got.UUID)
	require.Equal(t, "body", string(got.Payload))
	require.Equal(t, "value", got.Metadata.Get("plain"))
	require.Equal(t, "é: ñ", got.Metadata.Get("Mixed-Case"))
	require.Equal(t, "kept", got.Metadata.Get("odd-key--x"))
	require.NotContains(t, got.Metadata, "Nats-Rollup")
	require.NotContains(t, got.Metadata, nats.MsgIdHdr)
	require.Contains(t, got.Metadata.Get("traceparent"), span.SpanContext().TraceID().String())
	got.Ack()
}

func TestAMessageIsStoredOnceUnlessItsIDSaysOtherwise(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	_, topic := work(t, js, time.Minute)
	publisher := bus.NewPublisher(js)
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{})
	first := message.NewMessage("same", []byte("1"))
	other := message.NewMessage("same", []byte("2"))
	other.Metadata.Set(bus.MetadataMessageID, "same/other")
	require.NoError(t, publisher.Publish("work.a", first, first.Copy()))
	require.NoError(t, publisher.Publish("work.b", first.Copy()), "an id counts for the whole stream")
	require.NoError(t, publisher.Publish("work.b", other))
	require.NoError(t, publisher.Publish("work.c", message.NewMessage("", []byte("3")), message.NewMessage("", []byte("4"))))
	uuids := map[string]string{}
	for range 4 {
		msg := receive(t, messages)
		uuids[string(msg.Payload)] = msg.UUID
		msg.Ack()
	}
	require.Equal(t, map[string]string{"1": "same", "2": "same", "3": "WORK:3", "4": "WORK:4"}, uuids)
	nothingWithin(t, messages, 50*time.Millisecond)
}

func TestAHeaderWithTwoValuesIsReadAsItsFirst(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	_, topic := work(t, js, time.Minute)
	_, messages := subscribe(t, js, topic, bus.SubscriberConfig{})
	_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: "work.a", Header: nats.Header{"Two": {"1", "2"}, "Empty": {""}}})
	require.NoError(t, err)
	msg := receive(t, messages)
	require.Equal(t, message.Metadata{"Two": "1", "Empty": ""}, msg.Metadata)
	msg.Ack()
}

func TestPublishSaysWhatItCouldNotStore(t *testing.T) {
	t.Parallel()
	js := natstest.Empty(t)
	publisher := bus.NewPublisher(js)
	err := publisher.Publish("nobody.listens", message.NewMessage("id-1", nil))
	require.ErrorContains(t, err, "publish id-1 to nobody.listens")
	require.NoError(t, publisher.Close())
	require.ErrorIs(t, publisher.Publish("work.a", message.NewMessage("id-2", nil)), bus.ErrClosed)
	require.NoError(t, publisher.Close())
	require.True(t, js.Conn().IsConnected(), "the connection is the caller's")
}
