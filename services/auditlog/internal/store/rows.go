package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
)

// The rows are written and never read here. None has the column id of its table,
// so that the database numbers new rows.

type logRow struct {
	bun.BaseModel `bun:"table:whatsapp_integration_logs,alias:l"`

	RestaurantID string `bun:",nullzero"`
	Step         string
	Strategy     string `bun:",nullzero"`
	Success      bool
	ErrorMessage string `bun:",nullzero"`
	Details      string // no bun type: bun's JSON writer alters escaped backslashes
	CreatedAt    time.Time
	UpdatedAt    time.Time
	EventID      string
	EventType    string
	Stream       string
	StreamSeq    uint64
	Run          int
	TraceID      string
}

type restaurantRow struct {
	bun.BaseModel `bun:"table:restaurants,alias:r"`

	ID        string
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

type standingRow struct {
	bun.BaseModel `bun:"table:whatsapp_signup_states,alias:s"`

	RestaurantID     string
	IntegrationID    string
	Run              int
	Status           string
	Stage            string
	CreationStrategy string `bun:",nullzero"`
	PollingAttempts  int
	ErrorCode        string `bun:",nullzero"`
	ErrorMessage     string `bun:",nullzero"`
	NextAction       string `bun:",nullzero"`
	Document         string
	LastStreamSeq    uint64
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

type connectionRow struct {
	bun.BaseModel `bun:"table:whatsapp_business_integrations,alias:b"`

	ID                 string
	RestaurantID       string
	BusinessAccountID  string `bun:",nullzero"`
	BusinessID         string `bun:",nullzero"`
	PhoneNumberID      string `bun:",nullzero"`
	DisplayPhoneNumber string `bun:",nullzero"`
	ConnectionStatus   string
	IsActive           bool
	Strategy           string `bun:",nullzero"`
	Run                int
	LastStreamSeq      uint64
	ReadyAt            time.Time `bun:",nullzero"`
	CreatedAt          time.Time
	UpdatedAt          time.Time
}

func logRows(entries []Entry, now time.Time) []logRow {
	rows := make([]logRow, len(entries))
	for i, e := range entries {
		rows[i] = logRow{
			RestaurantID: string(e.Restaurant),
			Step:         word(e.Step),
			Strategy:     word(e.Strategy),
			Success:      e.Success,
			ErrorMessage: words(e.ErrorMessage),
			Details:      e.Details,
			CreatedAt:    e.Time,
			UpdatedAt:    now,
			EventID:      word(e.EventID),
			EventType:    word(e.EventType),
			Stream:       word(e.Stream),
			StreamSeq:    e.StreamSeq,
			Run:          e.Run,
			TraceID:      word(e.TraceID),
		}
	}
	return rows
}

// restaurantRows returns one row for each restaurant, in the order of their ids:
// transactions that lock rows in one order cannot block each other for ever.
func restaurantRows(entries []Entry) []restaurantRow {
	rows := make(map[event.RestaurantID]restaurantRow)
	for _, e := range entries {
		if e.Restaurant == "" {
			continue
		}
		row, seen := rows[e.Restaurant]
		if !seen {
			row = restaurantRow{ID: string(e.Restaurant), CreatedAt: e.Time}
		}
		if e.Time.Before(row.CreatedAt) {
			row.CreatedAt = e.Time
		}
		if name := words(e.Name); name != "" && cmp.Or(e.Time.Compare(row.UpdatedAt), strings.Compare(name, row.Name)) > 0 {
			row.Name, row.UpdatedAt = name, e.Time
		}
		rows[e.Restaurant] = row
	}
	for id, row := range rows {
		if row.Name == "" {
			row.UpdatedAt = row.CreatedAt
			rows[id] = row
		}
	}
	return slices.SortedFunc(maps.Values(rows), func(a, b restaurantRow) int { return strings.Compare(a.ID, b.ID) })
}

// standingRows returns the last standing of each restaurant, in the order of ids.
func standingRows(entries []Entry) ([]standingRow, error) {
	last := newest(entries, func(e Entry) bool { return e.Standing != nil })
	rows := make([]standingRow, len(last))
	for i, e := range last {
		document := e.Standing.Document
		rows[i] = standingRow{
			RestaurantID:     string(e.Restaurant),
			IntegrationID:    string(event.IntegrationOf(e.Restaurant)),
			Run:              document.Run,
			Status:           word(document.Status),
			Stage:            word(document.Stage),
			CreationStrategy: word(document.Strategy),
			PollingAttempts:  document.Polling.Attempts,
			ErrorMessage:     words(e.Standing.ErrorText),
			LastStreamSeq:    e.StreamSeq,
			CreatedAt:        cmp.Or(document.CreatedAt, e.Time),
			UpdatedAt:        cmp.Or(document.UpdatedAt, e.Time),
		}
		if document.Error != nil {
			rows[i].ErrorCode = word(document.Error.Code)
		}
		var err error
		if rows[i].Document, err = encode(document); err != nil {
			return nil, err
		}
		if document.NextAction != nil {
			if rows[i].NextAction, err = encode(document.NextAction); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// connectionRows returns the last connection of each restaurant, in the order of ids.
// What was ready when is kept through a later end of the connection.
func connectionRows(entries []Entry) []connectionRow {
	last := newest(entries, func(e Entry) bool { return e.Connection != nil })
	ready := make(map[event.RestaurantID]time.Time)
	first := make(map[event.RestaurantID]time.Time)
	for _, e := range entries {
		if e.Connection == nil {
			continue
		}
		if e.Connection.ReadyAt.After(ready[e.Restaurant]) {
			ready[e.Restaurant] = e.Connection.ReadyAt
		}
		if at, seen := first[e.Restaurant]; !seen || e.Time.Before(at) {
			first[e.Restaurant] = e.Time
		}
	}
	rows := make([]connectionRow, len(last))
	for i, e := range last {
		c := e.Connection
		rows[i] = connectionRow{
			ID:                 string(event.IntegrationOf(e.Restaurant)),
			RestaurantID:       string(e.Restaurant),
			BusinessAccountID:  word(c.WabaID),
			BusinessID:         word(c.BusinessID),
			PhoneNumberID:      word(c.PhoneNumberID),
			DisplayPhoneNumber: word(c.DisplayPhoneNumber),
			ConnectionStatus:   word(c.Status),
			IsActive:           c.Status == Connected,
			Strategy:           word(c.Strategy),
			Run:                c.Run,
			LastStreamSeq:      e.StreamSeq,
			ReadyAt:            ready[e.Restaurant],
			CreatedAt:          first[e.Restaurant],
			UpdatedAt:          e.Time,
		}
	}
	return rows
}

// newest returns, for each restaurant, the wanted entry that is last in its stream.
func newest(entries []Entry, wanted func(Entry) bool) []Entry {
	last := make(map[event.RestaurantID]Entry)
	for _, e := range entries {
		if wanted(e) && e.StreamSeq > last[e.Restaurant].StreamSeq {
			last[e.Restaurant] = e
		}
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Entry) int { return cmp.Compare(a.Restaurant, b.Restaurant) })
}

// encode returns JSON that both databases can store.
func encode(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store: encode %T: %w", v, err)
	}
	return CleanJSON(raw)
}

// word returns an id, a name or a code as both databases can store and index it.
func word[T ~string](text T) string { return clean(string(text), 200) }

// words returns a text for people as both databases can store it.
func words(text string) string { return clean(text, 1000) }

func formatSeq(seq uint64) string { return strconv.FormatUint(seq, 10) }
