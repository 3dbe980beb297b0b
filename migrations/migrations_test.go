package migrations

import (
	"context"
	"database/sql"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"
)

// The same on PostgreSQL is tested where the harness for it may be imported: in
// services/auditlog/internal/store.

func open(t *testing.T, path string) *bun.DB {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	require.NoError(t, err)
	db := bun.NewDB(pool, sqlitedialect.New())
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func fresh(t *testing.T) *bun.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "test.db"))
}

func TestFiles(t *testing.T) {
	t.Parallel()

	t.Run("both databases have the same files, and each up has its down", func(t *testing.T) {
		t.Parallel()
		names := func(folder string) []string {
			found, err := fs.Glob(files, folder+"/*.sql")
			require.NoError(t, err)
			for i, name := range found {
				found[i] = filepath.Base(name)
			}
			return found
		}
		require.NotEmpty(t, names("sqlite"))
		require.Equal(t, names("sqlite"), names("postgres"))
		for _, name := range names("sqlite") {
			require.Contains(t, name, ".tx.", "every migration runs in a transaction")
			if base, isUp := strings.CutSuffix(name, ".up.sql"); isUp {
				require.Contains(t, names("sqlite"), base+".down.sql")
			}
		}
	})
}

func TestUp(t *testing.T) {
	t.Parallel()

	t.Run("makes the schema, and does nothing the second time", func(t *testing.T) {
		t.Parallel()
		db := fresh(t)
		require.ErrorIs(t, Check(t.Context(), db), ErrOlder)

		first, err := Up(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, first, 10)
		require.Equal(t, "restaurants", first[0].Comment)
		require.NoError(t, Check(t.Context(), db))

		second, err := Up(t.Context(), db)
		require.NoError(t, err)
		require.Empty(t, second)
	})

	t.Run("comes down and goes up again", func(t *testing.T) {
		t.Parallel()
		db := fresh(t)
		_, err := Up(t.Context(), db)
		require.NoError(t, err)

		undone, err := Down(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, undone, 10)
		require.Equal(t, "erasures", undone[0].Comment, "newest first")
		var left int
		require.NoError(t, db.QueryRow(
			"SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'bun_%'").Scan(&left))
		require.Zero(t, left)

		again, err := Up(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, again, 10)
	})

	t.Run("may be called by many processes at once", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		pools := make([]*bun.DB, 4)
		for i := range pools {
			pools[i] = open(t, path)
		}
		errs := make([]error, len(pools))
		var group sync.WaitGroup
		for i, db := range pools {
			group.Go(func() { _, errs[i] = Up(t.Context(), db) })
		}
		group.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.NoError(t, Check(t.Context(), pools[0]))
		var notes int
		require.NoError(t, pools[0].QueryRow("SELECT count(*) FROM bun_migrations").Scan(&notes))
		require.Equal(t, 10, notes)
	})

	t.Run("continues where an interrupted run stopped", func(t *testing.T) {
		t.Parallel()
		db := fresh(t)
		_, err := db.Exec("CREATE TABLE whatsapp_signup_states (id INTEGER)") // makes the sixth fail
		require.NoError(t, err)
		_, err = Up(t.Context(), db)
		require.ErrorContains(t, err, "already exists")
		require.ErrorIs(t, Check(t.Context(), db), ErrOlder)

		_, err = db.Exec("DROP TABLE whatsapp_signup_states")
		require.NoError(t, err)
		done, err := Up(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, done, 5)
	})

	t.Run("leaves each connected restaurant its number, and of two with one number the first", func(t *testing.T) {
		t.Parallel()
		db := fresh(t)
		_, err := Up(t.Context(), db)
		require.NoError(t, err)
		for _, statement := range []string{
			"DROP TABLE onboarding_phone_owners", "DELETE FROM bun_migrations WHERE name = '20261123090700'",
			"INSERT INTO restaurants (id, name) VALUES ('1', ''), ('2', ''), ('3', ''), ('4', '')",
			`INSERT INTO whatsapp_business_integrations (id, restaurant_id, phone_number_id, connection_status, is_active, ready_at) VALUES
				('1', '1', '106000111', 'connected', true, '2026-11-23 12:00:01+00:00'),
				('2', '2', '106000111', 'connected', true, '2026-11-23 12:00:00+00:00'),
				('3', '3', '106000333', 'disconnected', false, '2026-11-23 12:00:00+00:00'),
				('4', '4', NULL, 'connected', true, '2026-11-23 12:00:00+00:00')`,
		} {
			_, err := db.Exec(statement)
			require.NoError(t, err)
		}
		_, err = Up(t.Context(), db)
		require.NoError(t, err)
		var owners []string
		require.NoError(t, db.NewRaw("SELECT phone_number_id || ' ' || restaurant_id FROM onboarding_phone_owners").Scan(t.Context(), &owners))
		require.Equal(t, []string{"106000111 2"}, owners)
	})

	t.Run("leaves a newer database alone and says so", func(t *testing.T) {
		t.Parallel()
		db := fresh(t)
		_, err := Up(t.Context(), db)
		require.NoError(t, err)
		_, err = db.Exec("INSERT INTO bun_migrations (name, group_id) VALUES ('29991231000000', 2)")
		require.NoError(t, err)

		require.ErrorIs(t, Check(t.Context(), db), ErrNewer)
		_, err = Up(t.Context(), db)
		require.ErrorIs(t, err, ErrNewer)
		_, err = Down(t.Context(), db)
		require.ErrorIs(t, err, ErrNewer)
		list, err := Status(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, list, 11)
		require.False(t, list[10].Known())
	})

	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Up(ctx, fresh(t))
		require.ErrorIs(t, err, context.Canceled)
	})
}
