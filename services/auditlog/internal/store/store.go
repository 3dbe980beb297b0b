// Package store writes the audit log and the read tables.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Store writes to one database. It may be used by many goroutines, and by many
// processes on one database.
type Store struct {
	db  *bun.DB
	now func() time.Time
}

// New returns a store on a migrated database, which it does not close.
func New(db *bun.DB) *Store { return &Store{db: db, now: time.Now} }

// Append stores entries, all or none, and reports how many rows of the log were new.
// Entries that are there already, by EventID, are left as they are: an audit log is
// never rewritten, and JetStream may deliver an event more than once. The read tables
// only move forward by stream sequence, so the order of arrival does not matter: the
// same entries in any order and in any batches leave the same rows.
//
// See [Unstorable] for errors that trying again does not mend.
func (s *Store) Append(ctx context.Context, entries []Entry) (stored int64, err error) {
	if len(entries) == 0 {
		return 0, nil
	}
	standings, err := standingRows(entries)
	if err != nil {
		return 0, err
	}
	err = s.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := putRestaurants(ctx, tx, restaurantRows(entries)); err != nil {
			return err
		}
		if stored, err = putLogs(ctx, tx, logRows(entries, s.now())); err != nil {
			return err
		}
		if err := putStandings(ctx, tx, standings); err != nil {
			return err
		}
		return putConnections(ctx, tx, connectionRows(entries))
	})
	if err != nil {
		return 0, fmt.Errorf("store: append %d entries: %w", len(entries), err)
	}
	return stored, nil
}

// Returning("NULL") below keeps bun from asking for the columns that were left empty.

func putLogs(ctx context.Context, tx bun.Tx, rows []logRow) (stored int64, err error) {
	result, err := tx.NewInsert().Model(&rows).On("CONFLICT (event_id) DO NOTHING").Returning("NULL").Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("logs: %w", err)
	}
	return result.RowsAffected()
}

// putRestaurants makes the rows that the others refer to. A restaurant's row begins
// with its earliest event; its name is the latest that was given, and updated_at is
// when that was.
func putRestaurants(ctx context.Context, tx bun.Tx, rows []restaurantRow) error {
	if len(rows) == 0 {
		return nil
	}
	const (
		earlier = "EXCLUDED.created_at < r.created_at"
		newName = "EXCLUDED.name <> '' AND (r.name = '' OR EXCLUDED.updated_at > r.updated_at" +
			" OR EXCLUDED.updated_at = r.updated_at AND EXCLUDED.name > r.name)"
	)
	_, err := tx.NewInsert().Model(&rows).On("CONFLICT (id) DO UPDATE").
		Set("created_at = CASE WHEN " + earlier + " THEN EXCLUDED.created_at ELSE r.created_at END").
		Set("name = CASE WHEN " + newName + " THEN EXCLUDED.name ELSE r.name END").
		Set("updated_at = CASE WHEN " + newName + " THEN EXCLUDED.updated_at" +
			" WHEN r.name = '' AND " + earlier + " THEN EXCLUDED.created_at ELSE r.updated_at END").
		Where(earlier + " OR (" + newName + ")").
		Returning("NULL").
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("restaurants: %w", err)
	}
	return nil
}

// putStandings moves each restaurant to a later decision, never back.
func putStandings(ctx context.Context, tx bun.Tx, rows []standingRow) error {
	if len(rows) == 0 {
		return nil
	}
	query := tx.NewInsert().Model(&rows).On("CONFLICT (restaurant_id) DO UPDATE")
	for _, column := range []string{
		"integration_id", "run", "status", "stage", "creation_strategy", "polling_attempts", "error_code",
		"error_message", "next_action", "document", "last_stream_seq", "created_at", "updated_at",
	} {
		query = query.Set("? = EXCLUDED.?", bun.Ident(column), bun.Ident(column))
	}
	if _, err := query.Where("EXCLUDED.last_stream_seq > s.last_stream_seq").Returning("NULL").Exec(ctx); err != nil {
		return fmt.Errorf("signup states: %w", err)
	}
	return nil
}

// putConnections moves each connection to a later decision, never back. ready_at and
// created_at are the latest and the earliest over all decisions, in whatever order
// they came.
func putConnections(ctx context.Context, tx bun.Tx, rows []connectionRow) error {
	if len(rows) == 0 {
		return nil
	}
	const later = "EXCLUDED.last_stream_seq > b.last_stream_seq"
	query := tx.NewInsert().Model(&rows).On("CONFLICT (restaurant_id) DO UPDATE").
		Set("ready_at = CASE WHEN b.ready_at IS NULL OR EXCLUDED.ready_at > b.ready_at THEN EXCLUDED.ready_at ELSE b.ready_at END").
		Set("created_at = CASE WHEN EXCLUDED.created_at < b.created_at THEN EXCLUDED.created_at ELSE b.created_at END")
	for _, column := range []string{
		"business_account_id", "business_id", "phone_number_id", "display_phone_number", "connection_status",
		"is_active", "strategy", "run", "last_stream_seq", "updated_at",
	} {
		name := bun.Ident(column)
		query = query.Set("? = CASE WHEN "+later+" THEN EXCLUDED.? ELSE b.? END", name, name, name)
	}
	if _, err := query.Returning("NULL").Exec(ctx); err != nil {
		return fmt.Errorf("business integrations: %w", err)
	}
	return nil
}
