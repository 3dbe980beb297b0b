// Package migrations holds the schema of both databases, as SQL files of the same
// names, and runs it.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/migrate"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

var (
	// ErrOlder means that the database lacks migrations that this binary needs.
	ErrOlder = errors.New("database schema is older than this binary: run `waba migrate up`")
	// ErrNewer means that the database has migrations that this binary does not know.
	// Columns are only ever added, so a binary one version behind still works with it.
	ErrNewer = errors.New("database schema is newer than this binary: run a newer binary")
)

// Migration is one migration and whether the database has it.
type Migration struct {
	Name      string    // the time stamp that orders it
	Comment   string    // what it is about; empty for one that this binary does not know
	AppliedAt time.Time // zero: not applied
}

// Known reports whether this binary has the migration.
func (m Migration) Known() bool { return m.Comment != "" }

// Up applies what the database lacks, in order, and returns what it applied; nothing
// when there was nothing to do. Each migration and the note that it was applied are
// one transaction, so an interrupted run is continued by the next one. Any number of
// processes may call it at once. A database that is newer is left alone: [ErrNewer].
//
// On PostgreSQL it holds one connection of the pool while it uses another.
func Up(ctx context.Context, db *bun.DB) ([]Migration, error) {
	var done []Migration
	err := locked(ctx, db, func() error {
		before, err := Status(ctx, db)
		if err != nil {
			return err
		}
		if err := refuseNewer(before); err != nil {
			return err
		}
		if err := run(ctx, db, up); err != nil {
			return err
		}
		after, err := Status(ctx, db)
		done = changed(before, after)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migrate up: %w", err)
	}
	return done, nil
}

// Down takes back what the last Up applied, newest first, data included, and returns
// what it took back. A database that is newer is left alone: [ErrNewer].
func Down(ctx context.Context, db *bun.DB) ([]Migration, error) {
	var done []Migration
	err := locked(ctx, db, func() error {
		before, err := Status(ctx, db)
		if err != nil {
			return err
		}
		if err := refuseNewer(before); err != nil {
			return err
		}
		if err := run(ctx, db, down); err != nil {
			return err
		}
		after, err := Status(ctx, db)
		done = changed(after, before)
		slices.Reverse(done)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migrate down: %w", err)
	}
	return done, nil
}

// Status lists every migration that this binary or the database knows, oldest first.
// It changes nothing.
func Status(ctx context.Context, db *bun.DB) ([]Migration, error) {
	known, err := discover(db)
	if err != nil {
		return nil, err
	}
	applied, err := applied(ctx, db)
	if err != nil {
		return nil, err
	}
	list := make([]Migration, 0, len(known.Sorted()))
	for _, m := range known.Sorted() {
		list = append(list, Migration{Name: m.Name, Comment: m.Comment, AppliedAt: applied[m.Name]})
		delete(applied, m.Name)
	}
	for name, at := range applied {
		list = append(list, Migration{Name: name, AppliedAt: at})
	}
	slices.SortFunc(list, func(a, b Migration) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Check says whether this binary and the database belong together: nil, [ErrOlder]
// or [ErrNewer], or what kept it from finding out. It changes nothing.
func Check(ctx context.Context, db *bun.DB) error {
	list, err := Status(ctx, db)
	if err != nil {
		return err
	}
	return check(list)
}

func check(list []Migration) error {
	for _, m := range list {
		if m.Known() && m.AppliedAt.IsZero() {
			return fmt.Errorf("%w (first missing: %s_%s)", ErrOlder, m.Name, m.Comment)
		}
	}
	return refuseNewer(list)
}

func refuseNewer(list []Migration) error {
	for _, m := range list {
		if !m.Known() {
			return fmt.Errorf("%w (first unknown: %s)", ErrNewer, m.Name)
		}
	}
	return nil
}

// changed returns the migrations that stand applied in after and not in before.
func changed(before, after []Migration) []Migration {
	var list []Migration
	for i, m := range after {
		if !m.AppliedAt.IsZero() && before[i].AppliedAt.IsZero() {
			list = append(list, m)
		}
	}
	return list
}

// discover reads the migrations for db's kind of database.
func discover(db *bun.DB) (*migrate.Migrations, error) {
	folder := "postgres"
	if db.Dialect().Name() == dialect.SQLite {
		folder = "sqlite"
	}
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return nil, fmt.Errorf("migrations for %s: %w", folder, err)
	}
	found := migrate.NewMigrations()
	if err := found.Discover(sub); err != nil {
		return nil, fmt.Errorf("migrations for %s: %w", folder, err)
	}
	return found, nil
}
