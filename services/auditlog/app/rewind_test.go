package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/auditlog/app"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store/storetest"
)

// installation is an audit log at work with a bus on which each has its own rights.
type installation struct {
	gateway, onboarding, auditlog, migrate jetstream.JetStream

	db *bun.DB
}

func install(t *testing.T, db *bun.DB) *installation {
	t.Helper()
	connect := natstest.Secured(t)
	refused := make(chan error, 64)
	t.Cleanup(func() {
		for len(refused) > 0 {
			require.NoError(t, <-refused, "a right is missing")
		}
	})
	return &installation{
		gateway: connect(bus.UserGateway, refused), onboarding: connect(bus.UserOnboarding, refused),
		auditlog: connect(bus.UserAuditlog, refused), migrate: connect(bus.UserMigrate, refused), db: db,
	}
}

// run runs the service until stop is called. The checks are those of readiness.
func (i *installation) run(t *testing.T) (check func() error, stop func()) {
	t.Helper()
	deps := app.Deps{JetStream: i.auditlog, DB: i.db, Logger: slog.New(slog.DiscardHandler), Gap: &app.Gap{}}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var ended error
	group.Go(func() { ended = app.Run(ctx, app.Config{}, deps) })
	stop = sync.OnceFunc(func() {
		cancel()
		group.Wait()
		require.NoError(t, ended)
	})
	t.Cleanup(stop)
	return func() error {
		for _, c := range app.Checks(deps) {
			if err := c.Run(t.Context()); err != nil {
				return err
			}
		}
		return nil
	}, stop
}

// happen publishes an input of a restaurant and the decision that answers it.
func (i *installation) happen(t *testing.T, id event.RestaurantID, input, decision event.Event) {
	t.Helper()
	now := time.Now().UTC()
	_, err := bus.PublishInput(t.Context(), i.gateway, event.Meta{ID: nats.NewInbox(), Restaurant: id, Time: now}, input)
	require.NoError(t, err)
	history, err := bus.OpenHistory(t.Context(), i.onboarding)
	require.NoError(t, err)
	head, err := history.Head(t.Context(), id)
	require.NoError(t, err)
	state, err := json.Marshal(event.Snapshot{Integration: event.Integration{
		RestaurantID: id, IntegrationID: event.IntegrationOf(id), Run: 1, Status: event.StatusInProgress,
		Stage: event.StageDiscovery, CreatedAt: now, UpdatedAt: now,
	}})
	require.NoError(t, err)
	_, err = bus.Decide(t.Context(), i.onboarding, bus.Decision{
		After: head.Seq, Event: decision, State: state,
		Meta: event.Meta{ID: nats.NewInbox(), Source: "waba/onboarding", Restaurant: id, Time: now, Sequence: head.Envelope.Sequence + 1},
	})
	require.NoError(t, err)
}

func (i *installation) rows(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, i.db.QueryRow("SELECT count(*) FROM whatsapp_integration_logs").Scan(&n))
	return n
}

func (i *installation) missing(t *testing.T) uint64 {
	t.Helper()
	missing, err := app.Missing(t.Context(), i.auditlog, i.db)
	require.NoError(t, err)
	return missing
}

func (i *installation) settled(t *testing.T) bool {
	t.Helper()
	positions, err := app.Positions(t.Context(), i.migrate)
	require.NoError(t, err)
	for _, p := range positions {
		if p.Left > 0 {
			return false
		}
	}
	return true
}

func (i *installation) lose(t *testing.T, where string) {
	t.Helper()
	for _, table := range []string{"whatsapp_signup_states", "whatsapp_business_integrations"} {
		_, err := i.db.Exec("DELETE FROM " + table)
		require.NoError(t, err)
	}
	_, err := i.db.Exec("DELETE FROM whatsapp_integration_logs WHERE " + where)
	require.NoError(t, err)
}

func TestRowsThatWereLostAreMissedAndComeBackTheSame(t *testing.T) {
	t.Parallel()
	harness.Run(t, func(t *testing.T, db *bun.DB) {
		i := install(t, db)
		require.Zero(t, i.missing(t), "nothing has happened")
		_, stop := i.run(t)
		i.happen(t, storetest.Anna, event.OAuthCodeReceived{CodeRef: "ref", RestaurantName: "Cantina da Anna"}, event.OnboardingStarted{Run: 1})
		i.happen(t, storetest.Anna, event.RetryRequested{}, event.WabaReady{WabaID: "1000001", ReadyAt: time.Now()})
		i.happen(t, storetest.Bia, event.OAuthCodeReceived{CodeRef: "ref"}, event.OnboardingStarted{Run: 1})
		written := func(n int) {
			t.Helper()
			require.Eventually(t, func() bool { return i.rows(t) == n && i.settled(t) }, 20*time.Second, 5*time.Millisecond)
		}
		written(6)
		require.Zero(t, i.missing(t))
		stop()

		i.lose(t, "stream = 'WABA_IN' OR stream_seq > 1") // restored from an older backup
		require.EqualValues(t, 2, i.missing(t))
		check, stop := i.run(t)
		require.Eventually(t, func() bool { return check() != nil }, 20*time.Second, 5*time.Millisecond)
		require.ErrorIs(t, check(), app.ReasonGap)
		i.happen(t, storetest.Bia, event.RetryRequested{}, event.WabaNotFound{})
		written(3)
		require.EqualValues(t, 2, i.missing(t), "what came since hides nothing")

		require.NoError(t, app.Rewind(t.Context(), i.migrate)) // while the service runs
		written(8)
		require.Zero(t, i.missing(t))
		before := storetest.Dump(t, db)
		stop()

		i.lose(t, "true")
		require.EqualValues(t, 4, i.missing(t))
		for range 2 { // while it does not, and again
			require.NoError(t, app.Rewind(t.Context(), i.migrate))
		}
		require.Zero(t, i.missing(t), "they are still to be read")
		positions, err := app.Positions(t.Context(), i.migrate)
		require.NoError(t, err)
		require.Equal(t, []app.Position{{Stream: bus.Log, Left: 4}, {Stream: bus.In, Left: 4}, {Stream: bus.Timers}}, positions)
		check, _ = i.run(t)
		written(8)
		require.NoError(t, check())
		require.Equal(t, before, storetest.Dump(t, db))
	})
}

func TestRewindMakesAConsumerThatWasLeftDeleted(t *testing.T) {
	t.Parallel()
	i := install(t, harness.SQLite(t))
	require.NoError(t, i.migrate.DeleteConsumer(t.Context(), bus.In, bus.DurableAuditlog)) // interrupted here
	require.NoError(t, app.Rewind(t.Context(), i.migrate))
	_, err := app.Positions(t.Context(), i.migrate)
	require.NoError(t, err)
}
