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
}

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
	onboarding := func(stream, durable string, filters ...string) Consumer {
		return Consumer{Service: "onboarding", Stream: stream, Config: jetstream.ConsumerConfig{
			Durable:        durable,
			FilterSubjects: filters,
			AckPolicy:      jetstream.AckExplicitPolicy,
			AckWait:        ackWait,
			MaxDeliver:     -1,
			MaxAckPending:  20_000,
		}}
	}
	auditlog := func(stream string, filters ...string) Consumer {
		return Consumer{Service: "auditlog", Stream: stream, Config: jetstream.ConsumerConfig{
			Durable:        DurableAuditlog,
			FilterSubjects: filters,
			AckPolicy:      jetstream.AckExplicitPolicy,
			AckWait:        ackWait,
			MaxDeliver:     -1,
			MaxAckPending:  20_000,
		}}
	}
	return []Consumer{
		onboarding(In, DurableExchange, anyRestaurant(event.FamilyInput, event.NameOAuthCodeReceived)),
		onboarding(Log, DurableExchange, anyRestaurant(event.FamilyDecision, event.NameOnboardingStarted)),
		onboarding(In, DurableOnboarding, allBut(event.FamilyInput, event.NameOAuthCodeReceived)...),
		onboarding(Log, DurableOnboarding, allBut(event.FamilyDecision, event.NameOnboardingStarted)...),
		onboarding(Timers, DurableOnboarding, "waba.tick.*.*"),
		auditlog(Log, "waba.evt.*.*"),
		auditlog(In, "waba.in.*.*"),
		auditlog(Timers, "waba.tick.*.*"),
	}
}

func anyRestaurant(family event.Family, name event.Name) string {
	return "waba." + string(family) + ".*." + string(name)
}

func allBut(family event.Family, but event.Name) []string {
	var filters []string
	for _, name := range event.NamesOf(family) {
		if name != but {
			filters = append(filters, anyRestaurant(family, name))
		}
	}
	return filters
}
