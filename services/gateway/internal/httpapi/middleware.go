package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// longestAnswer is how long writing an answer may take, from the request on.
// Streams set a new deadline before each write.
const longestAnswer = maxWait + 15*time.Second

// notes is what is learnt of a request for its line in the log.
type notes struct {
	id         string // of the request
	principal  string
	restaurant event.RestaurantID
	code       event.Code // of the problem
	gone       bool       // the caller hung up
}

type notesKey struct{}

// note returns the notes of a request. Outside of one they are nobody's.
func note(ctx context.Context) *notes {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		return n
	}
	return &notes{}
}

// securityHeaders stand on every answer.
var securityHeaders = map[string]string{
	"Cache-Control":                "no-store",
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy":              "no-referrer",
	"Vary":                         "Accept-Language, Authorization",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// prepare gives the request its id, its headers and its deadline, and logs it: no
// query string, no body, no header.
func (s *Server) prepare(next http.Handler) http.Handler {
	secure := strings.HasPrefix(s.PublicURL, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		n := &notes{id: uuid.Must(uuid.NewV7()).String()}
		r = r.WithContext(context.WithValue(r.Context(), notesKey{}, n))
		header := w.Header()
		for name, value := range securityHeaders {
			header.Set(name, value)
		}
		if secure {
			header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		header.Set("X-Request-Id", n.id)
		recorder := &recorder{ResponseWriter: w}
		// A connection that has no deadlines is one of a test: there is nothing to bound.
		_ = http.NewResponseController(w).SetWriteDeadline(began.Add(longestAnswer))

		next.ServeHTTP(recorder, r)

		route := chi.RouteContext(r.Context()).RoutePattern()
		nameSpan(r, route)
		s.Logger.InfoContext(r.Context(), "request",
			"request_id", n.id, "method", r.Method, "route", route, "status", recorder.answered(n),
			"duration_ms", time.Since(began).Milliseconds(), "bytes", recorder.bytes,
			"principal", n.principal, "restaurant_id", n.restaurant, "code", n.code)
	})
}

// nameSpan names the span and the metrics after the route, which a path with ids
// in it is not.
func nameSpan(r *http.Request, route string) {
	if route == "" {
		route = "unknown"
	}
	span := trace.SpanFromContext(r.Context())
	span.SetName(r.Method + " " + route)
	span.SetAttributes(attribute.String("http.route", route))
	if labeler, ok := otelhttp.LabelerFromContext(r.Context()); ok {
		labeler.Add(attribute.String("http.route", route))
	}
}

// observed makes a span and metrics of each request.
func (s *Server) observed(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "http",
		otelhttp.WithTracerProvider(s.Traces),
		otelhttp.WithMeterProvider(s.Metrics),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.Method }),
	)
}

// recover answers a panic with a problem that tells nothing of it.
func (s *Server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			reason := recover()
			if reason == nil {
				return
			}
			s.Logger.ErrorContext(r.Context(), "request panicked", "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
			if recorder, ok := w.(*recorder); ok && recorder.status != 0 {
				return // the answer has begun: nothing better can be said
			}
			s.newCall(w, r).fail(problemOf(errcode.Internal))
		}()
		next.ServeHTTP(w, r)
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(body []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(body)
	r.bytes += n
	return n, err
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// answered returns the status for the log; 499 when nobody was there to be answered.
func (r *recorder) answered(n *notes) int {
	switch {
	case n.gone && r.status == 0:
		return 499
	case r.status == 0:
		return http.StatusOK
	}
	return r.status
}
