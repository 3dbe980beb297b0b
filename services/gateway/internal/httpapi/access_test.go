package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
)

// access says who may call a route. Every route of the router has a row.
type access struct {
	scope auth.Scope // empty: anybody
	body  string     // with {id} for a restaurant; empty: none is taken
}

var matrix = map[string]access{
	"POST " + exchangePath: {auth.ScopeOnboard, `{"restaurant_id":"{id}","code":"c","state":"s"}`},
	"POST " + completePath: {auth.ScopeOnboard, `{"restaurant_id":"{id}","code":"c","state":"s"}`},
	"POST " + discoverPath: {auth.ScopeOnboard, `{"restaurant_id":"{id}","access_token":"EAAG"}`},
	"POST " + createPath:   {auth.ScopeOnboard, `{"restaurant_id":"{id}","access_token":"EAAG","business_id":"777000111"}`},
	"POST " + pollPath:     {auth.ScopeOnboard, `{"restaurant_id":"{id}","access_token":"EAAG","business_id":"777000111"}`},

	"POST /api/whatsapp/oauth/start":                         {auth.ScopeOnboard, `{"restaurant_id":"{id}"}`},
	"GET /api/whatsapp/oauth/callback":                       {},
	"GET /api/whatsapp/integrations":                         {scope: auth.ScopeRead},
	"GET /api/whatsapp/integrations/{restaurant_id}":         {scope: auth.ScopeRead},
	"GET /api/whatsapp/integrations/{restaurant_id}/logs":    {scope: auth.ScopeRead},
	"GET /api/whatsapp/integrations/{restaurant_id}/events":  {scope: auth.ScopeRead},
	"POST /api/whatsapp/integrations/{restaurant_id}/retry":  {auth.ScopeOnboard, `{}`},
	"POST /api/whatsapp/integrations/{restaurant_id}/cancel": {auth.ScopeOnboard, `{}`},

	"POST /api/whatsapp/integrations/{restaurant_id}/phone/request-code": {auth.ScopeOnboard, `{}`},
	"POST /api/whatsapp/integrations/{restaurant_id}/phone/verify-code":  {auth.ScopeOnboard, `{"code":"123456"}`},
	"POST /api/whatsapp/integrations/{restaurant_id}/phone/pin":          {auth.ScopeOnboard, `{"pin":"123456"}`},
	"POST /api/whatsapp/integrations/{restaurant_id}/disconnect":         {auth.ScopeOnboard, `{}`},
	"GET /api/whatsapp/webhook":                                          {},
	"POST /api/whatsapp/webhook":                                         {},
	"POST /api/whatsapp/meta/deauthorize":                                {},
	"POST /api/whatsapp/meta/data-deletion":                              {},
	"GET /api/whatsapp/meta/data-deletion/{code}":                        {},
	"GET /openapi.json":                                                  {},
	"GET /docs":                                                          {},
	"POST /api/whatsapp/integrations/{restaurant_id}/phone/select":       {auth.ScopeOnboard, `{"phone_number_id":"106000111"}`},
}

func TestEveryRouteIsOpenToThoseWhoMayCallItAndToNobodyElse(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/keys.json"
	mine, foreign, unknown := newRestaurant(), newRestaurant(), newRestaurant()
	scoped := map[auth.Scope]string{}
	for _, scope := range auth.Scopes() {
		scoped[scope] = addKey(t, path, []string{string(mine)}, []auth.Scope{scope})
	}
	past, key, err := auth.NewKey("old", []string{"*"}, auth.Scopes(), time.Now().Add(-time.Second))
	require.NoError(t, err)
	require.NoError(t, auth.AddKey(path, key))
	keys, err := auth.OpenKeys(path, nil)
	require.NoError(t, err)
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Keys = keys })
	w.decide(foreign, bus.Input{}, started("h"))
	before := w.get(integrationPath(foreign), header{"Authorization": "Bearer " + scoped[auth.ScopeRead]})

	seen := 0
	err = chi.Walk(w.server.Router(), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route := method + " " + pattern
		row, ok := matrix[route]
		require.True(t, ok, "%s has no row in the matrix", route)
		seen++
		send := func(id event.RestaurantID, authorization string) answer {
			return w.send(method, strings.ReplaceAll(pattern, "{restaurant_id}", string(id)), strings.ReplaceAll(row.body, "{id}", string(id)),
				header{"Authorization": authorization, "Content-Type": "application/json"})
		}
		if row.scope == "" {
			if a := send(mine, ""); a.status == http.StatusUnauthorized { // it is Meta that must sign
				a.problem(http.StatusUnauthorized, errcode.WebhookUnsigned)
			}
			return nil
		}
		good := scoped[row.scope]
		for _, bad := range []string{
			"", "Bearer", "Bearer ", "Bearer garbage", "Bearer waba_x_y", good, "Basic " + good, "Bearer " + good + "x", "Bearer " + good[:len(good)-1],
			"Bearer waba_zzzzzzzz_" + good[14:], "Bearer " + past.Reveal(), "Bearer " + strings.ToUpper(good), "Bearer eyJhbGciOiJub25lIn0.e30.",
		} {
			a := send(mine, bad)
			a.problem(http.StatusUnauthorized, errcode.Unauthenticated)
			require.NotEmpty(t, a.header.Get("WWW-Authenticate"))
		}
		for scope, text := range scoped {
			if scope != row.scope {
				send(mine, "Bearer "+text).problem(http.StatusForbidden, errcode.Forbidden)
			}
		}
		if !strings.Contains(pattern+row.body, "id}") {
			return nil
		}
		// A restaurant of somebody else is answered as one that nobody knows.
		one, two := send(foreign, "Bearer "+good), send(unknown, "Bearer "+good)
		require.Equal(t, forgetIDs(one.problem(http.StatusNotFound, errcode.NotFound)), forgetIDs(two.problem(http.StatusNotFound, errcode.NotFound)), route)
		upper := send(event.RestaurantID(strings.ToUpper(string(foreign))), "Bearer "+good)
		upper.problem(http.StatusNotFound, errcode.NotFound)
		return nil
	})
	require.NoError(t, err)
	require.Len(t, matrix, seen, "a row of the matrix has no route")
	require.Empty(t, w.inputs(foreign))
	require.Empty(t, w.inputs(unknown))
	require.Zero(t, w.secrets())
	after := w.get(integrationPath(foreign), header{"Authorization": "Bearer " + scoped[auth.ScopeRead]})
	require.Equal(t, forgetIDs(before.json()), forgetIDs(after.json()))
}

// forgetIDs takes what differs between any two answers out of a problem.
func forgetIDs(body map[string]any) map[string]any {
	delete(body, "instance")
	delete(body, "trace_id")
	return body
}

func TestSecurityHeadersStandOnEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/openapi.json", "/nowhere", "/api/whatsapp/integrations", "/api/whatsapp/oauth/callback", integrationPath(newRestaurant())} {
		a := w.get(path, header{"Origin": "https://evil.example"})
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"), path)
		require.Equal(t, "no-store", a.header.Get("Cache-Control"), path)
		require.Equal(t, "DENY", a.header.Get("X-Frame-Options"), path)
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Contains(t, a.header.Get("Strict-Transport-Security"), "max-age", path)
		require.NotEmpty(t, a.header.Get("X-Request-Id"), path)
		require.Empty(t, a.header.Get("Access-Control-Allow-Origin"), path)
		require.Empty(t, a.header.Get("Server"), path)
	}
}

func TestTheOpenAPIDocumentNamesEveryRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.get("/openapi.json", header{"Authorization": ""})
	require.Equal(t, http.StatusOK, a.status)
	var document struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string                    `json:"operationId"`
			Responses   map[string]map[string]any `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.text), &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	for route := range matrix {
		method, path, _ := strings.Cut(route, " ")
		if path == "/openapi.json" || path == "/docs" {
			continue
		}
		operation, ok := document.Paths[path][strings.ToLower(method)]
		require.True(t, ok, route)
		require.NotEmpty(t, operation.OperationID, route)
		require.Contains(t, operation.Responses, "default", route)
	}
	require.Contains(t, a.text, `"enum":["in_progress","awaiting_waba_creation",`, "a list's filters are named")
	require.Contains(t, document.Components.Schemas, "CodeBody")
	require.Contains(t, document.Components.Schemas["CodeBody"]["properties"], "waba_id")
	require.NotContains(t, a.text, "$schema")

	page := w.get("/docs", header{"Authorization": ""})
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text, "<code>POST "+completePath+"</code>")
	require.Contains(t, page.text, "<code>restaurant_id</code>")
	require.NotContains(t, page.text, "<script")
	require.NotContains(t, page.text, "https://", "it needs nothing from elsewhere")
}
