package app_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/auditlog/app"
)

var harness = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

func TestRun(t *testing.T) {
	t.Parallel()

	t.Run("writes what is asked for into the log until it is stopped", func(t *testing.T) {
		t.Parallel()
		js, db := natstest.New(t), harness.SQLite(t)
		deps := app.Deps{JetStream: js, DB: db, Logger: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		var ended error
		group.Go(func() { ended = app.Run(ctx, app.Config{}, deps) })

		const anna event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001"
		_, err := bus.PublishInput(t.Context(), js, event.Meta{ID: nats.NewInbox(), Restaurant: anna, Time: time.Now()}, event.CancelRequested{})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			var n int
			require.NoError(t, db.QueryRow("SELECT count(*) FROM whatsapp_integration_logs WHERE restaurant_id = ?", string(anna)).Scan(&n))
			return n == 1
		}, 20*time.Second, 5*time.Millisecond)
		cancel()
		group.Wait()
		require.NoError(t, ended)
	})

	t.Run("is ready while its consumers are there", func(t *testing.T) {
		t.Parallel()
		js := natstest.New(t)
		checks := app.Checks(app.Deps{JetStream: js})
		require.Len(t, checks, 1)
		require.NoError(t, checks[0].Run(t.Context()))
		require.NoError(t, js.DeleteConsumer(t.Context(), bus.In, bus.DurableAuditlog))
		require.ErrorIs(t, checks[0].Run(t.Context()), jetstream.ErrConsumerNotFound)
	})
}
