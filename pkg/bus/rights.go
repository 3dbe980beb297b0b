package bus

import (
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// User is a user of the bus: what it may publish, and where it may listen. What
// is in both Publish and Deny is denied. Requests to JetStream are publishes too.
type User struct {
	Name      string
	For       string // one line, for the server's configuration
	Publish   []string
	Deny      []string
	Subscribe []string
}

// The users. Each service connects as its own.
const (
	UserGateway    = "gateway"
	UserOnboarding = "onboarding"
	UserAuditlog   = "auditlog"
	UserMigrate    = "migrate"
	UserReader     = "reader"
)

// Users returns who may do what; everything else is refused. Nobody listens to
// subjects of events, since a core subscription is handed messages that the fence
// then refuses; nobody deletes or purges, and only migrate makes streams.
//
// A right to ask the server for something is also one to have the answer sent
// anywhere, as the server does not look at the reply subject of a request. So:
//   - no stream allows direct gets, whose answers are messages as somebody wrote
//     them, and [History.Head] and [Arm] look past what is no event of ours;
//   - what a consumer delivers keeps its subject and headers: a decision that is
//     sent into the log again is refused by its own fence. Inputs have no fence, so
//     nobody makes consumers on WABA_IN.
func Users() []User {
	return []User{
		{
			Name: UserGateway,
			For:  "writes inputs, webhooks, sealed secrets and idempotency keys; reads the story of a restaurant",
			Publish: slices.Concat(
				inputs(),
				[]string{"waba.webhook.*", "waba.secret.*", "$KV." + IdempotencyBucket + ".>"},
				info(Log, In, Webhooks, Secrets, IdempotencyStream),
				get(Log, In, IdempotencyStream),
				readInOrder(Log),
			),
			Deny:      ownConsumers(Log),
			Subscribe: inbox(UserGateway),
		},
		{
			Name: UserOnboarding,
			For:  "the only writer of decisions and timers",
			Publish: slices.Concat(
				[]string{
					"waba.evt.*.*",
					"waba.timer.*.*",
					anyRestaurant(event.FamilyInput, event.NameMetaNotified),
					"waba.dead.>",
				},
				info(Log, In, Timers, Webhooks, Secrets, Dead),
				get(Log, In, Timers, Webhooks, Secrets),
				work(UserOnboarding),
			),
			Subscribe: inbox(UserOnboarding),
		},
		{
			Name: UserAuditlog,
			For:  "reads every event once; writes none",
			Publish: slices.Concat(
				[]string{"waba.dead.>"},
				info(Log, In, Timers, Dead),
				work(UserAuditlog),
			),
			Subscribe: inbox(UserAuditlog),
		},
		{
			Name: UserMigrate,
			For:  "makes streams, buckets and consumers; no data",
			Publish: []string{
				"$JS.API.INFO",
				"$JS.API.STREAM.CREATE.*",
				"$JS.API.STREAM.UPDATE.*",
				"$JS.API.STREAM.INFO.*",
				"$JS.API.STREAM.NAMES",
				"$JS.API.STREAM.LIST",
				"$JS.API.CONSUMER.CREATE.>",
				"$JS.API.CONSUMER.DELETE.*.*",
				"$JS.API.CONSUMER.INFO.*.*",
				"$JS.API.CONSUMER.NAMES.*",
				"$JS.API.CONSUMER.LIST.*",
			},
			Subscribe: inbox(UserMigrate),
		},
		{
			Name: UserReader,
			For:  "tools: reads everything but secrets, writes nothing",
			Publish: slices.Concat(
				[]string{
					"$JS.API.INFO",
					"$JS.API.STREAM.INFO.*",
					"$JS.API.STREAM.NAMES",
					"$JS.API.STREAM.LIST",
					"$JS.API.CONSUMER.INFO.*.*",
					"$JS.API.CONSUMER.NAMES.*",
					"$JS.API.CONSUMER.LIST.*",
				},
				get(Log, In, Timers, Webhooks, Dead),
				readInOrder(Log, Timers, Webhooks, Dead),
			),
			Deny:      ownConsumers(Log, Timers, Webhooks, Dead),
			Subscribe: append(inbox(UserReader), "_INBOX.>"), // that of tools which are not ours
		},
	}
}

func inbox(user string) []string { return []string{InboxPrefix(user) + ".>"} }

// inputs returns where the gateway publishes: each of its inputs by name.
// MetaNotified is not one of them: onboarding makes it of a webhook.
func inputs() []string {
	var subjects []string
	for _, name := range event.NamesOf(event.FamilyInput) {
		if name != event.NameMetaNotified {
			subjects = append(subjects, anyRestaurant(event.FamilyInput, name))
		}
	}
	return subjects
}

func info(streams ...string) []string { return api("STREAM.INFO.", streams, "") }

func get(streams ...string) []string { return api("STREAM.MSG.GET.", streams, "") }

// readInOrder returns the rights to make, use and remove ordered consumers; their
// names are random. It goes with [ownConsumers], which shields the services'.
func readInOrder(streams ...string) []string {
	return slices.Concat(
		api("CONSUMER.CREATE.", streams, ".>"),
		api("CONSUMER.INFO.", streams, ".*"),
		api("CONSUMER.MSG.NEXT.", streams, ".*"),
		api("CONSUMER.DELETE.", streams, ".*"),
	)
}

// ownConsumers returns every way to change, use or remove the services' durable
// consumers of some streams.
func ownConsumers(streams ...string) []string {
	var subjects []string
	for _, c := range Consumers() {
		if !slices.Contains(streams, c.Stream) {
			continue
		}
		own := c.Stream + "." + c.Config.Durable
		subjects = append(subjects,
			"$JS.API.CONSUMER.CREATE."+own,
			"$JS.API.CONSUMER.CREATE."+own+".>",
			"$JS.API.CONSUMER.MSG.NEXT."+own,
			"$JS.API.CONSUMER.DELETE."+own,
		)
	}
	return subjects
}

// work returns the rights of a service to its durable consumers. Acknowledgements
// have a short form and, between servers with domains, a long one.
func work(service string) []string {
	var subjects []string
	for _, c := range Consumers() {
		if c.Service != service {
			continue
		}
		own := c.Stream + "." + c.Config.Durable
		subjects = append(subjects,
			"$JS.API.CONSUMER.INFO."+own,
			"$JS.API.CONSUMER.MSG.NEXT."+own,
			"$JS.ACK."+own+".>",
			"$JS.ACK.*.*."+own+".>",
		)
	}
	return subjects
}

func api(what string, streams []string, tail string) []string {
	subjects := make([]string, 0, len(streams))
	for _, stream := range streams {
		subjects = append(subjects, "$JS.API."+what+stream+tail)
	}
	return subjects
}
