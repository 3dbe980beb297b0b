package httpapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/rows"
)

func TestAHeadIsAnsweredAsAGetWithoutItsBody(t *testing.T) {
	t.Parallel()
	databases.Run(t, func(t *testing.T, db *bun.DB) {
		w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Rows = &rows.Reader{DB: db} })
		id := newRestaurant()
		standing(t, db, id, 0)
		w.decide(id, bus.Input{}, started("h"))
		w.decide(id, bus.Input{}, awaiting())
		for route := range matrix {
			method, pattern, _ := strings.Cut(route, " ")
			path := strings.ReplaceAll(pattern, "{restaurant_id}", string(id))
			if method != http.MethodGet || strings.HasSuffix(path, "/events") {
				continue
			}
			for _, credential := range []header{{}, {"Authorization": ""}} {
				got, head := w.get(path, credential), w.send(http.MethodHead, path, "", credential)
				require.Equal(t, got.status, head.status, path)
				require.Empty(t, head.text, path)
				require.NotEmpty(t, got.text, path)
				for _, name := range []string{"Content-Type", "Content-Length", "ETag", "WWW-Authenticate"} {
					if name == "Content-Length" && strings.Contains(got.text, "trace_id") {
						continue // each problem has an id of its own
					}
					require.Equal(t, got.header.Get(name), head.header.Get(name), "%s of %s", name, path)
				}
			}
		}
	})
}

func TestAHeadOfAStreamEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.send(http.MethodHead, integrationPath(id)+"/events", "").refused(http.MethodHead, http.StatusNotFound, "")
	w.decide(id, bus.Input{}, started("h"))
	a := w.send(http.MethodHead, integrationPath(id)+"/events", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "text/event-stream", a.header.Get("Content-Type"))
	require.Empty(t, a.text)
}

// Scanners of links ask by HEAD before the browser does.
func TestAHeadOfTheCallbackTakesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	query := url.Values{"code": {"code-1"}, "state": {w.state(id)}}
	path := "/api/whatsapp/oauth/callback?" + query.Encode()
	require.Equal(t, http.StatusOK, w.send(http.MethodHead, path, "").status)
	require.Empty(t, w.inputs(id))
	require.Equal(t, http.StatusOK, w.get(path).status)
	require.Len(t, w.inputs(id), 1)
}
