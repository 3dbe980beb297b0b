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

// requireEndsOnce waits until a run has ended and judges it: completed, or, if it
// was killed in the exchange, failed because its code may be spent.
func requireEndsOnce(t *testing.T, dev *wabatest.Dev, meta *metasim.Server, restaurant, code string) {
	t.Helper()
	judge(t, dev.HTTP, jetStream(t, dev.NATS), meta, restaurant, code, nil)
}

func judge(t *testing.T, api string, js jetstream.JetStream, meta *metasim.Server, restaurant, code string, header map[string]string) {
	t.Helper()
	var document map[string]any
	require.Eventually(t, func() bool {
		document = status(t, api, restaurant, header)
		return document != nil && document["status"] != "in_progress"
	}, 2*time.Minute, 50*time.Millisecond, "%s stands at %v", code, document)
	if document["status"] != "completed" {
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
func requireAudited(t *testing.T, dev *wabatest.Dev, runs map[string]string) {
	t.Helper()
	js := jetStream(t, dev.NATS)
	for restaurant := range runs {
		want := map[string]int{}
		for _, family := range []event.Family{event.FamilyDecision, event.FamilyInput} {
			for id := range eventIDs(t, js, family, event.RestaurantID(restaurant)) {
				want[id] = 1
			}
		}
		require.Eventually(t, func() bool {
			rows := auditRows(t, dev.HTTP, restaurant, nil)
			for id := range want {
				if rows[id] != 1 {
					return false
				}
			}
			return true
		}, 30*time.Second, 50*time.Millisecond, "audit of %s", restaurant)
	}
}

func eventIDs(t *testing.T, js jetstream.JetStream, family event.Family, id event.RestaurantID) map[string]bool {
	t.Helper()
	stream := map[event.Family]string{event.FamilyDecision: bus.Log, event.FamilyInput: bus.In}[family]
	consumer, err := js.OrderedConsumer(t.Context(), stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{event.Subjects(family, id)},
	})
	require.NoError(t, err)
	info, err := consumer.Info(t.Context())
	require.NoError(t, err)
	ids := map[string]bool{}
	for range info.NumPending {
		msg, err := consumer.Next(jetstream.FetchMaxWait(10 * time.Second))
		require.NoError(t, err)
		envelope, _, err := event.Decode(msg.Data())
		require.NoError(t, err)
		ids[envelope.ID] = true
	}
	return ids
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
