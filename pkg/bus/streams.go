package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	Log      = "WABA"          // decisions
	In       = "WABA_IN"       // inputs
	Timers   = "WABA_TIMERS"   // schedules and ticks
	Webhooks = "WABA_WEBHOOKS" // Meta's raw webhooks, once each
	Secrets  = "WABA_SECRETS"  // sealed codes, tokens and PINs, for an hour
	Dead     = "WABA_DEAD"     // index of what could not be processed
)

// IdempotencyBucket is the key-value bucket of the gateway's idempotency keys, and
// IdempotencyStream the stream behind it.
const (
	IdempotencyBucket = "WABA_IDEMPOTENCY"
	IdempotencyStream = "KV_" + IdempotencyBucket
)

// SecretLife is how long a sealed secret waits to be used.
const SecretLife = time.Hour

const day = 24 * time.Hour

// Streams returns the configuration of every stream, with this many replicas.
//
// The log never ages out: the last decision of a restaurant is its state. Only
// timers allow schedules and rollups, because on a stream with schedules any
// publisher can write to any of its subjects. None allows direct gets: they would
// be answered by a replica that lags; and since the answer is the message itself,
// sent to wherever the request says, whoever may ask could copy a message of its
// own making into the log. So the bucket is made here, not by the library.
func Streams(replicas int) []jetstream.StreamConfig {
	base := func(name, description string, maxAge time.Duration, subjects ...string) jetstream.StreamConfig {
		return jetstream.StreamConfig{
			Name:        name,
			Description: description,
			Subjects:    subjects,
			Storage:     jetstream.FileStorage,
			Replicas:    replicas,
			MaxAge:      maxAge,
			Discard:     jetstream.DiscardNew,
			MaxBytes:    -1,
			DenyDelete:  true,
			Duplicates:  2 * time.Minute,
		}
	}
	log := base(Log, "Decisions: the truth about every restaurant.", 0, "waba.evt.*.*")
	log.Compression = jetstream.S2Compression

	in := base(In, "Inputs: what was asked for.", 90*day, "waba.in.*.*")
	in.Compression = jetstream.S2Compression

	timers := base(Timers, "Schedules, and the ticks that the server makes of them.", 40*day, "waba.timer.*.*", "waba.tick.*.*")
	timers.AllowMsgSchedules = true
	timers.DenyDelete = false             // the server removes a schedule that has fired
	timers.Discard = jetstream.DiscardOld // asked of streams with schedules; there is no limit that could be met

	webhooks := base(Webhooks, "Meta's webhooks as they came; a subject for each body.", 8*day, "waba.webhook.*")
	webhooks.MaxMsgsPerSubject = 1
	webhooks.DiscardNewPerSubject = true

	secrets := base(Secrets, "Sealed secrets that inputs refer to. Not in backups.", SecretLife, "waba.secret.*")

	dead := base(Dead, "What could not be processed, and why.", 0, "waba.dead.>")

	keys := base(IdempotencyStream, "Idempotency keys of the API, for a day.", day, "$KV."+IdempotencyBucket+".>")
	keys.MaxMsgsPerSubject = 1
	return []jetstream.StreamConfig{log, in, timers, webhooks, secrets, dead, keys}
}

// Migrate creates or updates all streams and durable consumers. It is
// safe to run again, and by two processes at once. Services never do this: they
// have no right to.
func Migrate(ctx context.Context, js jetstream.JetStream, replicas int) error {
	for _, config := range Streams(replicas) {
		if _, err := js.CreateOrUpdateStream(ctx, config); err != nil {
			return fmt.Errorf("create stream %s: %w", config.Name, err)
		}
	}
	for _, consumer := range Consumers() {
		if _, err := js.CreateOrUpdateConsumer(ctx, consumer.Stream, consumer.Config); err != nil {
			return fmt.Errorf("create consumer %s on %s: %w", consumer.Config.Durable, consumer.Stream, err)
		}
	}
	return nil
}

// ErrNotMigrated says that a stream is missing: `waba migrate up` makes it.
var ErrNotMigrated = errors.New("stream is missing: run `waba migrate up`")

// Check says whether the named streams are there. The error wraps
// [ErrNotMigrated], or is that of a bus that cannot be reached.
func Check(ctx context.Context, js jetstream.JetStream, streams ...string) error {
	for _, name := range streams {
		_, err := js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("stream %s: %w", name, ErrNotMigrated)
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
	}
	return nil
}
