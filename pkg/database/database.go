// Package database opens the two kinds of database that the services store in.
package database

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// Kind is a kind of database. The schema has the same names in each.
type Kind string

// The kinds.
const (
	PostgreSQL Kind = "postgresql"
	SQLite     Kind = "sqlite"
)

// KindOf says which kind of database db is.
func KindOf(db *bun.DB) Kind {
	if db.Dialect().Name() == dialect.PG {
		return PostgreSQL
	}
	return SQLite
}

// ErrURL means that a database URL is wrong in itself: no retry will help. Its text
// never repeats the URL, which holds a password.
var ErrURL = errors.New("database URL must be postgres://… or sqlite://path")

// Open connects to postgres://… or sqlite://path and asks it one question, so that
// a wrong address shows at once. The caller closes what it returns.
//
// sqlite://path takes a file (made when it is missing, readable by its owner only);
// sqlite:///path is absolute. A commit on it survives a power cut.
func Open(ctx context.Context, url string) (*bun.DB, error) {
	open := openPostgres
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		url, open = path, openSQLite
	} else if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, ErrURL
	}
	db, err := open(url)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database: ping: %w", err), db.Close())
	}
	return db, nil
}
