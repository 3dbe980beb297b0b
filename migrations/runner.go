package migrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/migrate"
)

// table is where bun notes what was applied.
const table = "bun_migrations"

// lockKey names the PostgreSQL advisory lock under which migrations run. The number
// is the word "waba" in ASCII; it must never change.
const lockKey = 0x77616261

// direction is which way a migration runs.
type direction bool

const (
	up   direction = true
	down direction = false
)

// errOvertaken means that another process did a migration between our look and our
// turn: look again.
var errOvertaken = errors.New("another process was faster")

// run applies or takes back migrations, one transaction each. The note that bun keeps
// is written in that transaction by a hook, so that a crash cannot come between the
// two, and read in it by another, so that two processes cannot both do one migration:
// SQLite's transactions begin with the write lock, and on PostgreSQL [locked] holds
// an advisory lock.
func run(ctx context.Context, db *bun.DB, way direction) error {
	found, err := discover(db)
	if err != nil {
		return err
	}
	migrator := migrate.NewMigrator(db, found,
		migrate.WithTableName(table),
		migrate.WithMarkAppliedOnSuccess(true),
		migrate.WithUpsert(true), // bun notes again what the hook has noted
		migrate.BeforeMigration(func(ctx context.Context, tx bun.IConn, m *migrate.Migration) error {
			return look(ctx, tx, m, way)
		}),
		migrate.AfterMigration(func(ctx context.Context, tx bun.IConn, m *migrate.Migration) error {
			return note(ctx, tx, m, way)
		}),
	)
	if err := migrator.Init(ctx); err != nil {
		return fmt.Errorf("create %s: %w", table, err)
	}
	for {
		if way == up {
			_, err = migrator.Migrate(ctx)
		} else {
			_, err = migrator.Rollback(ctx)
		}
		if !errors.Is(err, errOvertaken) {
			return err
		}
	}
}

// look fails when the migration has already been done.
func look(ctx context.Context, tx bun.IConn, m *migrate.Migration, way direction) error {
	var count int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table+" WHERE name = '"+m.Name+"'").Scan(&count)
	if err != nil {
		return err
	}
	if (count > 0) == bool(way) {
		return errOvertaken
	}
	return nil
}

// note writes down that the migration was applied, or that it was taken back. A name
// is digits only, so it needs no quoting beyond this.
func note(ctx context.Context, tx bun.IConn, m *migrate.Migration, way direction) error {
	query := "DELETE FROM " + table + " WHERE name = '" + m.Name + "'"
	if way == up {
		query = fmt.Sprintf("INSERT INTO %s (name, group_id) VALUES ('%s', %d)", table, m.Name, m.GroupID)
	}
	_, err := tx.ExecContext(ctx, query)
	return err
}

// locked runs do while no other process migrates the same database.
func locked(ctx context.Context, db *bun.DB, do func() error) (err error) {
	if db.Dialect().Name() != dialect.PG {
		return do() // SQLite: each transaction takes the write lock when it begins
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect for the migration lock: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", lockKey)); err != nil {
		return fmt.Errorf("take the migration lock: %w", err)
	}
	defer func() {
		// Also when ctx has ended: the connection goes back to the pool.
		unlock, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, unlockErr := conn.ExecContext(unlock, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", lockKey)); unlockErr != nil {
			err = errors.Join(err, fmt.Errorf("release the migration lock: %w", unlockErr))
		}
	}()
	return do()
}

// applied returns when each migration that the database has was applied; none when
// it was never migrated.
func applied(ctx context.Context, db *bun.DB) (map[string]time.Time, error) {
	exists := "SELECT to_regclass('" + table + "') IS NOT NULL"
	if db.Dialect().Name() == dialect.SQLite {
		exists = "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '" + table + "'"
	}
	var migrated bool
	if err := db.QueryRowContext(ctx, exists).Scan(&migrated); err != nil {
		return nil, fmt.Errorf("look for %s: %w", table, err)
	}
	found := make(map[string]time.Time)
	if !migrated {
		return found, nil
	}
	var rows []migrate.Migration
	if err := db.NewSelect().Model(&rows).ModelTableExpr(table).ColumnExpr("*").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	for _, row := range rows {
		found[row.Name] = row.MigratedAt
	}
	return found, nil
}
