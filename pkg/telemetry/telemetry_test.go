package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts telemetry that ends with the test, and leaves nothing running.
func start(t *testing.T, opts telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	opts.Service, opts.Version = "gateway", "1.2.3"
	started, err := telemetry.Start(t.Context(), opts)
	require.NoError(t, err)
	ctx := context.WithoutCancel(t.Context()) // which ends before the cleanup
	t.Cleanup(func() { require.NoError(t, started.Shutdown(ctx)) })
	return started
}

func get(t *testing.T, handler http.Handler, path string) (status int, body string) {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return answer.Code, answer.Body.String()
}

func TestSpansHaveIDsWithoutAnExporter(t *testing.T) {
	t.Parallel()
	started := start(t, telemetry.Options{})
	before := otel.GetTracerProvider()
	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "test.Span")
	defer span.End()
	require.True(t, span.SpanContext().IsValid())
	require.True(t, span.SpanContext().IsSampled())
	require.Same(t, before, otel.GetTracerProvider(), "starting changes nothing global")
}

func TestSpansAreExportedWhereTheEnvironmentSays(t *testing.T) {
	var received atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && r.URL.Path == "/v1/traces" {
			received.Add(int64(len(body)))
		}
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	started := start(t, telemetry.Options{})
	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "test.Span")
	span.End()
	require.NoError(t, started.Shutdown(t.Context()))
	require.Positive(t, received.Load(), "shutting down exports what is left")
	require.NoError(t, started.Shutdown(t.Context()), "and may be repeated")
}

func TestShutdownGivesUpOnACollectorThatIsDown(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_METRICS_EXPORTER", "otlp")
	started, err := telemetry.Start(t.Context(), telemetry.Options{Service: "gateway"})
	require.NoError(t, err)
	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "test.Span")
	span.End()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, started.Shutdown(ctx), "telemetry: shut down")
}

func TestDisabledTelemetryMakesNoSpansAndStillAnswers(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "TRUE")
	started := start(t, telemetry.Options{})
	_, span := started.TracerProvider().Tracer("test").Start(t.Context(), "test.Span")
	defer span.End()
	require.False(t, span.SpanContext().IsValid())
	status, body := get(t, started.Admin(), "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "go_goroutines")
}

func TestUnknownExporterIsAnError(t *testing.T) {
	for _, name := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "pigeon")
			_, err := telemetry.Start(t.Context(), telemetry.Options{Service: "gateway"})
			require.ErrorContains(t, err, name+": unknown exporter")
		})
	}
}

func TestRecordMarksTheSpanOfAFailedCall(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	started := start(t, telemetry.Options{SpanProcessors: []sdktrace.SpanProcessor{spans}})
	tracer := started.TracerProvider().Tracer("test")
	call := func(fails error) (err error) {
		_, span := tracer.Start(t.Context(), "test.Call")
		defer span.End()
		defer telemetry.Record(span, &err)
		return fails
	}
	require.NoError(t, call(nil))
	require.Error(t, call(errors.New("refused")))
	ended := spans.Ended()
	require.Len(t, ended, 2)
	require.Equal(t, codes.Unset, ended[0].Status().Code)
	require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "refused"}, ended[1].Status())
	require.Len(t, ended[1].Events(), 1)
}

func TestTraceContextCrossesMessages(t *testing.T) {
	t.Parallel()
	started := start(t, telemetry.Options{})
	ctx, span := started.TracerProvider().Tracer("test").Start(t.Context(), "test.Send")
	defer span.End()

	metadata := map[string]string{}
	telemetry.Inject(ctx, telemetry.Map(metadata))
	header := map[string][]string{"Nats-Msg-Id": {"a", "b"}}
	telemetry.Inject(ctx, telemetry.Header(header))
	require.Equal(t, []string{metadata["traceparent"]}, header["traceparent"])
	require.Equal(t, []string{"Nats-Msg-Id", "traceparent"}, telemetry.Header(header).Keys())

	for _, received := range []context.Context{
		telemetry.Extract(t.Context(), telemetry.Map(metadata)),
		telemetry.Extract(t.Context(), telemetry.Header(header)),
	} {
		remote := trace.SpanContextFromContext(received)
		require.True(t, remote.IsRemote())
		require.Equal(t, span.SpanContext().TraceID(), remote.TraceID())
		require.Equal(t, span.SpanContext().SpanID(), remote.SpanID())
	}
	malformed := telemetry.Extract(t.Context(), telemetry.Header{"traceparent": {"00-nonsense"}})
	require.False(t, trace.SpanContextFromContext(malformed).IsValid())
	empty := telemetry.Header{}
	telemetry.Inject(t.Context(), empty)
	require.Empty(t, empty)
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	started := start(t, telemetry.Options{})
	counter, err := started.MeterProvider().Meter("test").Int64Counter("waba.test.polls")
	require.NoError(t, err)
	counter.Add(t.Context(), 3)
	status, body := get(t, started.Admin(), "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Regexp(t, `(?m)^waba_test_polls_total\{.*\} 3$`, body)
	require.Contains(t, body, `service_name="gateway"`)
	require.Contains(t, body, "go_goroutines")
}

func TestInstalledGlobalsServeLibraries(t *testing.T) { //nolint:paralleltest // it changes what the whole process uses
	var log bytes.Buffer
	started := start(t, telemetry.Options{Logger: telemetry.NewLogger(&log, telemetry.LogConfig{})})
	started.InstallGlobals()
	ctx, span := otel.Tracer("library").Start(t.Context(), "library.Call")
	defer span.End()
	require.True(t, span.SpanContext().IsValid())
	header := telemetry.Header{}
	otel.GetTextMapPropagator().Inject(ctx, header)
	require.Len(t, header, 1)
	otel.Handle(errors.New("collector is gone"))
	require.Contains(t, log.String(), "collector is gone")
}
