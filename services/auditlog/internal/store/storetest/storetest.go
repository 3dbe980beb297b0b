// Package storetest is what the store must do on every database.
package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

// Restaurants of the tests.
const (
	Anna event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001"
	Bia  event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f002"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Entry returns an entry that says nothing but that something happened.
func Entry(id event.RestaurantID, stream string, seq uint64) store.Entry {
	return store.Entry{Restaurant: id, Log: store.Log{
		EventID:   event.DeriveID(stream, fmt.Sprint(seq)),
		EventType: event.NamePollDue.Type(),
		Stream:    stream,
		StreamSeq: seq,
		Step:      event.StepPolling,
		Success:   true,
		Details:   `{"data": {"attempt": 1}}`,
		Run:       1,
		TraceID:   strings.Repeat("ab", 16),
		Time:      noon.Add(time.Duration(seq) * time.Second),
	}}
}

// Decision returns an entry with a standing.
func Decision(id event.RestaurantID, seq uint64, status event.Status, stage event.Stage) store.Entry {
	e := Entry(id, "WABA", seq)
	e.Standing = &store.Standing{Document: event.Integration{
		RestaurantID: id, IntegrationID: event.IntegrationOf(id), Run: 1, Status: status, Stage: stage,
		CreatedAt: noon, UpdatedAt: e.Time,
	}}
	return e
}

// Run tests the store on databases that open makes, each new and migrated.
func Run(t *testing.T, open func(t testing.TB) *bun.DB) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, db *bun.DB){
		"an entry is stored once, however often it comes": storedOnce,
		"an entry without a restaurant is stored":         withoutRestaurant,
		"all entries of a call are stored, or none":       allOrNone,
		"texts of every kind come back as they were":      texts,
		"no text can break a row, nor out of it":          hostile,
		"a restaurant keeps its latest name":              names,
		"a standing only moves forward":                   standings,
		"a connection remembers when it was ready":        connections,
		"the view shows the last success and failure":     view,
		"any order and any batches leave the same rows":   anyOrder,
		"what no database can store is known as such":     unstorable,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func storedOnce(t *testing.T, db *bun.DB) {
	s := store.New(db)
	batch := []store.Entry{Entry(Anna, "WABA", 1), Entry(Anna, "WABA", 2), Entry(Anna, "WABA", 1)}
	stored, err := s.Append(t.Context(), batch)
	require.NoError(t, err)
	require.EqualValues(t, 2, stored)

	batch = append(batch, Entry(Anna, "WABA", 3))
	batch[0].Details = `{"other": true}`
	stored, err = s.Append(t.Context(), batch)
	require.NoError(t, err)
	require.EqualValues(t, 1, stored)
	require.Equal(t, 3, count(t, db, "whatsapp_integration_logs", "true"))
	require.Equal(t, 0, count(t, db, "whatsapp_integration_logs", "CAST(details AS TEXT) LIKE '%other%'"), "a row is never rewritten")

	stored, err = s.Append(t.Context(), nil)
	require.NoError(t, err)
	require.Zero(t, stored)
}

func withoutRestaurant(t *testing.T, db *bun.DB) {
	e := Entry("", "WABA_IN", 7)
	e.Success, e.ErrorMessage, e.Step = false, "malformed", event.StepFlow
	_, err := store.New(db).Append(t.Context(), []store.Entry{e})
	require.NoError(t, err)
	require.Equal(t, 1, count(t, db, "whatsapp_integration_logs", "restaurant_id IS NULL AND stream_seq = 7"))
	require.Equal(t, 0, count(t, db, "restaurants", "true"))
}

func allOrNone(t *testing.T, db *bun.DB) {
	bad := Entry(Bia, "WABA", 2)
	bad.Step = "no such step"
	_, err := store.New(db).Append(t.Context(), []store.Entry{Decision(Anna, 1, event.StatusInProgress, event.StageOAuth), bad})
	require.Error(t, err)
	require.True(t, store.Unstorable(err), "%v", err)
	for _, table := range []string{"restaurants", "whatsapp_integration_logs", "whatsapp_signup_states"} {
		require.Equal(t, 0, count(t, db, table, "true"), table)
	}
	_, err = store.New(db).Append(t.Context(), []store.Entry{bad.Bare()})
	require.NoError(t, err)
}

func texts(t *testing.T, db *bun.DB) {
	e := Entry(Anna, "WABA", 1)
	e.Strategy = "it's \"so\" \\ ? %s ção 🙂"
	e.ErrorMessage = `C:\u0000`
	clean, err := store.CleanJSON([]byte(`{"nul":"a\u0000b","half":"\ud800","kept":"\\u0000 ' \"","big":12345678901234567890}`))
	require.NoError(t, err)
	e.Details = clean
	_, err = store.New(db).Append(t.Context(), []store.Entry{e})
	require.NoError(t, err)

	var strategy, message, details string
	require.NoError(t, db.QueryRow("SELECT strategy, error_message, CAST(details AS TEXT) FROM whatsapp_integration_logs").
		Scan(&strategy, &message, &details))
	require.Equal(t, string(e.Strategy), strategy)
	require.Equal(t, e.ErrorMessage, message)
	require.JSONEq(t, `{"nul":"a\ufffdb","half":"\ufffd","kept":"\\u0000 ' \"","big":12345678901234567890}`, details)
	require.Contains(t, details, "12345678901234567890", "digit for digit")
}

func hostile(t *testing.T, db *bun.DB) {
	const text = "\x00\xff'\"\\; DROP TABLE restaurants; --\U0001F600"
	long := strings.Repeat(text, 10_000)
	e := Decision(Anna, 1, text, text)
	e.EventID, e.EventType, e.Stream, e.Strategy, e.ErrorMessage, e.TraceID, e.Name = long, long, long, text, long, text, long
	e.Standing.ErrorText = long
	e.Standing.Document.Strategy, e.Standing.Document.DisplayPhoneNumber = text, text
	e.Standing.Document.Error = &event.Problem{Code: text, Message: text}
	e.Standing.Document.NextAction = &event.NextAction{Kind: text, URL: text}
	e.Connection = &store.Connection{Status: text, WabaID: text, BusinessID: text, PhoneNumberID: text, DisplayPhoneNumber: long, Strategy: text}
	_, err := store.New(db).Append(t.Context(), []store.Entry{e})
	require.NoError(t, err)
	for _, table := range tables {
		require.Equal(t, 1, count(t, db, table, "true"), table)
	}
}

func names(t *testing.T, db *bun.DB) {
	s := store.New(db)
	named := func(seq uint64, name string) store.Entry {
		e := Entry(Anna, "WABA_IN", seq)
		e.Name = name
		return e
	}
	for _, step := range []struct {
		entry store.Entry
		want  string
	}{
		{Entry(Anna, "WABA", 9), ""},
		{named(3, "Cantina da Anna"), "Cantina da Anna"},
		{named(5, "Bistrô da Anna"), "Bistrô da Anna"},
		{named(4, "late, and older"), "Bistrô da Anna"},
		{Entry(Anna, "WABA", 10), "Bistrô da Anna"},
	} {
		_, err := s.Append(t.Context(), []store.Entry{step.entry})
		require.NoError(t, err)
		require.Equal(t, 1, count(t, db, "restaurants", "name = '"+step.want+"'"))
	}
	var created time.Time
	require.NoError(t, db.QueryRow("SELECT created_at FROM restaurants").Scan(&created))
	require.Equal(t, noon.Add(3*time.Second), created.UTC(), "its earliest event")
}

func standings(t *testing.T, db *bun.DB) {
	s := store.New(db)
	failed := Decision(Anna, 5, event.StatusFailed, event.StageExchange)
	failed.Standing.ErrorText = "code_expired"
	failed.Standing.Document.Error = &event.Problem{Code: event.CodeCodeExpired}
	failed.Standing.Document.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	failed.Standing.Document.Strategy = event.StrategyBusiness
	failed.Standing.Document.Polling.Attempts = 4
	_, err := s.Append(t.Context(), []store.Entry{
		failed, Decision(Anna, 2, event.StatusInProgress, event.StageOAuth), Decision(Bia, 3, event.StatusInProgress, event.StageOAuth),
	})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), []store.Entry{Decision(Anna, 4, event.StatusInProgress, event.StageExchange)})
	require.NoError(t, err)
	require.Equal(t, 1, count(t, db, "whatsapp_signup_states", `restaurant_id = '`+string(Anna)+`' AND integration_id = '`+string(event.IntegrationOf(Anna))+
		`' AND status = 'failed' AND stage = 'token_exchange' AND error_code = 'code_expired' AND error_message = 'code_expired'
		AND creation_strategy = 'business_search' AND polling_attempts = 4 AND last_stream_seq = 5 AND run = 1`))
	var action, document string
	require.NoError(t, db.QueryRow("SELECT CAST(next_action AS TEXT), CAST(document AS TEXT) FROM whatsapp_signup_states WHERE last_stream_seq = 5").
		Scan(&action, &document))
	require.JSONEq(t, `{"kind":"restart_signup","actor":"restaurant"}`, action)
	require.Contains(t, document, `"failed"`)

	_, err = s.Append(t.Context(), []store.Entry{Decision(Anna, 6, event.StatusInProgress, event.StageOAuth)})
	require.NoError(t, err)
	require.Equal(t, 1, count(t, db, "whatsapp_signup_states",
		"last_stream_seq = 6 AND error_code IS NULL AND error_message IS NULL AND next_action IS NULL AND creation_strategy IS NULL"))
}

func connections(t *testing.T, db *bun.DB) {
	s := store.New(db)
	ready := Decision(Anna, 5, event.StatusCompleted, event.StageDone)
	ready.Connection = &store.Connection{
		Status: store.Connected, Run: 1, WabaID: "1000001", BusinessID: "2000002", PhoneNumberID: "3000003",
		DisplayPhoneNumber: "+55 11 99999-0000", Strategy: event.StrategyClient, ReadyAt: ready.Time,
	}
	ended := Decision(Anna, 8, event.StatusDisconnected, event.StageDone)
	ended.Connection = &store.Connection{Status: store.Disconnected, Run: 1, WabaID: "1000001"}
	for _, e := range []store.Entry{ended, ready} { // the wrong way round
		_, err := s.Append(t.Context(), []store.Entry{e})
		require.NoError(t, err)
	}
	var at, created time.Time
	require.NoError(t, db.QueryRow(`SELECT ready_at, created_at FROM whatsapp_business_integrations WHERE id = ? AND restaurant_id = ?
		AND connection_status = 'disconnected' AND NOT is_active AND last_stream_seq = 8 AND phone_number_id IS NULL`,
		string(event.IntegrationOf(Anna)), string(Anna)).Scan(&at, &created))
	require.Equal(t, ready.Time, at.UTC())
	require.Equal(t, ready.Time, created.UTC())
}

func view(t *testing.T, db *bun.DB) {
	s := store.New(db)
	failure := Entry(Anna, "WABA", 3)
	failure.Step, failure.Success, failure.ErrorMessage = event.StepCreation, false, "meta_blocked (Meta 368)"
	named := Entry(Anna, "WABA_IN", 1)
	named.Name = "Cantina"
	discovered := Entry(Anna, "WABA", 2)
	discovered.Step = event.StepDiscovery
	_, err := s.Append(t.Context(), []store.Entry{named, discovered, failure, Entry(Bia, "WABA", 4)})
	require.NoError(t, err)
	_, err = s.Append(t.Context(), []store.Entry{Decision(Anna, 1, event.StatusAction, event.StageCreation)})
	require.NoError(t, err)
	require.Equal(t, 2, count(t, db, "whatsapp_integration_status", "true"))
	require.Equal(t, 1, count(t, db, "whatsapp_integration_status", `restaurant_id = '`+string(Anna)+`' AND restaurant_name = 'Cantina'
		AND integration_id IS NULL AND waba_id IS NULL AND connection_status IS NULL AND is_active IS NULL
		AND signup_status = 'action_required' AND creation_strategy IS NULL AND polling_attempts = 0
		AND last_successful_step = 'waba_discovery' AND last_error_message = 'meta_blocked (Meta 368)'`))
}

// anyOrder stores one history twice, the second time shuffled, repeated and cut into
// batches at random.
func anyOrder(t *testing.T, db *bun.DB) {
	history := History(60)
	s := store.New(db)
	_, err := s.Append(t.Context(), history)
	require.NoError(t, err)
	want := Dump(t, db)
	require.NotEmpty(t, want)

	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order in each run
	for range 5 {
		for _, table := range tables {
			_, err := db.Exec("DELETE FROM " + table)
			require.NoError(t, err)
		}
		again := slices.Concat(history, history[:20])
		random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for len(again) > 0 {
			n := min(1+random.IntN(15), len(again))
			_, err := s.Append(t.Context(), again[:n])
			require.NoError(t, err)
			again = again[n:]
		}
		require.Equal(t, want, Dump(t, db))
	}
}

func unstorable(t *testing.T, db *bun.DB) {
	s := store.New(db)
	for name, spoil := range map[string]func(e *store.Entry){
		"no JSON":        func(e *store.Entry) { e.Details = "{" },
		"too big a run":  func(e *store.Entry) { e.Run = 1 << 40; e.Step = "x" }, // SQLite has room for the run
		"unknown step":   func(e *store.Entry) { e.Step = "dessert" },
		"no stream name": func(e *store.Entry) { e.Step = "" },
	} {
		e := Entry(Anna, "WABA", 1)
		spoil(&e)
		_, err := s.Append(t.Context(), []store.Entry{e})
		require.True(t, store.Unstorable(err), "%s: %v", name, err)
	}
	_, err := db.Exec("SELECT * FROM no_such_table")
	require.Error(t, err)
	require.False(t, store.Unstorable(err), "a missing table is made by a migration")
}
