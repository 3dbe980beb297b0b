package database

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
)

const (
	sqliteConnections = 8 // one writes, the others read beside it
	busyTimeout       = 10 * time.Second
	readerCache       = 1000 // kB, for each connection
	writerCache       = 8000 // kB: it looks into every index for each row
)

func openSQLite(path string) (*bun.DB, error) {
	if path == "" || strings.ContainsAny(path, "?#") || strings.HasPrefix(path, ":") {
		return nil, fmt.Errorf("%w: sqlite:// takes the path of a file, without options", ErrURL)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := createPrivately(path); err != nil {
		return nil, fmt.Errorf("database: create: %w", err)
	}
	options := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			"journal_mode(WAL)",
			"synchronous(FULL)", // NORMAL loses committed rows in a power cut
			"foreign_keys(1)",
			"temp_store(2)", // what undoes a failed statement stays in memory
			fmt.Sprintf("cache_size(-%d)", readerCache),
			"wal_autocheckpoint(4000)",     // pages; each checkpoint costs two syncs
			"journal_size_limit(67108864)", // the log shrinks again after a burst
		},
		"_txlock":      {"immediate"}, // a transaction that would fail to write fails when it begins
		"_time_format": {"sqlite"},    // as bun writes it: sorts by time
		"_timezone":    {"UTC"},
	}
	dsn := (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}).String()
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("database: sqlite: %w", err)
	}
	pool := sql.OpenDB(newPoolConnector(connector))
	pool.SetMaxOpenConns(sqliteConnections)
	pool.SetMaxIdleConns(sqliteConnections)
	return bun.NewDB(pool, sqlitedialect.New()), nil
}

// createPrivately makes the file, and its folder, readable by their owner alone; the
// log beside it gets the file's mode from SQLite. What exists keeps its mode.
func createPrivately(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}
