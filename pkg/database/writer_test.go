package database_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
)

func TestWritersOfOnePool(t *testing.T) {
	t.Parallel()

	t.Run("those that fail fail alone", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		const rows, callers = 20, 8
		var stored, refused atomic.Int64
		var group sync.WaitGroup
		for range callers { // each row is there once, whoever is first
			group.Go(func() {
				for i := range rows {
					result, err := db.ExecContext(t.Context(), "INSERT INTO facts (id, body) VALUES (?, ?)", i, "x")
					if err != nil {
						refused.Add(1)
						continue
					}
					n, err := result.RowsAffected()
					if err == nil {
						stored.Add(n)
					}
				}
			})
		}
		group.Wait()
		require.EqualValues(t, rows, stored.Load())
		require.EqualValues(t, rows*(callers-1), refused.Load())
		require.Equal(t, rows, count(t, db))
	})

	t.Run("those that give up before their turn change nothing", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				_, err := db.ExecContext(ctx, "INSERT INTO facts (id) VALUES (?)", i)
				if !errors.Is(err, context.Canceled) {
					t.Errorf("not canceled: %v", err)
				}
			})
		}
		cancel()
		group.Wait()
		require.NoError(t, tx.Rollback())
		_, err = db.ExecContext(t.Context(), "INSERT INTO facts (id) VALUES (100)")
		require.NoError(t, err)
		require.Equal(t, 1, count(t, db))
	})

	t.Run("more than are committed together all have their turn", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		var group sync.WaitGroup
		errs := make(chan error, 7) // the pool has eight connections, of which the transaction has one
		for i := range cap(errs) {
			group.Go(func() {
				for j := range 40 {
					if _, err := db.ExecContext(t.Context(), "INSERT INTO facts (id) VALUES (?)", 100*i+j); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		require.NoError(t, tx.Commit())
		group.Wait()
		close(errs)
		require.NoError(t, <-errs)
		require.Equal(t, 280, count(t, db))
	})

	t.Run("a statement says how many rows it changed", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for j := range 10 {
					_, err := db.ExecContext(t.Context(), "INSERT INTO facts (id, body) VALUES (?, ?)", 10*i+j, fmt.Sprint(i))
					if err != nil {
						t.Errorf("insert: %v", err)
						return
					}
				}
				result, err := db.ExecContext(t.Context(), "UPDATE facts SET body = ? WHERE body = ?", "done", fmt.Sprint(i))
				if err != nil {
					t.Errorf("update: %v", err)
					return
				}
				if n, err := result.RowsAffected(); err != nil || n != 10 {
					t.Errorf("changed %d rows: %v", n, err)
				}
			})
		}
		group.Wait()
	})

	t.Run("what one has written all can read", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		for i := range 50 {
			_, err := db.ExecContext(t.Context(), "INSERT INTO facts (id) VALUES (?)", i)
			require.NoError(t, err)
			require.Equal(t, i+1, count(t, db))
		}
	})

	t.Run("a pool that is closed while somebody writes lets go of its files", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		db, err := database.Open(t.Context(), "sqlite://"+path)
		require.NoError(t, err)
		_, err = db.Exec("CREATE TABLE facts (id INTEGER PRIMARY KEY)")
		require.NoError(t, err)
		_, err = db.Exec("INSERT INTO facts (id) VALUES (?)", 1)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		require.NoFileExists(t, path+"-wal", "the last connection takes the log away")
		_, err = db.Exec("INSERT INTO facts (id) VALUES (?)", 2)
		require.Error(t, err)
	})

	t.Run("a row that is returned is written", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		var id int
		require.NoError(t, db.QueryRowContext(t.Context(), "INSERT INTO facts (body) VALUES ('x') RETURNING id").Scan(&id))
		require.Equal(t, 1, id)
		require.Equal(t, 1, count(t, db))
	})

	t.Run("the same text can be asked again while its rows are read", func(t *testing.T) {
		t.Parallel()
		db := harness.SQLite(t)
		_, err := db.DB.ExecContext(t.Context(), "INSERT INTO facts (id) VALUES (?), (?)", 1, 2)
		require.NoError(t, err)
		conn, err := db.DB.Conn(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		const query = "SELECT id FROM facts WHERE id >= ? ORDER BY id"
		outer, err := conn.QueryContext(t.Context(), query, 1)
		require.NoError(t, err)
		var seen []int
		for outer.Next() {
			var from, least int
			require.NoError(t, outer.Scan(&from))
			require.NoError(t, conn.QueryRowContext(t.Context(), query, from).Scan(&least))
			seen = append(seen, least)
		}
		require.NoError(t, outer.Err())
		require.NoError(t, outer.Close()) //nolint:sqlclosecheck // before the database closes
		require.Equal(t, []int{1, 2}, seen)
	})
}

func count(t *testing.T, db *bun.DB) int {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM facts").Scan(&n))
	return n
}
