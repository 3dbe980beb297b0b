package database_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
)

var harness = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := db.ExecContext(ctx, "CREATE TABLE facts (id INTEGER PRIMARY KEY, at TIMESTAMP, body TEXT)")
	return err
})

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The private server's process is waited for until this process ends.
		goleak.IgnoreAnyFunction("github.com/waba-platform/onboarding/pkg/database/postgresproc.launch.func1"))
}

type fact struct {
	bun.BaseModel `bun:"table:facts"`

	ID   int64 `bun:",pk"`
	At   time.Time
	Body string
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("stores and reads the same in both kinds", func(t *testing.T) {
		t.Parallel()
		harness.Run(t, func(t *testing.T, db *bun.DB) {
			want := fact{ID: 1, At: time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC), Body: `it's "so" ? \ ã`}
			_, err := db.NewInsert().Model(&want).Exec(t.Context())
			require.NoError(t, err)
			var got fact
			require.NoError(t, db.NewSelect().Model(&got).Where("id = ?", 1).Scan(t.Context()))
			require.Equal(t, want.At, got.At.UTC())
			require.Equal(t, want.Body, got.Body)
		})
	})

	t.Run("knows its kind", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, database.SQLite, database.KindOf(harness.SQLite(t)))
		require.Equal(t, database.PostgreSQL, database.KindOf(harness.PostgreSQL(t)))
	})

	t.Run("refuses what is no database URL, without repeating it", func(t *testing.T) {
		t.Parallel()
		for _, url := range []string{
			"", "waba.db", "mysql://root:hunter2@x/y", "sqlite://", "sqlite://:memory:", "sqlite://a.db?mode=ro",
			"postgres://u:hunter2@host:port/x", "postgres://u:hunter2%zz@host/x", "postgres://u:hunter2@h/x?sslmode=bad",
		} {
			_, err := database.Open(t.Context(), url)
			require.ErrorIs(t, err, database.ErrURL, url)
			require.NotContains(t, err.Error(), "hunter2")
		}
	})

	t.Run("says so when nobody answers, without the password", func(t *testing.T) {
		t.Parallel()
		_, err := database.Open(t.Context(), "postgres://waba:hunter2@127.0.0.1:1/waba")
		require.ErrorContains(t, err, "ping")
		require.NotErrorIs(t, err, database.ErrURL)
		require.NotContains(t, err.Error(), "hunter2")
	})
}

func TestSQLite(t *testing.T) {
	t.Parallel()

	t.Run("every connection survives a power cut and keeps foreign keys", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		for range 3 {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close()) }()
			for pragma, want := range map[string]string{
				"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000",
			} {
				var got string
				require.NoError(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
				require.Equal(t, want, got, pragma)
			}
		}
	})

	t.Run("makes the file, in a path of any spelling, for its owner alone", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "new folder", "50% é.db")
		db, err := database.Open(t.Context(), "sqlite://"+path)
		require.NoError(t, err)
		_, err = db.Exec("CREATE TABLE x (id INTEGER)")
		require.NoError(t, err)
		for _, suffix := range []string{"", "-wal", "-shm"} {
			info, err := os.Stat(path + suffix)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
		}
		require.NoError(t, db.Close())
	})

	t.Run("two pools with many writers each lose nothing", func(t *testing.T) {
		t.Parallel()
		path := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
		first, err := database.Open(t.Context(), path)
		require.NoError(t, err)
		defer func() { require.NoError(t, first.Close()) }()
		_, err = first.Exec("CREATE TABLE facts (id INTEGER PRIMARY KEY AUTOINCREMENT, at TIMESTAMP, body TEXT)")
		require.NoError(t, err)
		second, err := database.Open(t.Context(), path)
		require.NoError(t, err)
		defer func() { require.NoError(t, second.Close()) }()

		const writers, each = 6, 20
		errs := make(chan error, 2*writers*each)
		var group sync.WaitGroup
		for writer := range writers {
			for _, db := range []*bun.DB{first, second} {
				group.Go(func() {
					for i := range each {
						if i%2 == 0 {
							_, err := db.ExecContext(t.Context(), "INSERT INTO facts (body) VALUES (?)", fmt.Sprint(writer, i))
							errs <- err
							continue
						}
						errs <- db.RunInTx(t.Context(), nil, func(ctx context.Context, tx bun.Tx) error {
							var count int
							if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM facts").Scan(&count); err != nil {
								return err
							}
							_, err := tx.ExecContext(ctx, "INSERT INTO facts (body) VALUES (?)", fmt.Sprint(writer, i))
							return err
						})
					}
				})
			}
		}
		group.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		var count int
		require.NoError(t, first.QueryRow("SELECT count(*) FROM facts").Scan(&count))
		require.Equal(t, 2*writers*each, count)
	})

	t.Run("a writer waits its turn no longer than its context, and readers wait for nobody", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err = db.ExecContext(ctx, "INSERT INTO facts (id) VALUES (1)")
		require.ErrorIs(t, err, context.DeadlineExceeded)

		var count int
		require.NoError(t, db.QueryRow("SELECT count(*) FROM facts").Scan(&count))
		read, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		require.NoError(t, err)
		require.NoError(t, read.Rollback())

		require.NoError(t, tx.Rollback())
		_, err = db.Exec("INSERT INTO facts (id) VALUES (1)")
		require.NoError(t, err, "the turn was given back")
	})

	t.Run("a transaction whose context ends gives its turn back", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		cancel()
		_, err = db.ExecContext(t.Context(), "INSERT INTO facts (id) VALUES (1)")
		require.NoError(t, err)
	})
}
