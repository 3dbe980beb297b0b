// Package telemetry starts and stops logs, traces and metrics, carries trace
// context through messages, and serves the operator's endpoints.
//
// Traces follow the standard OTEL_* variables. Without an exporter spans are
// still made, so that their ids stand in logs and events, and nothing leaves the
// process. Metrics are read at /metrics.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	notraces "go.opentelemetry.io/otel/trace/noop"
)

// Options say whose telemetry it is.
type Options struct {
	Service string // service.name, unless OTEL_SERVICE_NAME says otherwise
	Version string
	Logger  *slog.Logger // hears of failed checks and of trouble with exporting; nil: nobody does

	// SpanProcessors see every span, beside the exporter. For tests.
	SpanProcessors []sdktrace.SpanProcessor
}

// Telemetry is what [Start] started. It may be used by several goroutines at once.
type Telemetry struct {
	logger   *slog.Logger
	traces   trace.TracerProvider
	metrics  metric.MeterProvider
	registry *prometheus.Registry
	stop     func(context.Context) error

	once    sync.Once
	stopped error
}

// Start starts traces and metrics. It changes nothing outside what it returns:
// see [Telemetry.InstallGlobals]. The caller ends it with [Telemetry.Shutdown].
func Start(ctx context.Context, opts Options) (*Telemetry, error) {
	t := &Telemetry{logger: opts.Logger, registry: prometheus.NewRegistry()}
	if t.logger == nil {
		t.logger = slog.New(slog.DiscardHandler)
	}
	t.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		t.traces, t.metrics = notraces.NewTracerProvider(), nometrics.NewMeterProvider()
		t.stop = func(context.Context) error { return nil }
		return t, nil
	}
	from, err := newResource(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("telemetry: describe the service: %w", err)
	}
	traces, stopTraces, err := newTraces(ctx, from, opts.SpanProcessors)
	if err != nil {
		return nil, fmt.Errorf("telemetry: start traces: %w", err)
	}
	metrics, err := newMetrics(ctx, from, t.registry)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry: start metrics: %w", err), stopTraces(ctx))
	}
	t.traces, t.metrics = traces, metrics
	t.stop = func(ctx context.Context) error { return errors.Join(stopTraces(ctx), metrics.Shutdown(ctx)) }
	return t, nil
}

// TracerProvider returns where tracers come from.
func (t *Telemetry) TracerProvider() trace.TracerProvider { return t.traces }

// MeterProvider returns where meters come from.
func (t *Telemetry) MeterProvider() metric.MeterProvider { return t.metrics }

// InstallGlobals makes this telemetry the process's, for libraries and for
// package-level tracers, which know no other. It is the one place that changes
// global state; call it at most once, in main.
func (t *Telemetry) InstallGlobals() {
	otel.SetTracerProvider(t.traces)
	otel.SetMeterProvider(t.metrics)
	otel.SetTextMapPropagator(propagator)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		t.logger.Warn("telemetry is not exported", "error", err)
	}))
}

// Shutdown exports what is left, until ctx ends, and stops everything that Start
// started. Calling it again gives the same answer.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	t.once.Do(func() {
		if err := t.stop(ctx); err != nil {
			t.stopped = fmt.Errorf("telemetry: shut down: %w", err)
		}
	})
	return t.stopped
}

// newResource describes the service; OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES have the last word.
func newResource(ctx context.Context, opts Options) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(
			attribute.String("service.name", opts.Service),
			attribute.String("service.version", opts.Version),
		),
		resource.WithFromEnv(),
	)
}

// newTraces returns a provider and what stops it.
func newTraces(ctx context.Context, from *resource.Resource, processors []sdktrace.SpanProcessor) (*sdktrace.TracerProvider, func(context.Context) error, error) {
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(from)}
	for _, processor := range processors {
		options = append(options, sdktrace.WithSpanProcessor(processor))
	}
	if !isSet("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
		provider := sdktrace.NewTracerProvider(options...)
		return provider, provider.Shutdown, nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("OTEL_TRACES_EXPORTER: %w", err)
	}
	batches := sdktrace.NewBatchSpanProcessor(exporter)
	provider := sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(batches))...)
	return provider, func(ctx context.Context) error {
		// The batches first and by hand: the provider stops nothing once ctx has
		// ended. Then the exporter, which cuts off an export that outlasts ctx.
		return errors.Join(batches.Shutdown(ctx), exporter.Shutdown(context.WithoutCancel(ctx)), provider.Shutdown(ctx))
	}, nil
}

func newMetrics(ctx context.Context, from *resource.Resource, registry *prometheus.Registry) (*sdkmetric.MeterProvider, error) {
	scraped, err := otelprometheus.New(otelprometheus.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(from), sdkmetric.WithReader(scraped)}
	if isSet("OTEL_METRICS_EXPORTER") {
		pushed, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, fmt.Errorf("OTEL_METRICS_EXPORTER: %w", err)
		}
		if !autoexport.IsNoneMetricReader(pushed) {
			options = append(options, sdkmetric.WithReader(pushed))
		}
	}
	return sdkmetric.NewMeterProvider(options...), nil
}

// isSet reports whether any of the environment variables is set. They are read
// here and not from a struct because OpenTelemetry reads the same environment.
func isSet(names ...string) bool {
	for _, name := range names {
		if os.Getenv(name) != "" {
			return true
		}
	}
	return false
}
