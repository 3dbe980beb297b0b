// Package app is the audit log: it writes every event into the database, once, and
// keeps the tables that lists and searches read.
package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"go.opentelemetry.io/otel"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/auditlog/internal/ingest"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

// Config is what an operator can set beside what every service has: nothing.
type Config struct{}

// Deps is what the process gives to the service. The service closes none of it.
// Metrics go to OpenTelemetry's global provider.
type Deps struct {
	JetStream jetstream.JetStream
	DB        *bun.DB // migrated
	Logger    *slog.Logger

	// Gap is kept up to date by Run. Nil: nobody asks. It is given by who also asks
	// for readiness, see [Checks].
	Gap *Gap
}

// Streams are those that must exist before the service starts, with its consumers.
var Streams = ingest.Streams

// Run works until ctx ends, then stores what it has in hand, for at most eight
// seconds, and gives the rest back to the bus. Any number of processes may run.
func Run(ctx context.Context, _ Config, deps Deps) error {
	reader, err := ingest.New(deps.JetStream, store.New(deps.DB), deps.Logger,
		otel.Meter("github.com/waba-platform/onboarding/services/auditlog"))
	if err != nil {
		return fmt.Errorf("auditlog: %w", err)
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { cmp.Or(deps.Gap, &Gap{}).watch(watching, deps) })
	err = reader.Run(ctx)
	stop()
	watch.Wait()
	if err != nil {
		return fmt.Errorf("auditlog: %w", err)
	}
	return nil
}

// Checks are the service's own readiness checks: its consumers are there, and so are
// the rows that were written before.
func Checks(deps Deps) []telemetry.Check {
	checks := []telemetry.Check{{Name: "auditlog_consumers", Run: func(ctx context.Context) error {
		for _, stream := range Streams {
			if _, err := deps.JetStream.Consumer(ctx, stream, bus.DurableAuditlog); err != nil {
				return fmt.Errorf("consumer %s of %s: %w", bus.DurableAuditlog, stream, err)
			}
		}
		return nil
	}}}
	if deps.Gap != nil {
		checks = append(checks, telemetry.Check{Name: "audit_rows", Run: deps.Gap.check})
	}
	return checks
}
