package meta_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// watched is a client whose spans, metrics and log are kept.
func watched(t testing.TB, base string) (c *meta.Client, spans *tracetest.SpanRecorder, metrics *metric.ManualReader, log *bytes.Buffer) {
	t.Helper()
	spans, metrics, log = tracetest.NewSpanRecorder(), metric.NewManualReader(), &bytes.Buffer{}
	c = newClient(t, base, func(config *meta.Config) {
		config.Tracers = trace.NewTracerProvider(trace.WithSpanProcessor(spans))
		config.Meters = metric.NewMeterProvider(metric.WithReader(metrics))
		config.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	return c, spans, metrics, log
}

func TestSpans(t *testing.T) {
	t.Parallel()
	g := newGraph(t, says(403, `{"error":{"code":200,"error_subcode":1349174,"fbtrace_id":"AbC"}}`))
	c, spans, _, _ := watched(t, g.URL)
	_, err := c.PhoneNumbers(t.Context(), token, waba)
	require.Error(t, err)
	require.Len(t, spans.Ended(), 1)
	span := spans.Ended()[0]
	require.Equal(t, "meta.PhoneNumbers", span.Name())
	require.Subset(t, span.Attributes(), []attribute.KeyValue{
		attribute.String("graph.operation", "list_phone_numbers"),
		attribute.String("graph.class", "permission"),
		attribute.String("graph.fbtrace_id", "AbC"),
		attribute.Int("graph.code", 200),
		attribute.Int("graph.subcode", 1349174),
		attribute.Int("http.response.status_code", 403),
		attribute.String("waba.id", string(waba)),
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	answers := []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-App-Usage", `{"call_count":28,"total_time":95,"total_cputime":25}`)
			says(200, `{"success":true}`)(w, r)
		},
		says(400, `{"error":{"code":4}}`),
	}
	g := newGraph(t, func(w http.ResponseWriter, r *http.Request) {
		answers[0](w, r)
		answers = answers[1:]
	})
	c, _, metrics, _ := watched(t, g.URL)
	require.NoError(t, c.SubscribeApp(t.Context(), token, waba))
	require.Error(t, c.SubscribeApp(t.Context(), token, waba))

	var got metricdata.ResourceMetrics
	require.NoError(t, metrics.Collect(t.Context(), &got))
	require.Len(t, got.ScopeMetrics, 1)
	classes := map[string]uint64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		switch data := m.Data.(type) {
		case metricdata.Histogram[float64]:
			require.Equal(t, "waba.meta.call.duration", m.Name)
			for _, point := range data.DataPoints {
				operation, _ := point.Attributes.Value("operation")
				class, _ := point.Attributes.Value("class")
				require.Equal(t, "subscribe_app", operation.AsString())
				require.Equal(t, 2, point.Attributes.Len(), "an id would make a series for each restaurant")
				classes[class.AsString()] = point.Count
			}
		case metricdata.Gauge[int64]:
			require.Equal(t, "waba.meta.usage", m.Name)
			require.EqualValues(t, 95, data.DataPoints[0].Value)
		}
	}
	require.Equal(t, map[string]uint64{"ok": 1, "rate_limit": 1}, classes)
}

// No secret, and nothing that Meta wrote, may be found in what leaves the client
// beside its answers.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	const words = "CANARY-text-of-Meta"
	answers := map[string]http.HandlerFunc{
		"an error":    says(400, `{"error":{"message":"`+words+`","error_user_msg":"`+words+`","code":190,"fbtrace_id":"`+words+` x"}}`),
		"no JSON":     says(500, "<p>"+words+"</p>"),
		"an answer":   says(200, `{"data":"`+words+`","access_token":["`+words+`"],"id":"`+words+`"}`),
		"a cut":       cut,
		"a redirect":  elsewhere,
		"a bad chunk": brokenChunk,
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGraph(t, answer)
			for _, base := range []string{g.URL, "http://127.0.0.1:1"} {
				c, spans, metrics, log := watched(t, base)
				var out strings.Builder
				for _, call := range calls {
					_, err := call.do(t, c)
					fmt.Fprintf(&out, "%v %+v %#v %q\n", err, err, err, err)
				}
				for _, span := range spans.Ended() {
					fmt.Fprintf(&out, "%+v %+v %+v\n", span.Attributes(), span.Events(), span.Status())
				}
				var collected metricdata.ResourceMetrics
				require.NoError(t, metrics.Collect(t.Context(), &collected))
				fmt.Fprintf(&out, "%+v\n%s", collected, log.String())
				for _, hidden := range []string{"CANARY", pin, proofOf(access), "127.0.0.1"} {
					require.NotContains(t, out.String(), hidden)
				}
			}
		})
	}
}
