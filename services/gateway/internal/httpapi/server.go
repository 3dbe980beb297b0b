// Package httpapi is the public HTTP API: requests become inputs on the bus, and
// decisions become answers in one envelope.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
	"github.com/waba-platform/onboarding/services/gateway/internal/rows"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

// Settings are what an operator has set.
type Settings struct {
	PublicURL  string        // without a slash at its end; empty: relative links
	SyncWait   time.Duration // how long a POST waits
	RetryAfter time.Duration // after awaiting_waba_creation
	Language   errcode.Lang  // when the caller asks for none
	Dialog     Dialog
	ReturnURLs []string
	// VerifyToken is what Meta repeats in the handshake of the webhook; zero: none succeeds.
	VerifyToken seal.Secret
	Dev         bool // callers on loopback need no credential
}

// Parts are what the API is made of. Rows, Keys and Reveal may be nil.
type Parts struct {
	Keys    *auth.Keys
	States  auth.States
	Handles auth.Handles
	Cursors seal.SigningKey
	Gate    *intake.Gate
	Intake  *intake.Intake
	Inbox   *webhook.Inbox
	History *bus.History
	Feed    *live.Feed
	Rows    *rows.Reader
	Logger  *slog.Logger
	Traces  trace.TracerProvider
	Metrics metric.MeterProvider

	// Reveal returns Meta's token to callers with scope admin, in place of a handle.
	Reveal func(ctx context.Context, restaurant event.RestaurantID, ref event.CredentialRef) (seal.Secret, error)

	// Draining is closed when the process is about to end: who waits is answered.
	Draining <-chan struct{}
}

// Server serves the API. It is safe for concurrent use.
type Server struct {
	Settings
	Parts
	story   live.Story
	limits  *limits
	streams *streams
	router  *chi.Mux
	handler http.Handler
	spec    *spec
}

// New returns a server.
func New(settings Settings, parts Parts) (*Server, error) {
	s := &Server{
		Settings: settings,
		Parts:    parts,
		story:    live.Story{History: parts.History},
		limits:   newLimits(),
		router:   chi.NewMux(),
		spec:     newSpec(),
	}
	var err error
	if s.streams, err = newStreams(parts.Metrics, parts.Feed); err != nil {
		return nil, err
	}
	s.routes()
	if err := s.spec.finish(settings.PublicURL); err != nil {
		return nil, err
	}
	s.handler = s.observed(s.router)
	return s, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// methods are those of the routes, and what each allows: a HEAD is answered as a
// GET, without its body. OPTIONS is none: no other origin is allowed to ask.
var methods = []struct{ method, allow string }{
	{http.MethodGet, "GET, HEAD"},
	{http.MethodPost, "POST"},
}

// methodNotAllowed answers with the methods that the path takes, as RFC 9110 asks.
func (c *call) methodNotAllowed() error {
	for _, m := range methods {
		if c.router.Match(chi.NewRouteContext(), m.method, c.r.URL.Path) {
			c.w.Header().Add("Allow", m.allow)
		}
	}
	return problemOf(errcode.MethodNotAllowed)
}

// Router returns the routes, for those that list them.
func (s *Server) Router() chi.Routes { return s.router }

func (s *Server) routes() {
	s.router.Use(s.prepare, s.recover, middleware.GetHead)
	s.router.NotFound(s.open(func(*call) error { return problemOf(errcode.NotFound) }))
	s.router.MethodNotAllowed(s.open((*call).methodNotAllowed))

	s.commandRoutes()
	s.oauthRoutes()
	s.integrationRoutes()
	s.phoneRoutes()
	s.webhookRoutes()
	s.platformRoutes()
	s.router.Get("/openapi.json", s.open(s.openapi))
	s.router.Get("/docs", s.open((*call).docs))
}
