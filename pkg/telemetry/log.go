package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// LogConfig is what an operator can say about logs.
type LogConfig struct {
	Level  slog.Level `env:"WABA_LOG_LEVEL" envDefault:"info" doc:"Least level that is logged: debug, info, warn or error."`
	Format LogFormat  `env:"WABA_LOG_FORMAT" envDefault:"json" doc:"How a line of the log is written: json or text."`
}

// LogFormat is how a line of the log is written.
type LogFormat string

// The formats.
const (
	LogJSON LogFormat = "json"
	LogText LogFormat = "text"
)

// UnmarshalText implements [encoding.TextUnmarshaler].
func (f *LogFormat) UnmarshalText(text []byte) error {
	switch format := LogFormat(text); format {
	case LogJSON, LogText:
		*f = format
		return nil
	default:
		return fmt.Errorf("log format is not %s", f.Want())
	}
}

// Want says which texts are accepted.
func (*LogFormat) Want() string { return "json or text" }

// NewLogger returns a logger that writes lines to out and adds trace_id and
// span_id, when the context of a line has them. An unknown format is JSON.
func NewLogger(out io.Writer, cfg LogConfig) *slog.Logger {
	options := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == LogText {
		return slog.New(traceHandler{slog.NewTextHandler(out, options)})
	}
	return slog.New(traceHandler{slog.NewJSONHandler(out, options)})
}

// traceHandler adds the ids of the span in the context. Within a group of
// attributes the ids stand in the group.
type traceHandler struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h traceHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone()
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()),
		)
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}
