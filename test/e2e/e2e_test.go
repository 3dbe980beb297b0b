// Package e2e drives the real binary as processes, and judges by what Meta has
// seen, what the log holds and what the audit says.
package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/app"
	"github.com/waba-platform/onboarding/test/wabatest"
)

// startMeta runs a simulator that outlives the processes under test.
func startMeta(t *testing.T) (*metasim.Server, string) {
	t.Helper()
	meta, err := metasim.New(metasim.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(meta)
	t.Cleanup(server.Close)
	return meta, server.URL
}

// status returns a restaurant's status document.
func status(t *testing.T, api, restaurant string, header map[string]string) map[string]any {
	t.Helper()
	answer, err := wabatest.Do(t, http.MethodGet, api+"/api/whatsapp/integrations/"+restaurant, nil, header)
	if err != nil || answer.Status != http.StatusOK {
		return nil
	}
	data, _ := answer.JSON["data"].(map[string]any)
	return data
}

// mayBeSpent says whether a run that is killed now may lose its code: the exchange
// is claimed and sent, or about to be, and its token is not in use yet.
func mayBeSpent(meta *metasim.Server, code string) bool {
	return meta.Calls(metasim.OpDebugToken, code) == 0
}

// judge waits until a run has ended: completed, or, if it was killed in its
// exchange (spent), failed because a code is never sent twice.
func judge(t *testing.T, api string, js jetstream.JetStream, meta *metasim.Server, restaurant, code string, spent bool, header map[string]string) {
	t.Helper()
	var document map[string]any
	require.Eventually(t, func() bool {
		document = status(t, api, restaurant, header)
		return document != nil && document["status"] != "in_progress"
	}, 2*time.Minute, 50*time.Millisecond, "%s stands at %v", code, document)
	if document["status"] != "completed" {
		require.True(t, spent, "%s: its exchange was not cut: %v", code, document)
		failure, _ := document["error"].(map[string]any)
		require.Equal(t, "failed", document["status"], "%s: %v", code, document)
		require.Equal(t, string(event.CodeExchangeUnanswered), failure["code"], "%s: %v", code, document)
	}
	require.LessOrEqual(t, meta.Calls(metasim.OpExchange, code), 1, "%s: exchanges", code)
	for _, op := range []metasim.Op{metasim.OpCreate2A, metasim.OpCreate2B, metasim.OpCreate2C, metasim.OpCreate2D, metasim.OpRegister} {
		require.LessOrEqual(t, meta.Executed(op, code), 1, "%s: executed %s", code, op)
	}
	replayed, err := app.Replay(t.Context(), js, event.RestaurantID(restaurant))
	require.NoError(t, err)
	ends := 0
	for _, entry := range replayed.Entries {
		require.True(t, entry.Matches, "%s: %s: %s", code, entry.Event, entry.Difference)
		if event.Status(entry.Status).Ended() {
			ends++
		}
	}
	require.Equal(t, 1, ends, "%s: ends", code)
}

// jetStream connects as a tool does: it may read.
func jetStream(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url, nats.CustomInboxPrefix(bus.InboxPrefix(bus.UserReader)))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return js
}

// requireAudited holds the audit log against the streams: each event of these
// restaurants is a row, once.
func requireAudited(t *testing.T, api string, js jetstream.JetStream, runs map[string]string, header map[string]string) {
	t.Helper()
	for restaurant := range runs {
		ids := eventIDs(t, js, event.RestaurantID(restaurant))
		require.NotEmpty(t, ids)
		require.Eventually(t, func() bool {
			rows := auditRows(t, api, restaurant, header)
			for _, id := range ids {
				if rows[id] != 1 {
					return false
				}
			}
			return true
		}, time.Minute, 100*time.Millisecond, "audit of %s", restaurant)
	}
}

// eventIDs returns the ids of a restaurant's decisions and inputs.
func eventIDs(t *testing.T, js jetstream.JetStream, id event.RestaurantID) []string {
	t.Helper()
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	var ids []string
	for after := uint64(0); ; {
		decision, ok, err := history.NextDecision(t.Context(), id, after)
		require.NoError(t, err)
		if !ok {
			break
		}
		after = decision.Seq
		ids = append(ids, decision.Envelope.ID)
	}
	for after := uint64(0); ; {
		input, ok, err := history.NextInput(t.Context(), id, after)
		require.NoError(t, err)
		if !ok {
			return ids
		}
		after = input.Seq
		ids = append(ids, input.Envelope.ID)
	}
}

// auditRows returns how many rows there are for each event of a restaurant.
func auditRows(t *testing.T, api, restaurant string, header map[string]string) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for cursor := ""; ; {
		answer := wabatest.Must(t, http.MethodGet, api+"/api/whatsapp/integrations/"+restaurant+"/logs?limit=100&cursor="+cursor, nil, header)
		require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
		var page struct {
			Data struct {
				Items []struct {
					EventID string `json:"event_id"`
				} `json:"items"`
				Next string `json:"next_cursor"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal(answer.Body, &page))
		for _, item := range page.Data.Items {
			rows[item.EventID]++
		}
		if cursor = page.Data.Next; cursor == "" {
			return rows
		}
	}
}
