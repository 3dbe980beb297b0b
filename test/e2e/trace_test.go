package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/test/wabatest"
)

func TestOneTraceSpansThePostAndEveryRowOfTheAudit(t *testing.T) {
	t.Parallel()
	dev := wabatest.StartDev(t, t.TempDir(), []string{"OTEL_TRACES_EXPORTER=console", "OTEL_BSP_SCHEDULE_DELAY=50"})
	restaurant, trace := uuid.NewString(), "4bf92f3577b34da6a3ce929d0e0e4736"
	answer, err := wabatest.CompleteFlow(t, dev.HTTP, restaurant, "demo-found-at-third-poll-trace", map[string]string{
		"traceparent": "00-" + trace + "-00f067aa0ba902b7-01",
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)

	type row struct {
		Type  string `json:"event_type"`
		Trace string `json:"trace_id"`
	}
	var rows []row
	require.Eventually(t, func() bool {
		logs := wabatest.Must(t, http.MethodGet, dev.HTTP+"/api/whatsapp/integrations/"+restaurant+"/logs?limit=100", nil, nil)
		var page struct {
			Data struct {
				Items []row `json:"items"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal(logs.Body, &page))
		rows = page.Data.Items
		return len(rows) > 0 && rows[len(rows)-1].Type == "waba.WabaReady.v1"
	}, wabatest.Patience, wabatest.Glance)
	kinds := map[string]int{}
	for _, r := range rows {
		kinds[r.Type]++
		require.Equal(t, trace, r.Trace, r.Type)
	}
	require.Equal(t, 2, kinds["waba.PollTick.v1"], "the trace survives the waits: %v", kinds)
	require.Equal(t, 2, kinds["waba.PollDue.v1"])
	require.Eventually(t, func() bool {
		return spansOf(dev.Output(), trace)["meta.Register"] == 1
	}, wabatest.Patience, wabatest.Glance, "the call at Meta is a span of the same trace")
}

// spansOf counts the spans of a trace that the console exporter has printed.
func spansOf(output, trace string) map[string]int {
	names := map[string]int{}
	for rest := output; ; {
		start := strings.Index(rest, "{\"Name\":")
		if start < 0 {
			return names
		}
		var span struct {
			Name        string
			SpanContext struct{ TraceID string }
		}
		decoder := json.NewDecoder(strings.NewReader(rest[start:]))
		if decoder.Decode(&span) == nil && span.SpanContext.TraceID == trace {
			names[span.Name]++
		}
		rest = rest[start+1:]
	}
}
