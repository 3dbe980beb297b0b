package notice

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
)

// kept is how long a notice waits for its restaurant. Meta gives a customer 90 days to
// finish an account that a partner has begun.
//
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/solution-providers/partner-initiated-waba-creation
const kept = 90 * 24 * time.Hour

var (
	insertNotice = database.NewStatement(`INSERT INTO onboarding_notices
		(body_id, change_index, field, event, detail, waba_id, business_id, phone_number_id, happened_at, received_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (body_id, change_index) DO NOTHING`)

	deleteNotice = database.NewStatement(`DELETE FROM onboarding_notices WHERE body_id = ? AND change_index = ?`)

	deleteOld = database.NewStatement(`DELETE FROM onboarding_notices WHERE received_at < ?`)

	// Without an account of its own a restaurant is told of all that are its business's.
	selectNotices = database.NewStatement(`SELECT body_id, change_index, field, event, detail, waba_id, business_id,
		phone_number_id, happened_at, received_at FROM onboarding_notices
		WHERE (waba_id <> '' AND waba_id = ?) OR (phone_number_id <> '' AND phone_number_id = ?)
		OR (business_id <> '' AND business_id = ? AND (waba_id = '' OR ? = ''))
		ORDER BY received_at, body_id, change_index LIMIT 100`)
)

// store is the table of notices that no restaurant was known for.
type store struct{ db *bun.DB }

func (s store) exec(ctx context.Context, statement database.Statement, args ...any) error {
	_, err := s.db.DB.ExecContext(ctx, statement.For(database.KindOf(s.db)), args...)
	return err
}

// keep stores a notice, and forgets those that nobody came for.
func (s store) keep(ctx context.Context, c Change, received time.Time) error {
	err := s.exec(ctx, insertNotice, string(c.Body), c.Index, c.Field, c.Event, c.Detail,
		string(c.Waba), string(c.Business), string(c.Phone), nullTime(c.At), micro(received))
	if err == nil {
		err = s.exec(ctx, deleteOld, micro(received.Add(-kept)))
	}
	if err != nil {
		return fmt.Errorf("keep notice %s/%d: %w", c.Body, c.Index, err)
	}
	return nil
}

// drop forgets a notice.
func (s store) drop(ctx context.Context, c Change) error {
	if err := s.exec(ctx, deleteNotice, string(c.Body), c.Index); err != nil {
		return fmt.Errorf("drop notice %s/%d: %w", c.Body, c.Index, err)
	}
	return nil
}

// waiting is a notice and when it came.
type waiting struct {
	Change
	received time.Time
}

// of returns the notices that wait for a restaurant, oldest first, at most a hundred.
func (s store) of(ctx context.Context, who Identity) (list []waiting, err error) {
	rows, err := s.db.DB.QueryContext(ctx, selectNotices.For(database.KindOf(s.db)),
		string(who.Waba), string(who.Phone), string(who.Business), string(who.Waba))
	if err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var w waiting
		var at sql.NullTime
		if err := rows.Scan(&w.Body, &w.Index, &w.Field, &w.Event, &w.Detail, &w.Waba, &w.Business, &w.Phone, &at, &w.received); err != nil {
			return nil, fmt.Errorf("notices: %w", err)
		}
		if at.Valid {
			w.At = at.Time.UTC()
		}
		w.received = w.received.UTC()
		list = append(list, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return list, nil
}

// micro is a time as both kinds of database keep it.
func micro(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }

func nullTime(at time.Time) sql.NullTime {
	return sql.NullTime{Time: micro(at), Valid: !at.IsZero()}
}

// Identity is by what a restaurant is known at Meta.
type Identity struct {
	Waba     event.WabaID
	Business event.BusinessID
	Phone    event.PhoneNumberID
	User     event.UserID
}
