package store_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
)

// The migrations are tested here because their own module imports nothing of ours,
// and so has no PostgreSQL.

var empty = databasetest.New(nil)

// columns returns every column of every table and view that migrations make.
func columns(t *testing.T, db *bun.DB) []string {
	t.Helper()
	query := `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'bun_%' ORDER BY 1`
	if database.KindOf(db) == database.SQLite {
		query = `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c
			WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'bun_%' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1`
	}
	var names []string
	require.NoError(t, db.NewRaw(query).Scan(t.Context(), &names))
	return names
}

func TestMigrations(t *testing.T) {
	t.Parallel()

	t.Run("go up, down and up again", func(t *testing.T) {
		t.Parallel()
		empty.Run(t, func(t *testing.T, db *bun.DB) {
			require.ErrorIs(t, migrations.Check(t.Context(), db), migrations.ErrOlder)
			done, err := migrations.Up(t.Context(), db)
			require.NoError(t, err)
			require.Len(t, done, 10)
			require.NoError(t, migrations.Check(t.Context(), db))
			undone, err := migrations.Down(t.Context(), db)
			require.NoError(t, err)
			require.Len(t, undone, 10)
			require.Empty(t, columns(t, db))
			_, err = migrations.Up(t.Context(), db)
			require.NoError(t, err)
		})
	})

	t.Run("may be run by many processes at once", func(t *testing.T) {
		t.Parallel()
		url := empty.PostgresURL(t)
		pools := make([]*bun.DB, 4)
		for i := range pools {
			db, err := database.Open(t.Context(), url)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			pools[i] = db
		}
		applied := make([]int, len(pools))
		errs := make([]error, len(pools))
		var group sync.WaitGroup
		for i, db := range pools {
			group.Go(func() {
				done, err := migrations.Up(t.Context(), db)
				applied[i], errs[i] = len(done), err
			})
		}
		group.Wait()
		total := 0
		for i, err := range errs {
			require.NoError(t, err)
			total += applied[i]
		}
		require.Equal(t, 10, total)
		require.NoError(t, migrations.Check(t.Context(), pools[0]))
	})

	t.Run("make the same tables and columns in both databases", func(t *testing.T) {
		t.Parallel()
		inPostgres := columns(t, harness.PostgreSQL(t))
		require.Equal(t, columns(t, harness.SQLite(t)), inPostgres)
		for _, want := range []string{
			"whatsapp_integration_logs.details", "whatsapp_credentials.user_access_token", "whatsapp_credentials.discovery_attempts",
			"whatsapp_integration_status.last_successful_step", "whatsapp_integration_status.last_error_message",
		} {
			require.Contains(t, inPostgres, want)
		}
	})

	t.Run("hold the log to the brief's steps", func(t *testing.T) {
		t.Parallel()
		harness.Run(t, func(t *testing.T, db *bun.DB) {
			for _, step := range []string{
				"oauth", "token_exchange", "waba_discovery", "waba_creation", "polling_system",
				"polling_verification", "complete_flow", "phone_registration", "phone_verification",
			} {
				_, err := db.Exec("INSERT INTO whatsapp_integration_logs (step, event_id, event_type, stream, stream_seq) VALUES (?, ?, '', '', 0)", step, step)
				require.NoError(t, err)
			}
			_, err := db.Exec("INSERT INTO whatsapp_integration_logs (step, event_id, event_type, stream, stream_seq) VALUES ('polling', 'x', '', '', 0)")
			require.Error(t, err)
		})
	})
}
