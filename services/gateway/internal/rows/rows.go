// Package rows reads the tables that the audit log writes: the list of
// integrations and each one's log. It only reads, and may be given a role that
// can do no more.
package rows

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
)

// queryTimeout is how long a page may take.
const queryTimeout = 5 * time.Second

// Reader is safe for concurrent use.
type Reader struct{ DB *bun.DB }

// Filter says which integrations are listed. An empty field filters nothing.
type Filter struct {
	Restaurants []event.RestaurantID // nil: all
	Status      event.Status
	Stage       event.Stage
	Strategy    event.Strategy
	Error       event.Code
	Search      string             // a restaurant's or integration's id or name, a WABA, a number
	After       event.RestaurantID // last of the page before
	Limit       int64
}

// Standing is where a restaurant stands.
type Standing struct {
	Document event.Integration
	Seq      uint64 // place in the log of the decision
}

// Standings returns a page of integrations, newest first.
func (r *Reader) Standings(ctx context.Context, f Filter) ([]Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var found []struct {
		Document      string
		LastStreamSeq uint64
	}
	query := r.DB.NewSelect().
		TableExpr("whatsapp_signup_states AS s").
		ColumnExpr("s.document, s.last_stream_seq").
		OrderExpr("s.created_at DESC, s.restaurant_id DESC").
		Limit(f.Limit)
	for _, by := range []struct{ column, value string }{
		{"s.status", string(f.Status)},
		{"s.stage", string(f.Stage)},
		{"s.creation_strategy", string(f.Strategy)},
		{"s.error_code", string(f.Error)},
	} {
		if by.value != "" {
			query.Where("? = ?", bun.Safe(by.column), by.value)
		}
	}
	if f.Restaurants != nil {
		query.Where("s.restaurant_id IN (?)", bun.List(texts(f.Restaurants)))
	}
	if f.Search != "" {
		r.search(query, f.Search)
	}
	if f.After != "" {
		query.Where("(s.created_at, s.restaurant_id) < (SELECT created_at, restaurant_id FROM whatsapp_signup_states WHERE restaurant_id = ?)", string(f.After))
	}
	if err := query.Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("rows: list integrations: %w", err)
	}
	standings := make([]Standing, len(found))
	for i, row := range found {
		standings[i].Seq = row.LastStreamSeq
		if err := json.Unmarshal([]byte(row.Document), &standings[i].Document); err != nil {
			return nil, fmt.Errorf("rows: document of decision %d: %w", row.LastStreamSeq, err)
		}
	}
	return standings, nil
}

// search adds that something about the restaurant is, or for names and numbers
// contains, the text.
func (r *Reader) search(query *bun.SelectQuery, text string) {
	like := "%" + escapeLike(strings.ToLower(text)) + "%"
	query.
		Join("LEFT JOIN restaurants AS r ON r.id = s.restaurant_id").
		Join("LEFT JOIN whatsapp_business_integrations AS b ON b.restaurant_id = s.restaurant_id").
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q.Where(`lower(r.name) LIKE ? ESCAPE '!'`, like).
				WhereOr("b.business_account_id = ?", text).
				WhereOr("b.phone_number_id = ?", text).
				WhereOr(`b.display_phone_number LIKE ? ESCAPE '!'`, like).
				WhereOr("? = ?", r.member("waba_id"), text)
			if id, err := event.ParseRestaurantID(text); err == nil { // else PostgreSQL would refuse to compare
				q.WhereOr("s.restaurant_id = ?", string(id)).WhereOr("s.integration_id = ?", string(id))
			}
			return q
		})
}

// member is a text in the document, while it is in no column.
func (r *Reader) member(name string) bun.Safe {
	if database.KindOf(r.DB) == database.PostgreSQL {
		return bun.Safe("s.document->>'" + name + "'")
	}
	return bun.Safe("json_extract(s.document, '$." + name + "')")
}

// escapeLike makes a text stand for itself in LIKE with ESCAPE '!'.
func escapeLike(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

func texts(ids []event.RestaurantID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return list
}

// LogRow is a row of whatsapp_integration_logs.
type LogRow struct {
	ID           int64           `json:"id"`
	Step         event.Step      `json:"step"`
	Strategy     *string         `json:"strategy"`
	Success      bool            `json:"success"`
	ErrorMessage *string         `json:"error_message"`
	Details      json.RawMessage `json:"details" bun:"-"`
	CreatedAt    time.Time       `json:"created_at"`
	EventID      string          `json:"event_id"`
	EventType    string          `json:"event_type"`
	Stream       string          `json:"stream"`
	StreamSeq    uint64          `json:"stream_seq"`
	Run          int             `json:"run"`
	TraceID      *string         `json:"trace_id"`
}

// Logs returns a page of a restaurant's log, oldest first. After is the id of the
// last row of the page before; 0: the first page.
func (r *Reader) Logs(ctx context.Context, id event.RestaurantID, after, limit int64) ([]LogRow, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var found []struct {
		LogRow
		RawDetails string
	}
	query := r.DB.NewSelect().
		TableExpr("whatsapp_integration_logs AS l").
		ColumnExpr("l.id, l.step, l.strategy, l.success, l.error_message, COALESCE(l.details, '{}') AS raw_details, l.created_at").
		ColumnExpr("l.event_id, l.event_type, l.stream, l.stream_seq, l.run, NULLIF(l.trace_id, '') AS trace_id").
		Where("l.restaurant_id = ?", string(id)).
		OrderExpr("l.created_at, l.id").
		Limit(limit)
	if after > 0 {
		query.Where("(l.created_at, l.id) > (SELECT created_at, id FROM whatsapp_integration_logs WHERE id = ?)", after)
	}
	if err := query.Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("rows: logs of %s: %w", id, err)
	}
	logs := make([]LogRow, len(found))
	for i, row := range found {
		logs[i] = row.LogRow
		logs[i].Details = json.RawMessage(row.RawDetails)
		logs[i].CreatedAt = row.CreatedAt.UTC()
	}
	return logs, nil
}
