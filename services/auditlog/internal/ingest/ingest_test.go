package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel/metric/noop"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/auditlog/internal/ingest"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store/storetest"
)

var harness = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/waba-platform/onboarding/pkg/database/postgresproc.launch.func1"))
}

const (
	anna = storetest.Anna
	bia  = storetest.Bia
)

// running runs an ingest until stop is called, which waits for it.
func running(t *testing.T, js jetstream.JetStream, to ingest.Appender, logger *slog.Logger) (stop func()) {
	t.Helper()
	i, err := ingest.New(js, to, logger, noop.Meter{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var ended error
	group.Go(func() { ended = i.Run(ctx) })
	stop = sync.OnceFunc(func() {
		cancel()
		group.Wait()
		require.NoError(t, ended)
	})
	t.Cleanup(stop)
	return stop
}

var quiet = slog.New(slog.DiscardHandler)

func input(t *testing.T, js jetstream.JetStream, id event.RestaurantID, e event.Event) {
	t.Helper()
	_, err := bus.PublishInput(t.Context(), js, event.Meta{ID: nats.NewInbox(), Source: "waba/gateway", Restaurant: id, Time: time.Now()}, e)
	require.NoError(t, err)
}

// decide records decisions about a restaurant, one after another.
func decide(t *testing.T, js jetstream.JetStream, id event.RestaurantID, happened ...event.Event) {
	t.Helper()
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	for _, e := range happened {
		head, err := history.Head(t.Context(), id)
		require.NoError(t, err)
		now := time.Now().UTC()
		document := event.Integration{
			RestaurantID: id, IntegrationID: event.IntegrationOf(id), Run: 1, Status: event.StatusInProgress,
			Stage: event.StageDiscovery, WabaID: "1000001", CreatedAt: now, UpdatedAt: now,
		}
		state, err := json.Marshal(event.Snapshot{Integration: document})
		require.NoError(t, err)
		_, err = bus.Decide(t.Context(), js, bus.Decision{
			After: head.Seq, Event: e, State: state,
			Meta: event.Meta{ID: nats.NewInbox(), Source: "waba/onboarding", Restaurant: id, Time: now, Sequence: head.Envelope.Sequence + 1},
		})
		require.NoError(t, err)
	}
}

// raw publishes what no service of ours would.
func raw(t *testing.T, js jetstream.JetStream, subject, body string) {
	t.Helper()
	_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: subject, Data: []byte(body), Header: nats.Header{"Nats-Msg-Id": {nats.NewInbox()}}})
	require.NoError(t, err)
}

func rows(t *testing.T, db *bun.DB, where string) int {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM whatsapp_integration_logs WHERE "+where).Scan(&n))
	return n
}

func eventually(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 30*time.Second, 5*time.Millisecond)
}

// settled says whether every message has been acknowledged.
func settled(t *testing.T, js jetstream.JetStream) bool {
	t.Helper()
	for _, stream := range ingest.Streams {
		consumer, err := js.Consumer(t.Context(), stream, bus.DurableAuditlog)
		require.NoError(t, err)
		info, err := consumer.Info(t.Context())
		require.NoError(t, err)
		if info.NumPending > 0 || info.NumAckPending > 0 {
			return false
		}
	}
	return true
}

// story publishes a bit of everything and returns how many rows it makes.
func story(t *testing.T, js jetstream.JetStream) int {
	t.Helper()
	input(t, js, anna, event.OAuthCodeReceived{CodeRef: "ref", RestaurantName: "Cantina da Anna"})
	input(t, js, bia, event.OAuthCodeReceived{CodeRef: "ref", RestaurantName: "Bistrô\x00 da Bia \\u0000"})
	decide(t, js, anna, event.OnboardingStarted{Run: 1}, event.WabaDiscovered{WabaID: "1000001", Strategy: event.StrategyPage},
		event.WabaReady{WabaID: "1000001", ReadyAt: time.Now()}, event.IntegrationDisconnected{})
	decide(t, js, bia, event.OnboardingStarted{Run: 1}, event.OnboardingFailed{Code: event.CodeCodeExpired})
	require.NoError(t, bus.Arm(t.Context(), js, event.Meta{Source: "waba/onboarding", Restaurant: anna}, event.PollTick{Number: 3}, time.Now()))
	raw(t, js, "waba.in."+string(anna)+".CancelRequested", "not JSON \xff\x00")
	raw(t, js, "waba.evt."+string(anna)+".Unheard", `{"specversion":"1.0","id":"x","type":"waba.Unheard.v3","subject":"`+string(anna)+
		`","time":"2026-11-23T12:00:00Z","data":{"a":"\u0000\ud800","big":123456789012345678901234567890,"a":2}}`)
	return 2 + 6 + 1 + 2
}

func TestIngest(t *testing.T) {
	t.Parallel()

	t.Run("every message is one row, and a replay rebuilds the same rows", func(t *testing.T) {
		t.Parallel()
		harness.Run(t, func(t *testing.T, db *bun.DB) {
			js := natstest.New(t)
			want := story(t, js)
			stop := running(t, js, store.New(db), quiet)
			eventually(t, func() bool { return rows(t, db, "true") == want && settled(t, js) })
			require.Equal(t, 2, rows(t, db, "restaurant_id IS NULL")+rows(t, db, "event_type = 'waba.Unheard.v3'"))
			require.Equal(t, 2, rows(t, db, "NOT success"))
			require.Equal(t, 1, rows(t, db, "stream = 'WABA_TIMERS' AND event_type = 'waba.PollTick.v1' AND step = 'polling_system'"))
			before := storetest.Dump(t, db)
			require.Len(t, before["restaurants"], 2)
			require.Len(t, before["whatsapp_business_integrations"], 1)
			stop()

			_, err := migrations.Down(t.Context(), db)
			require.NoError(t, err)
			_, err = migrations.Up(t.Context(), db)
			require.NoError(t, err)
			for _, stream := range ingest.Streams {
				require.NoError(t, js.DeleteConsumer(t.Context(), stream, bus.DurableAuditlog))
			}
			require.NoError(t, bus.Migrate(t.Context(), js, 1))
			running(t, js, store.New(db), quiet)
			eventually(t, func() bool { return rows(t, db, "true") == want && settled(t, js) })
			require.Equal(t, before, storetest.Dump(t, db))
		})
	})

	t.Run("two processes store each message once", func(t *testing.T) {
		t.Parallel()
		harness.Run(t, func(t *testing.T, db *bun.DB) {
			js := natstest.New(t)
			running(t, js, store.New(db), quiet)
			running(t, js, store.New(db), quiet)
			for n := range 300 {
				input(t, js, storetest.Restaurant(uint64(n%7)), event.RetryRequested{})
			}
			eventually(t, func() bool { return settled(t, js) })
			require.Equal(t, 300, rows(t, db, "true"))
		})
	})

	t.Run("a database that takes no rows is tried again, and nothing is acknowledged before", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		var out atomic.Bool
		out.Store(true)
		tried := make(chan struct{}, 100)
		s := store.New(db)
		running(t, js, appender(func(ctx context.Context, entries []store.Entry) (int64, error) {
			if out.Load() {
				tried <- struct{}{}
				return 0, errors.New("connection refused")
			}
			return s.Append(ctx, entries)
		}), quiet)
		want := story(t, js)
		<-tried
		<-tried
		require.False(t, settled(t, js))
		out.Store(false)
		eventually(t, func() bool { return rows(t, db, "true") == want && settled(t, js) })
	})

	t.Run("a stop stores what is in hand", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		inside, goOn := make(chan struct{}), make(chan struct{})
		s := store.New(db)
		stop := running(t, js, appender(func(ctx context.Context, entries []store.Entry) (int64, error) {
			close(inside)
			<-goOn
			return s.Append(ctx, entries)
		}), quiet)
		input(t, js, anna, event.CancelRequested{})
		<-inside
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		close(goOn)
		<-stopped
		require.Equal(t, 1, rows(t, db, "true"))
		eventually(t, func() bool { return settled(t, js) })
	})

	t.Run("a stop while the database is down gives the messages back at once", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		tried := make(chan struct{}, 100)
		stop := running(t, js, appender(func(context.Context, []store.Entry) (int64, error) {
			tried <- struct{}{}
			return 0, errors.New("connection refused")
		}), quiet)
		input(t, js, anna, event.CancelRequested{})
		<-tried
		stop()
		running(t, js, store.New(db), quiet)
		require.Eventually(t, func() bool { return rows(t, db, "true") == 1 }, 10*time.Second, 5*time.Millisecond, "sooner than the ack wait")
	})

	t.Run("reading begins again when the consumer is made anew", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		running(t, js, store.New(db), quiet)
		input(t, js, anna, event.CancelRequested{})
		eventually(t, func() bool { return rows(t, db, "true") == 1 })
		require.NoError(t, js.DeleteConsumer(t.Context(), bus.In, bus.DurableAuditlog))
		require.NoError(t, bus.Migrate(t.Context(), js, 1))
		input(t, js, anna, event.CancelRequested{})
		eventually(t, func() bool { return rows(t, db, "true") == 2 })
	})

	t.Run("a missing consumer is an error at the start", func(t *testing.T) {
		t.Parallel()
		js := natstest.New(t)
		require.NoError(t, js.DeleteConsumer(t.Context(), bus.Timers, bus.DurableAuditlog))
		i, err := ingest.New(js, appender(nil), quiet, noop.Meter{})
		require.NoError(t, err)
		require.ErrorIs(t, i.Run(t.Context()), jetstream.ErrConsumerNotFound)
	})
}

// appender is a store made of a function.
type appender func(ctx context.Context, entries []store.Entry) (int64, error)

// Append implements [ingest.Appender].
func (f appender) Append(ctx context.Context, entries []store.Entry) (int64, error) {
	return f(ctx, entries)
}

func TestPoison(t *testing.T) {
	t.Parallel()

	t.Run("holds up nothing behind it and stands in the log itself", func(t *testing.T) {
		t.Parallel()
		harness.Run(t, func(t *testing.T, db *bun.DB) {
			js := natstest.New(t)
			var out bytes.Buffer
			stop := running(t, js, store.New(db), slog.New(slog.NewTextHandler(&out, nil)))
			envelope := func(id, data string) string {
				return `{"specversion":"1.0","id":"` + id + `","type":"waba.Odd.v1","subject":"` + string(anna) +
					`","time":"2026-11-23T12:00:00Z","data":` + data + `}`
			}
			poison := []string{
				"", "{}", "null", "[]", "\xff\xfe\x00", `{"specversion":"1.0"}`,
				envelope("deep", strings.Repeat("[", 9000)+strings.Repeat("]", 9000)),
				envelope("deeper", strings.Repeat("[", 90_000)+strings.Repeat("]", 90_000)),
				envelope("number", "1e999999999"),
				envelope("nul", `{"a\u0000":"\u0000"}`),
				envelope("nul\\u0000", `1`),
				envelope("half", `"\ud800 \udfff"`),
				envelope("wide", `"`+strings.Repeat("x", 900_000)+`"`),
				envelope("latin", "\"\xe7\xe3\""),
				envelope("none", `null`),
			}
			for n, body := range poison {
				input(t, js, anna, event.RetryRequested{Reason: fmt.Sprint(n)})
				raw(t, js, "waba.in."+string(anna)+".Odd", body)
			}
			eventually(t, func() bool { return settled(t, js) })
			stop()
			require.Equal(t, 2*len(poison), rows(t, db, "true"), out.String())
			require.Equal(t, len(poison), rows(t, db, "event_type = 'waba.RetryRequested.v1'"))
		})
	})

	t.Run("that no database can store in any form is put off", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		s := store.New(db)
		running(t, js, appender(func(ctx context.Context, entries []store.Entry) (int64, error) {
			for n := range entries {
				if entries[n].StreamSeq == 2 {
					entries[n].Step = "no such step"
				}
			}
			return s.Append(ctx, entries)
		}), quiet)
		for range 3 {
			input(t, js, anna, event.RetryRequested{})
		}
		eventually(t, func() bool { return rows(t, db, "true") == 2 })
	})
}
