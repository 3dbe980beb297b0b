package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
)

const restaurant event.RestaurantID = "7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11"

// refusals fails the test for every error of a connection.
func refusals(t *testing.T) chan<- error {
	t.Helper()
	errs := make(chan error, 64)
	t.Cleanup(func() {
		for len(errs) > 0 {
			require.NoError(t, <-errs, "a right is missing")
		}
	})
	return errs
}

func TestEachServiceMayDoItsOwnWork(t *testing.T) {
	t.Parallel()
	connect := natstest.Secured(t)
	ctx := t.Context()

	gateway := connect(bus.UserGateway, refusals(t))
	require.NoError(t, bus.Check(ctx, gateway, bus.Log, bus.In, bus.Webhooks, bus.Secrets))
	require.NoError(t, bus.PutSecret(ctx, gateway, "ref-1", "sealed"))
	_, err := bus.PublishCode(ctx, gateway, meta("code-1"), event.OAuthCodeReceived{CodeRef: "ref-1", CodeHash: "hash"}, 0)
	require.NoError(t, err)
	cancelled, err := bus.PublishInput(ctx, gateway, meta("cancel-1"), event.CancelRequested{})
	require.NoError(t, err)
	_, err = gateway.Publish(ctx, "waba.webhook.abc", []byte("{}"))
	require.NoError(t, err)
	history, err := bus.OpenHistory(ctx, gateway)
	require.NoError(t, err)
	_, ok, err := history.LastCode(ctx, restaurant)
	require.NoError(t, err)
	require.True(t, ok)
	keys, err := gateway.KeyValue(ctx, bus.IdempotencyBucket)
	require.NoError(t, err)
	_, err = keys.Create(ctx, "key", []byte("1"))
	require.NoError(t, err)
	_, err = keys.Create(ctx, "key", []byte("2"))
	require.ErrorIs(t, err, jetstream.ErrKeyExists)
	entry, err := keys.Get(ctx, "key")
	require.NoError(t, err)
	require.Equal(t, "1", string(entry.Value()))

	onboarding := connect(bus.UserOnboarding, refusals(t))
	require.NoError(t, bus.Check(ctx, onboarding, bus.Log, bus.In, bus.Timers, bus.Webhooks, bus.Secrets, bus.Dead))
	history, err = bus.OpenHistory(ctx, onboarding)
	require.NoError(t, err)
	input, ok, err := history.NextInput(ctx, restaurant, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, event.NameOAuthCodeReceived, input.Event.Name())
	secrets, err := bus.OpenSecrets(ctx, onboarding)
	require.NoError(t, err)
	sealed, err := secrets.Get(ctx, "ref-1")
	require.NoError(t, err)
	require.Equal(t, "sealed", sealed)
	_, err = bus.Decide(ctx, onboarding, bus.Decision{Meta: meta("d-1"), Event: event.OnboardingStarted{Run: 1}, State: []byte("{}")})
	require.NoError(t, err)
	head, err := history.Head(ctx, restaurant)
	require.NoError(t, err)
	require.Equal(t, event.NameOnboardingStarted, head.Event.Name())
	_, err = bus.Decide(ctx, onboarding, bus.Decision{After: head.Last, Meta: meta("d-2"), Event: event.TokenExchanged{}, State: []byte("{}")})
	require.NoError(t, err)
	require.NoError(t, bus.Arm(ctx, onboarding, meta("t"), event.PollTick{Number: 1}, time.Now()))
	_, err = bus.PublishInput(ctx, onboarding, meta("n-1"), event.MetaNotified{Field: "account_update"})
	require.NoError(t, err)
	require.NoError(t, bus.Bury(ctx, onboarding, bus.Message{Stream: bus.In, Consumer: "onboarding", Seq: 9}, "malformed", time.Now()))

	auditlog := connect(bus.UserAuditlog, refusals(t))
	require.NoError(t, bus.Check(ctx, auditlog, bus.Log, bus.In, bus.Timers))
	require.NoError(t, bus.Bury(ctx, auditlog, bus.Message{Stream: bus.In, Consumer: "auditlog", Seq: 9}, "malformed", time.Now()))
	for service, js := range map[string]jetstream.JetStream{"onboarding": onboarding, "auditlog": auditlog} {
		for _, c := range bus.Consumers() {
			if c.Service == service {
				worked(t, js, c)
			}
		}
	}

	for _, user := range []string{bus.UserGateway, bus.UserReader} {
		js := connect(user, refusals(t))
		require.Equal(t, []string{"OnboardingStarted", "TokenExchanged"}, follow(t, js, bus.Log, 2))
	}
	reader := connect(bus.UserReader, refusals(t))
	history, err = bus.OpenHistory(ctx, reader)
	require.NoError(t, err)
	input, ok, err = history.NextInput(ctx, restaurant, cancelled-1)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, event.NameCancelRequested, input.Event.Name())
}

// worked takes what a durable consumer has, acks it, and sees that it is acked.
func worked(t *testing.T, js jetstream.JetStream, c bus.Consumer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	consumer, err := js.Consumer(ctx, c.Stream, c.Config.Durable)
	require.NoError(t, err)
	msg, err := consumer.Next(jetstream.FetchContext(ctx))
	require.NoError(t, err, c.Topic())
	require.NoError(t, msg.DoubleAck(ctx), c.Topic())
}

// follow reads a stream with an ordered consumer.
func follow(t *testing.T, js jetstream.JetStream, stream string, count int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	consumer, err := js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{})
	require.NoError(t, err)
	messages, err := consumer.Messages()
	require.NoError(t, err)
	defer messages.Stop()
	var names []string
	for range count {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		require.NoError(t, err)
		_, _, name, ok := event.ParseSubject(msg.Subject())
		require.True(t, ok)
		names = append(names, string(name))
	}
	return names
}

// What every user but migrate is refused, with a reason where one is needed.
var admin = []string{
	"$JS.API.STREAM.CREATE.EVIL",
	"$JS.API.STREAM.CREATE.WABA",
	"$JS.API.STREAM.UPDATE.WABA",
	"$JS.API.STREAM.DELETE.WABA",
	"$JS.API.STREAM.PURGE.WABA",
	"$JS.API.STREAM.PURGE.WABA_IN",
	"$JS.API.STREAM.MSG.DELETE.WABA",
	"$JS.API.STREAM.SNAPSHOT.WABA",
	"$JS.API.STREAM.RESTORE.WABA",
	"$JS.API.STREAM.LEADER.STEPDOWN.WABA",
	"$JS.API.CONSUMER.DURABLE.CREATE.WABA.onboarding",
	"$JS.API.CONSUMER.CREATE.WABA.onboarding",
	"$JS.API.CONSUMER.CREATE.WABA.onboarding.waba.evt.*.WabaReady",
	"$JS.API.CONSUMER.CREATE.WABA_IN.auditlog",
	"$JS.API.CONSUMER.DELETE.WABA.onboarding",
	"$JS.API.CONSUMER.DELETE.WABA_IN.onboarding-exchange",
	"$JS.API.CONSUMER.PAUSE.WABA.onboarding",
	"$JS.API.CONSUMER.RESET.WABA.onboarding",
	"$JS.API.DIRECT.GET.KV_WABA_IDEMPOTENCY",
	"$JS.API.DIRECT.GET.KV_WABA_IDEMPOTENCY.$KV.WABA_IDEMPOTENCY.key",
	"$SYS.REQ.SERVER.PING",
}

func TestWhatIsNotAServicesOwnIsRefused(t *testing.T) {
	t.Parallel()
	id := string(restaurant)
	forgeries := map[string][]string{
		bus.UserGateway: {
			"waba.evt." + id + ".WabaReady",
			"waba.evt." + id + ".OnboardingStarted",
			"waba.tick." + id + ".PollTick",
			"waba.timer." + id + ".PollTick-1",
			"waba.in." + id + ".MetaNotified",
			"waba.in." + id + ".SomethingNew",
			"waba.dead.WABA.onboarding.1",
			"$JS.API.STREAM.MSG.GET.WABA_SECRETS",
			"$JS.API.STREAM.MSG.GET.WABA_WEBHOOKS",
			"$JS.API.CONSUMER.CREATE.WABA_SECRETS.evil",
			"$JS.API.CONSUMER.CREATE.WABA_TIMERS.evil",
			"$JS.API.CONSUMER.CREATE.WABA_IN.evil",
			"$JS.API.CONSUMER.MSG.NEXT.WABA_IN.onboarding-exchange",
			"$JS.API.CONSUMER.MSG.NEXT.WABA.auditlog",
			"$JS.ACK.WABA_IN.onboarding-exchange.1.1.1.1.0",
		},
		bus.UserOnboarding: {
			"waba.in." + id + ".OAuthCodeReceived",
			"waba.in." + id + ".CancelRequested",
			"waba.tick." + id + ".PollTick",
			"waba.secret.ref",
			"waba.webhook.abc",
			"$KV.WABA_IDEMPOTENCY.key",
			"$JS.API.CONSUMER.MSG.NEXT.WABA.auditlog",
			"$JS.ACK.WABA.auditlog.1.1.1.1.0",
		},
		bus.UserAuditlog: {
			"waba.evt." + id + ".WabaReady",
			"waba.in." + id + ".CancelRequested",
			"waba.timer." + id + ".PollTick-1",
			"waba.tick." + id + ".PollTick",
			"waba.secret.ref",
			"$JS.API.STREAM.MSG.GET.WABA_SECRETS",
			"$JS.API.CONSUMER.MSG.NEXT.WABA.onboarding",
			"$JS.ACK.WABA.onboarding.1.1.1.1.0",
		},
		bus.UserReader: {
			"waba.evt." + id + ".WabaReady",
			"waba.in." + id + ".CancelRequested",
			"waba.timer." + id + ".PollTick-1",
			"waba.dead.WABA.onboarding.1",
			"waba.secret.ref",
			"$KV.WABA_IDEMPOTENCY.key",
			"$JS.API.STREAM.MSG.GET.WABA_SECRETS",
			"$JS.API.CONSUMER.CREATE.WABA_SECRETS.evil",
			"$JS.API.CONSUMER.CREATE.WABA_IN.evil",
			"$JS.API.CONSUMER.MSG.NEXT.WABA.onboarding",
			"$JS.ACK.WABA.onboarding.1.1.1.1.0",
		},
		bus.UserMigrate: {
			"waba.evt." + id + ".WabaReady",
			"waba.in." + id + ".CancelRequested",
			"waba.timer." + id + ".PollTick-1",
			"waba.secret.ref",
			"$JS.API.STREAM.DELETE.WABA",
			"$JS.API.STREAM.PURGE.WABA",
			"$JS.API.STREAM.MSG.GET.WABA_SECRETS",
			"$JS.API.CONSUMER.MSG.NEXT.WABA.onboarding",
		},
	}
	connect := natstest.Secured(t)
	for user, subjects := range forgeries {
		if user != bus.UserMigrate {
			subjects = append(subjects, admin...)
		}
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			conn := connect(user, nil).Conn()
			for _, subject := range subjects {
				require.NoError(t, conn.PublishRequest(subject, conn.NewInbox(), []byte("{}")))
				require.NoError(t, conn.Flush())
				require.ErrorIs(t, conn.LastError(), nats.ErrPermissionViolation, subject)
				require.ErrorContains(t, conn.LastError(), subject)
			}
			for _, subject := range []string{"waba.>", "waba.secret.*", bus.InboxPrefix("somebody") + ".>", "$JS.ACK.>"} {
				_, err := conn.SubscribeSync(subject)
				require.NoError(t, err)
				require.NoError(t, conn.Flush())
				require.ErrorIs(t, conn.LastError(), nats.ErrPermissionViolation, subject)
				require.ErrorContains(t, conn.LastError(), subject)
			}
		})
	}
}

// A right to publish inputs is no right to empty a stream or to schedule.
func TestHeadersOfJetStreamDoNoHarm(t *testing.T) {
	t.Parallel()
	connect := natstest.Secured(t)
	gateway := connect(bus.UserGateway, nil)
	ctx := t.Context()
	_, err := bus.PublishInput(ctx, gateway, meta("in-1"), event.CancelRequested{})
	require.NoError(t, err)
	for _, header := range []nats.Header{
		{"Nats-Rollup": {"all"}},
		{"Nats-Rollup": {"sub"}},
		{"Nats-TTL": {"1s"}},
		{"Nats-Schedule": {"@at 2020-01-01T00:00:00Z"}, "Nats-Schedule-Target": {"waba.evt." + string(restaurant) + ".WabaReady"}},
	} {
		for _, subject := range []string{"waba.in." + string(restaurant) + ".CancelRequested", "waba.secret.x", "waba.webhook.x", "$KV.WABA_IDEMPOTENCY.x"} {
			_, err := gateway.PublishMsg(ctx, &nats.Msg{Subject: subject, Header: header, Data: []byte("x")})
			_, refused := errors.AsType[*jetstream.APIError](err)
			require.True(t, refused, "%s %v: %v", subject, header, err)
		}
	}
	stream, err := gateway.Stream(ctx, bus.In)
	require.NoError(t, err)
	require.EqualValues(t, 1, stream.CachedInfo().State.Msgs)
}

// The server sends an answer wherever a request says, also into a stream that the
// requester may not publish to. What lands there is never an event.
func TestAnAnswerThatIsSentIntoTheLogStopsNobody(t *testing.T) {
	t.Parallel()
	connect := natstest.Secured(t)
	ctx := t.Context()
	onboarding, gateway := connect(bus.UserOnboarding, nil), connect(bus.UserGateway, nil)
	history, err := bus.OpenHistory(ctx, onboarding)
	require.NoError(t, err)
	reflect := func(subject, reply, body string) {
		t.Helper()
		require.NoError(t, gateway.Conn().PublishRequest(subject, reply, []byte(body)))
		require.NoError(t, gateway.Conn().Flush())
	}
	log, err := onboarding.Stream(ctx, bus.Log)
	require.NoError(t, err)
	landed := func(stream jetstream.Stream, subject string, count int) {
		t.Helper()
		require.Eventually(t, func() bool {
			info, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
			require.NoError(t, err)
			return int(info.State.Subjects[subject]) == count //nolint:gosec // small
		}, 10*time.Second, 5*time.Millisecond)
	}
	forged := "waba.evt." + string(restaurant) + ".WabaReady"

	reflect("waba.in."+string(restaurant)+".CancelRequested", forged, "{}")
	landed(log, forged, 1)
	head, err := history.Head(ctx, restaurant)
	require.NoError(t, err)
	require.Zero(t, head.Seq)
	first, err := bus.Decide(ctx, onboarding, bus.Decision{After: head.Last, Meta: meta("d-1"), Event: event.OnboardingStarted{Run: 1}, State: []byte(`{"n":1}`)})
	require.NoError(t, err)

	reflect("$JS.API.STREAM.MSG.GET.WABA", forged, `{"seq":2}`)
	landed(log, forged, 2)
	head, err = history.Head(ctx, restaurant)
	require.NoError(t, err)
	require.Equal(t, first, head.Seq)
	require.Equal(t, `{"n":1}`, string(head.State))
	require.Greater(t, head.Last, head.Seq)
	_, err = bus.Decide(ctx, onboarding, bus.Decision{After: head.Seq, Meta: meta("d-2"), Event: event.TokenExchanged{}, State: []byte("{}")})
	require.ErrorIs(t, err, bus.ErrLost)
	_, err = bus.Decide(ctx, onboarding, bus.Decision{After: head.Last, Meta: meta("d-3"), Event: event.TokenExchanged{}, State: []byte("{}")})
	require.NoError(t, err)

	timers, err := onboarding.Stream(ctx, bus.Timers)
	require.NoError(t, err)
	timer := event.TimerSubject(restaurant, event.NamePollTick, 7)
	reflect("waba.in."+string(restaurant)+".CancelRequested", timer, "{}")
	landed(timers, timer, 1)
	require.NoError(t, bus.Arm(ctx, onboarding, meta("t"), event.PollTick{Number: 7}, time.Now()))
	tick := event.Subject(event.FamilyTick, restaurant, event.NamePollTick)
	landed(timers, tick, 1)
}

// A consumer delivers to wherever it is asked to, and a decision that is sent into
// the log again would take the restaurant back to an old state.
func TestADecisionCannotBeSentIntoTheLogAgain(t *testing.T) {
	t.Parallel()
	connect := natstest.Secured(t)
	ctx := t.Context()
	onboarding, gateway := connect(bus.UserOnboarding, nil), connect(bus.UserGateway, nil)
	var last uint64
	for _, e := range []event.Event{event.OnboardingStarted{Run: 1}, event.TokenExchanged{}, event.TokenChecked{}} {
		var err error
		unnamed := meta("") // as after two minutes, when no id is remembered
		last, err = bus.Decide(ctx, onboarding, bus.Decision{After: last, Meta: unnamed, Event: e, State: []byte("{}")})
		require.NoError(t, err)
	}
	consumer, err := gateway.CreateConsumer(ctx, bus.Log, jetstream.ConsumerConfig{Name: "evil", AckPolicy: jetstream.AckNonePolicy})
	require.NoError(t, err)
	require.NoError(t, gateway.Conn().PublishRequest("$JS.API.CONSUMER.MSG.NEXT.WABA.evil", "waba.evt.x.y", []byte("3")))
	require.Eventually(t, func() bool {
		info, err := consumer.Info(ctx)
		require.NoError(t, err)
		return info.Delivered.Consumer == 3
	}, 10*time.Second, 5*time.Millisecond)
	stream, err := onboarding.Stream(ctx, bus.Log)
	require.NoError(t, err)
	require.Equal(t, last, stream.CachedInfo().State.LastSeq)
}

func meta(id string) event.Meta {
	return event.Meta{ID: id, Source: "waba/test", Restaurant: restaurant, Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
}
