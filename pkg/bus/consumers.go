package bus

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Consumer is a durable consumer of a service.
type Consumer struct {
	Service string
	Stream  string
	Config  jetstream.ConsumerConfig
	// Elsewhere names the event that is delivered here too, though another consumer
	// of the service answers it. A consumer with a list of all other names costs the
	// server a look at every subject that it stores, for each message.
	Elsewhere event.Name
}

// Answers says whether a message delivered by this consumer is for its service to
// answer. Any other is done at once.
func (c Consumer) Answers(msg Message) bool { return c.Elsewhere == "" || msg.Name != c.Elsewhere }

// Topic is how a Watermill subscriber names the consumer: durable@STREAM.
func (c Consumer) Topic() string { return Topic(c.Stream, c.Config.Durable) }

// Topic returns the Watermill topic of a durable consumer.
func Topic(stream, durable string) string { return durable + "@" + stream }

// The durable consumers' names. Each exists on every stream that its service reads.
const (
	DurableExchange   = "onboarding-exchange" // codes: they never wait behind polls
	DurableOnboarding = "onboarding"          // every other bell
	DurableAuditlog   = "auditlog"
)

// ackWait is how long a message may be worked on between two heartbeats.
const ackWait = 30 * time.Second

// Consumers returns every durable consumer. Deliveries are unlimited: what cannot
// be processed is terminated and kept in WABA_DEAD, anything else is tried until
// it is done. Messages that wait for a delayed redelivery count as pending, so
// the limit stands far above the work in flight, which the worker bounds.
func Consumers() []Consumer {
	durable := func(service, stream, name, filter string, elsewhere event.Name) Consumer {
		return Consumer{Service: service, Stream: stream, Elsewhere: elsewhere, Config: jetstream.ConsumerConfig{
			Durable:       name,
			FilterSubject: filter,
			AckPolicy:     jetstream.AckExplicitPolicy,
			AckWait:       ackWait,
			MaxDeliver:    -1,
			MaxAckPending: 20_000,
		}}
	}
	onboarding := func(stream, name, filter string, elsewhere event.Name) Consumer {
		return durable("onboarding", stream, name, filter, elsewhere)
	}
	auditlog := func(stream, filter string) Consumer {
		return durable("auditlog", stream, DurableAuditlog, filter, "")
	}
	return []Consumer{
		onboarding(In, DurableExchange, anyRestaurant(event.FamilyInput, event.NameOAuthCodeReceived), ""),
		onboarding(Log, DurableExchange, anyRestaurant(event.FamilyDecision, event.NameOnboardingStarted), ""),
		onboarding(In, DurableOnboarding, "waba.in.*.*", event.NameOAuthCodeReceived),
		onboarding(Log, DurableOnboarding, "waba.evt.*.*", event.NameOnboardingStarted),
		onboarding(Timers, DurableOnboarding, "waba.tick.*.*", ""),
		onboarding(Webhooks, DurableOnboarding, "waba.webhook.*", ""), // no bells: they are routed first
		auditlog(Log, "waba.evt.*.*"),
		auditlog(In, "waba.in.*.*"),
		auditlog(Timers, "waba.tick.*.*"),
	}
}

func anyRestaurant(family event.Family, name event.Name) string {
	return "waba." + string(family) + ".*." + string(name)
}
