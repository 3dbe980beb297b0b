package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

// tables are those that the store writes, in an order in which they can be emptied.
var tables = []string{
	"whatsapp_integration_logs", "whatsapp_signup_states", "whatsapp_business_integrations", "restaurants",
}

// Dump returns every row that the store wrote, without what may differ between two
// fillings with the same events: the log's id and updated_at.
func Dump(t testing.TB, db *bun.DB) map[string][]string {
	t.Helper()
	keys := map[string]string{
		"whatsapp_integration_logs": "event_id", "whatsapp_signup_states": "restaurant_id",
		"whatsapp_business_integrations": "restaurant_id", "restaurants": "id",
	}
	dump := make(map[string][]string)
	for _, table := range tables {
		var rows []map[string]any
		require.NoError(t, db.NewSelect().TableExpr(table).ColumnExpr("*").OrderExpr(keys[table]).Scan(t.Context(), &rows))
		for _, row := range rows {
			if table == "whatsapp_integration_logs" {
				delete(row, "id")
				delete(row, "updated_at")
			}
			dump[table] = append(dump[table], fmt.Sprint(row))
		}
	}
	return dump
}

// History returns n decisions and inputs of two restaurants, with names, standings
// and connections that come and go.
func History(n int) []store.Entry {
	var history []store.Entry
	for i := range n {
		seq := uint64(i + 1)
		id := Anna
		if i%3 == 0 {
			id = Bia
		}
		switch i % 5 {
		case 0:
			input := Entry(id, "WABA_IN", seq)
			input.Name = fmt.Sprint("name ", i)
			history = append(history, input)
		case 1:
			ready := Decision(id, seq, event.StatusCompleted, event.StageDone)
			ready.Connection = &store.Connection{Status: store.Connected, Run: i, WabaID: "1000001", ReadyAt: ready.Time.Add(time.Millisecond)}
			history = append(history, ready)
		case 2:
			ended := Decision(id, seq, event.StatusDisconnected, event.StageDone)
			ended.Connection = &store.Connection{Status: store.Disconnected, Run: i}
			history = append(history, ended)
		default:
			history = append(history, Decision(id, seq, event.StatusInProgress, event.StageDiscovery))
		}
	}
	return history
}

func count(t testing.TB, db *bun.DB, table, where string) int {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM "+table+" WHERE "+where).Scan(&n))
	return n
}

// Restaurant returns the id of the n-th restaurant.
func Restaurant(n uint64) event.RestaurantID {
	return event.RestaurantID(event.DeriveID("restaurant", fmt.Sprint(n)))
}
