package telemetry

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin returns what an operator's tools ask, never to be served to the public:
//
//   - GET /healthz answers 200 while the process can answer at all. It asks no
//     dependency: a restart would not mend one.
//   - GET /readyz runs the checks and answers 200, or 503 when any fails. Results
//     are kept for a second, so that asking often costs nothing.
//   - GET /metrics answers in Prometheus's format, with the Go runtime's metrics.
func (t *Telemetry) Admin(checks ...Check) http.Handler {
	ready := newReadiness(t.logger, checks)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := ready.ask(r.Context())
		status := http.StatusOK
		if !report.Ready {
			status = http.StatusServiceUnavailable
		}
		answer(w, status, report)
	})
	mux.Handle("GET /metrics", t.MetricsHandler())
	return mux
}

// MetricsHandler answers with all metrics in Prometheus's format. A collector
// that fails is logged and left out.
func (t *Telemetry) MetricsHandler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{
		ErrorLog:      slog.NewLogLogger(t.logger.Handler(), slog.LevelWarn),
		ErrorHandling: promhttp.ContinueOnError,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that has gone away
}
