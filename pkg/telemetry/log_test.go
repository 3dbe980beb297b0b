package telemetry_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/telemetry"
)

func TestLogLinesCarryTheIDsOfTheSpan(t *testing.T) {
	t.Parallel()
	ctx, span := start(t, telemetry.Options{}).TracerProvider().Tracer("test").Start(t.Context(), "test.Span")
	defer span.End()
	var out bytes.Buffer
	logger := telemetry.NewLogger(&out, telemetry.LogConfig{Format: telemetry.LogJSON}).With("service", "gateway")
	logger.InfoContext(ctx, "settled", "seq", 7)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, span.SpanContext().TraceID().String(), line["trace_id"])
	require.Equal(t, span.SpanContext().SpanID().String(), line["span_id"])
	require.Equal(t, "gateway", line["service"])
	require.InDelta(t, 7, line["seq"], 0)

	out.Reset()
	logger.InfoContext(t.Context(), "outside of any span")
	require.NotContains(t, out.String(), "trace_id")
}

func TestLogIsWrittenAsConfigured(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logger := telemetry.NewLogger(&out, telemetry.LogConfig{Format: telemetry.LogText, Level: slog.LevelWarn})
	logger.InfoContext(t.Context(), "too low")
	logger.WithGroup("group").WarnContext(t.Context(), "high enough", "seq", 7)
	require.Regexp(t, `^time=\S+ level=WARN msg="high enough" group.seq=7\n$`, out.String())

	var format telemetry.LogFormat
	require.NoError(t, format.UnmarshalText([]byte("text")))
	require.Equal(t, telemetry.LogText, format)
	require.EqualError(t, format.UnmarshalText([]byte("xml")), "log format is not json or text")
}
