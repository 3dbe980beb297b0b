// Package databasetest gives each test databases of its own, of both kinds.
//
// PostgreSQL is the server that TEST_DATABASE_URL names, whose role must be allowed
// to create databases; else a private one, started when the first test asks for it
// and shared by the tests of one process. Where neither is to be had, tests of
// PostgreSQL are skipped, unless CI=true, where they fail.
package databasetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
)

// Harness makes databases that have been migrated. It may be used by many tests at
// once.
type Harness struct {
	migrate func(context.Context, *bun.DB) error

	once     sync.Once
	template string // name of the migrated PostgreSQL database that tests get copies of
	err      error
}

// New returns a harness whose databases are prepared by migrate; nil leaves them
// empty. A package keeps one for all of its tests, since it keeps a migrated
// PostgreSQL database to copy.
func New(migrate func(context.Context, *bun.DB) error) *Harness {
	if migrate == nil {
		migrate = func(context.Context, *bun.DB) error { return nil }
	}
	return &Harness{migrate: migrate}
}

// Run runs a test on a database of each kind, as subtests that run in parallel.
func (h *Harness) Run(t *testing.T, test func(t *testing.T, db *bun.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, h.SQLite(t))
	})
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		test(t, h.PostgreSQL(t))
	})
}

// SQLite returns a new SQLite database that is gone when the test ends.
func (h *Harness) SQLite(t testing.TB) *bun.DB {
	t.Helper()
	db := h.open(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
	require.NoError(t, h.migrate(t.Context(), db))
	return db
}

// PostgreSQL returns a new PostgreSQL database that is gone when the test ends. It
// skips the test where there is no PostgreSQL.
func (h *Harness) PostgreSQL(t testing.TB) *bun.DB {
	t.Helper()
	return h.open(t, h.PostgresURL(t))
}

func (h *Harness) open(t testing.TB, url string) *bun.DB {
	t.Helper()
	db, err := database.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
