// Package app runs the gateway: the HTTP API, which turns requests into inputs on
// the bus and answers from the decisions that follow.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"golang.org/x/sync/errgroup"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// Deps is what the gateway stands on. Run closes the listeners and nothing else.
type Deps struct {
	JetStream     jetstream.JetStream
	DB            *bun.DB      // only read; nil: lists and logs answer 503
	Listener      net.Listener // the public API
	AdminListener net.Listener // /healthz, /readyz, /metrics; nil: not served
	Logger        *slog.Logger // nil: nothing is logged
	Telemetry     *telemetry.Telemetry

	// RevealToken opens a restaurant's token. The gateway cannot open one itself:
	// without this function WABA_EXPOSE_META_TOKENS is a mistake of configuration.
	RevealToken func(ctx context.Context, restaurant event.RestaurantID, ref event.CredentialRef) (seal.Secret, error)
}

// drain is how long requests in flight may take to finish.
const drain = 10 * time.Second

// Run serves until ctx ends, then lets requests in flight finish for at most ten
// seconds. It touches no signal, environment variable or global. A wrong
// configuration is a [*config.Error].
func Run(ctx context.Context, cfg Config, deps Deps) error {
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: 5 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(deps.Listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		return server.Shutdown(stop)
	})
	return group.Wait()
}
