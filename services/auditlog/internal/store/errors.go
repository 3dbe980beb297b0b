package store

import (
	"errors"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// classes are PostgreSQL's classes of errors that lie in the data: data exception,
// integrity constraint, program limit. Everything else (no connection, no space, no
// right, no table, a deadlock) may be gone when the same is tried again.
var classes = []string{"22", "23", "54"}

// primary are SQLite's codes of the same kind, without their extensions.
var primary = []int{sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH}

// Unstorable says whether a database refused data for what it is, so that trying the
// same again would fail again.
func Unstorable(err error) bool {
	if postgres, ok := errors.AsType[*pgconn.PgError](err); ok {
		return len(postgres.Code) == 5 && slices.Contains(classes, postgres.Code[:2])
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return slices.Contains(primary, lite.Code()&0xff)
	}
	return false
}
