// Package app runs the gateway: the HTTP API, which turns requests into inputs on
// the bus and answers from the decisions that follow.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/uptrace/bun"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

// Deps is what the gateway stands on. Run closes the listener and nothing else.
type Deps struct {
	JetStream jetstream.JetStream
	DB        *bun.DB      // only read; nil: lists and logs answer 503
	Listener  net.Listener // the public API
	Logger    *slog.Logger // nil: nothing is logged
	Telemetry *telemetry.Telemetry

	// RevealToken opens a restaurant's token. The gateway cannot open one itself:
	// without this function WABA_EXPOSE_META_TOKENS is a mistake of configuration.
	RevealToken func(ctx context.Context, restaurant event.RestaurantID, ref event.CredentialRef) (seal.Secret, error)

	// Feed follows the log of decisions. Nil: Run opens one. It is given by who also
	// asks whether it is behind, see [Checks].
	Feed *live.Feed
}

// Streams are those that must exist before the gateway starts.
var Streams = []string{bus.Log, bus.In, bus.Webhooks, bus.Secrets}

// What a connection may take (a whole answer has a deadline of its own).
const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	idleTimeout    = time.Minute
	maxHeader      = 16 << 10
	maxConnections = 10_000
)

// drain is how long requests in flight may take to finish. Those that wait for an
// outcome are answered at once.
const drain = 10 * time.Second

// Run serves until ctx ends, then lets requests in flight finish for at most ten
// seconds, and cuts those that have not. It touches no signal, environment
// variable or global. A wrong configuration is a [*config.Error].
func Run(ctx context.Context, cfg Config, deps Deps) error {
	if deps.Listener != nil { // also when there is nothing to serve; the server closes it earlier
		defer func() { _ = deps.Listener.Close() }()
	}
	deps.Logger = cmp.Or(deps.Logger, slog.New(slog.DiscardHandler))
	draining := make(chan struct{})
	if deps.Feed == nil {
		feed, err := live.OpenFeed(ctx, deps.JetStream, deps.Logger)
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		deps.Feed = feed
	}
	handler, err := newHandler(ctx, cfg, deps, draining)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(deps.Logger.Handler(), slog.LevelDebug),
	}
	// The feed outlives the requests that wait for it.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return deps.Feed.Run(following) })
	group.Go(func() error {
		listener := netutil.LimitListener(deps.Listener, maxConnections)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("gateway: serve on %s: %w", deps.Listener.Addr(), err)
		}
		return nil
	})
	group.Go(func() error {
		defer stop()
		<-working.Done()
		close(draining)
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err := server.Shutdown(ending); err != nil {
			deps.Logger.WarnContext(ctx, "requests in flight are cut", "error", err)
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}

// Checks are the gateway's own readiness checks: what is decided reaches it, and what
// Meta sends can be checked.
func Checks(cfg Config, feed *live.Feed) []telemetry.Check {
	return []telemetry.Check{
		{Name: "feed", Run: feed.Check},
		{Name: "webhook", Run: func(context.Context) error {
			if cfg.AppSecret.IsZero() {
				return noAppSecret
			}
			return nil
		}},
	}
}

const noAppSecret telemetry.Reason = "FACEBOOK_APP_SECRET is not set: webhooks of Meta are refused"
