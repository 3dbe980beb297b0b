package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
	"github.com/waba-platform/onboarding/services/gateway/internal/rows"
)

var databases = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

func integrationPath(id event.RestaurantID) string {
	return "/api/whatsapp/integrations/" + string(id)
}

func TestStatusIsReadFromTheBus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.get(integrationPath(id)).problem(http.StatusNotFound, errcode.NoSuchRun)
	w.get(integrationPath("x")).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)

	w.post(completePath, w.codeBody(id, "code-1"), header{"Prefer": "respond-async"})
	begun := w.get(integrationPath(id))
	require.Equal(t, http.StatusOK, begun.status, begun.text)
	require.Equal(t, "in_progress", begun.data()["status"])
	require.Equal(t, "oauth", begun.data()["stage"])

	w.decide(id, w.inputs(id)[0], started("h"))
	w.decide(id, bus.Input{}, exchanged())
	seq := w.decide(id, bus.Input{}, awaiting())
	a := w.get(integrationPath(id))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, true, a.json()["success"])
	data := a.data()
	require.InDelta(t, seq, data["version"], 0)
	require.InDelta(t, 1, data["run"], 0)
	require.Equal(t, "awaiting_waba_creation", data["status"])
	require.Equal(t, string(event.IntegrationOf(id)), data["integration_id"])
	require.Equal(t, []any{}, data["warnings"])
	require.NotEmpty(t, data["error"].(map[string]any)["message"])
	require.Equal(t, "create_waba_manually", data["next_action"].(map[string]any)["kind"])
	require.Contains(t, data["links"].(map[string]any)["events"], "/events")
	require.NotContains(t, a.text, "cred-1", "the credential is nobody's business")

	tag := a.header.Get("ETag")
	require.NotEmpty(t, tag)
	same := w.get(integrationPath(id), header{"If-None-Match": `"x", W/` + tag})
	require.Equal(t, http.StatusNotModified, same.status)
	require.Empty(t, same.text)
	require.Equal(t, http.StatusOK, w.get(integrationPath(id), header{"If-None-Match": tag, "Accept-Language": "en"}).status, "other words")
	w.decide(id, bus.Input{}, resumed())
	require.Equal(t, http.StatusOK, w.get(integrationPath(id), header{"If-None-Match": tag}).status)
}

func TestRetryAndCancelAnswerWithWhatWasDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	send := func(what string) answer {
		return w.post(integrationPath(id)+"/"+what, map[string]any{"reason": "asked by phone"})
	}
	send("retry").problem(http.StatusNotFound, errcode.NoSuchRun)
	require.Empty(t, w.inputs(id))

	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, awaiting())
	early := true
	w.answerInputs(func(in bus.Input) []step {
		switch in.Event.(type) {
		case event.RetryRequested:
			if early {
				early = false
				return []step{refused(in.Event.Name(), event.CodeTooEarly, time.Now().Add(4*time.Minute))}
			}
			return []step{resumed()}
		case event.CancelRequested:
			return []step{{event.OnboardingCancelled{}, func(s *event.Snapshot) { s.Status = event.StatusCancelled }}}
		}
		return nil
	})
	tooEarly := send("retry")
	body := tooEarly.problem(http.StatusConflict, event.CodeTooEarly)
	at, err := time.Parse(time.RFC3339, body["next_action"].(map[string]any)["available_at"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(4*time.Minute), at, time.Minute)
	require.NotEmpty(t, tooEarly.header.Get("Retry-After"))

	again := send("retry")
	require.Equal(t, http.StatusOK, again.status, again.text)
	require.Equal(t, "in_progress", again.data()["status"])
	require.Equal(t, event.RetryRequested{Reason: "asked by phone", Principal: w.principal()}, w.inputs(id)[1].Event)

	cancelled := send("cancel")
	require.Equal(t, http.StatusOK, cancelled.status, cancelled.text)
	require.Equal(t, "cancelled", cancelled.data()["status"])
	require.Equal(t, event.NameCancelRequested, w.inputs(id)[2].Event.Name())
}

func TestRetryAndCancelNeedNoBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.answerInputs(func(in bus.Input) []step {
		return []step{refused(in.Event.Name(), event.CodeTooEarly, time.Now().Add(time.Hour))}
	})
	for i, what := range []string{"/retry", "/cancel"} {
		path := integrationPath(id) + what
		w.send(http.MethodPost, path, "").problem(http.StatusConflict, event.CodeTooEarly)
		w.send(http.MethodPost, path, "", header{"Content-Type": "application/json"}).problem(http.StatusConflict, event.CodeTooEarly)
		require.Len(t, w.inputs(id), 2*(i+1))
		for _, bad := range []struct{ body, kind string }{
			{`{"reason":"x"}`, ""}, {`{}`, "text/plain"}, {"", "text/plain"}, {"", "application/x-www-form-urlencoded"}, {" ", "application/json"},
		} {
			w.send(http.MethodPost, path, bad.body, header{"Content-Type": bad.kind}).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		}
		require.Len(t, w.inputs(id), 2*(i+1))
	}

	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool `json:"required"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(w.get("/openapi.json").text), &document))
	require.False(t, document.Paths["/api/whatsapp/integrations/{restaurant_id}/retry"]["post"].RequestBody.Required)
	require.True(t, document.Paths[completePath]["post"].RequestBody.Required)
}

// principal returns who the world's key is.
func (w *world) principal() string {
	id, _, _ := strings.Cut(strings.TrimPrefix(w.key, "waba_"), "_")
	return "key:" + id
}

func TestARequestThatNobodyDecidesUponIsAcceptedAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	a := w.post(integrationPath(id)+"/cancel", map[string]any{}, header{"Prefer": "wait=0"})
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Equal(t, "token_exchange", a.data()["stage"])
	require.Len(t, w.inputs(id), 1)
}

func TestOAuthStartGivesTheDialogsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	a := w.post("/api/whatsapp/oauth/start", map[string]any{"restaurant_id": id, "return_url": "https://app.example/back/done?x=1"})
	require.Equal(t, http.StatusOK, a.status, a.text)
	state := a.data()["state"].(string)
	require.Equal(t, "https://www.facebook.com/v22.0/dialog/oauth?client_id=1234567890&redirect_uri="+
		url.QueryEscape("https://gateway.example/api/whatsapp/oauth/callback")+"&scope=a%2Cb&state="+url.QueryEscape(state), a.data()["url"])
	expires, err := time.Parse(time.RFC3339, a.data()["expires_at"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(10*time.Minute), expires, time.Minute)

	for _, refused := range []string{
		"//evil.example/back", "https:evil", `\evil`, "%2f%2fevil", "https://app.example.evil/back", "https://app.example@evil.example/back",
		"https://app.example/backwards", "https://app.example/back/../admin", "https://app.example/back/%2e%2e/admin", "https://app.example/back\r\nX: y",
		"http://app.example/back", "javascript:alert(1)", "https://app.example:444/back", "https://app.example/back#x",
	} {
		w.post("/api/whatsapp/oauth/start", map[string]any{"restaurant_id": id, "return_url": refused}).
			problem(http.StatusUnprocessableEntity, errcode.ReturnURLRefused)
	}
	business := newWorld(t, func(s *httpapi.Settings, _ *httpapi.Parts) { s.Dialog.LoginConfig = "4242" })
	address := business.post("/api/whatsapp/oauth/start", map[string]any{"restaurant_id": id}).data()["url"]
	require.Contains(t, address, "&config_id=4242&response_type=code&override_default_response_type=true&state=")
	require.NotContains(t, address, "scope=")
}

func TestOAuthStartSaysWhenThereIsNowhereToLeadBackTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *httpapi.Settings, p *httpapi.Parts) { s.PublicURL, p.States.Caller = "", true })
	body := map[string]any{"restaurant_id": newRestaurant()}
	told := w.post("/api/whatsapp/oauth/start", body).problem(http.StatusNotImplemented, errcode.DialogNotConfigured)
	require.Contains(t, told["detail"], "OAUTH_REDIRECT_URI")
	require.Equal(t, false, told["retryable"])
	require.Equal(t, map[string]any{"kind": "fix_configuration", "actor": "operator"}, told["next_action"])

	elsewhere := newWorld(t, func(s *httpapi.Settings, _ *httpapi.Parts) {
		s.PublicURL, s.Dialog.RedirectURI = "", "https://app.example/callback"
	})
	require.Contains(t, elsewhere.post("/api/whatsapp/oauth/start", body).data()["url"], url.QueryEscape("https://app.example/callback"))
}

func TestTheCallbackTakesTheCodeAndSendsTheBrowserOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	nobody := header{"Authorization": ""}
	back := func(query url.Values) answer {
		return w.get("/api/whatsapp/oauth/callback?"+query.Encode(), nobody, header{"Accept-Language": "en"})
	}
	start := func(body map[string]any) string {
		return w.post("/api/whatsapp/oauth/start", body).data()["state"].(string)
	}
	state := start(map[string]any{"restaurant_id": id, "return_url": "https://app.example/back?tab=2"})
	for range 2 { // a browser may load it again
		a := back(url.Values{"code": {"CANARYCODE"}, "state": {state}})
		require.Equal(t, http.StatusSeeOther, a.status, a.text)
		target, err := url.Parse(a.header.Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "app.example", target.Host)
		require.Equal(t, url.Values{
			"tab": {"2"}, "result": {"accepted"}, "restaurant_id": {string(id)}, "integration_id": {string(event.IntegrationOf(id))},
		}, target.Query())
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
	}
	inputs := w.inputs(id)
	require.Len(t, inputs, 1)
	require.Empty(t, inputs[0].Event.(event.OAuthCodeReceived).Stops)
	require.Equal(t, w.principal(), inputs[0].Event.(event.OAuthCodeReceived).Principal)
	require.NotContains(t, w.logged(), "CANARYCODE")

	other := newRestaurant()
	denied := back(url.Values{"error": {"access_denied"}, "error_description": {"<script>CANARYTEXT"}, "state": {start(map[string]any{"restaurant_id": other, "return_url": "https://app.example/back"})}})
	require.Equal(t, http.StatusSeeOther, denied.status)
	require.Contains(t, denied.header.Get("Location"), "error=access_denied")
	require.NotContains(t, denied.header.Get("Location"), "CANARYTEXT")

	page := back(url.Values{"error": {"access_denied"}, "state": {start(map[string]any{"restaurant_id": other})}})
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text, "<h1>Access not granted</h1>")
	require.Contains(t, page.header.Get("Content-Security-Policy"), "style-src 'sha256-")
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))

	forged := back(url.Values{"code": {"c"}, "state": {`"><script>alert(1)</script>`}})
	require.Equal(t, http.StatusForbidden, forged.status)
	require.NotContains(t, forged.text, "<script>")
	require.Empty(t, forged.header.Get("Location"))
	require.Equal(t, http.StatusUnprocessableEntity, back(url.Values{"state": {start(map[string]any{"restaurant_id": other})}}).status)
	require.Empty(t, w.inputs(other))
}

func TestAStateIsUsedUpByANo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	state := w.state(id)
	back := func(query url.Values) answer {
		return w.get("/api/whatsapp/oauth/callback?"+query.Encode(), header{"Authorization": "", "Accept-Language": "en"})
	}
	no := url.Values{"error": {"access_denied"}, "state": {state}}
	require.Equal(t, http.StatusOK, w.send(http.MethodHead, "/api/whatsapp/oauth/callback?"+no.Encode(), "").status)
	for range 2 { // a browser may load it again
		page := back(no)
		require.Equal(t, http.StatusOK, page.status)
		require.Contains(t, page.text, "<h1>Access not granted</h1>")
	}
	yes := back(url.Values{"code": {"code-1"}, "state": {state}})
	require.Equal(t, http.StatusForbidden, yes.status)
	require.Contains(t, yes.text, "state_used")
	w.post(completePath, map[string]any{"restaurant_id": id, "code": "code-1", "state": state}).problem(http.StatusForbidden, errcode.StateUsed)
	w.post(exchangePath, map[string]any{"restaurant_id": id, "code": "code-2", "state": state}).problem(http.StatusForbidden, errcode.StateUsed)
	require.Empty(t, w.inputs(id))
	require.Zero(t, w.secrets())

	taken, refused := w.state(id), w.state(id)
	require.Equal(t, http.StatusOK, back(url.Values{"error": {"access_denied"}, "state": {refused}}).status)
	yes = back(url.Values{"code": {"code-3"}, "state": {taken}})
	require.Equal(t, http.StatusOK, yes.status, yes.text)
	w.post(completePath, map[string]any{"restaurant_id": id, "code": "code-4", "state": refused}).problem(http.StatusForbidden, errcode.StateUsed)
	late := back(url.Values{"error": {"access_denied"}, "state": {taken}})
	require.Equal(t, http.StatusForbidden, late.status)
	require.Contains(t, late.text, "state_used")
	again := w.post(completePath, map[string]any{"restaurant_id": id, "code": "code-3", "state": taken}, header{"Prefer": "respond-async"})
	require.Equal(t, "true", again.header.Get("Idempotent-Replay"), again.text)
	require.Len(t, w.inputs(id), 1)
}

func TestANoIsNotTakenWhileTheBusIsDown(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	w := newWorldOn(t, js)
	query := url.Values{"error": {"access_denied"}, "state": {w.state(newRestaurant())}}
	js.Conn().Close()
	page := w.get("/api/whatsapp/oauth/callback?" + query.Encode())
	require.Equal(t, http.StatusServiceUnavailable, page.status)
	require.Contains(t, page.text, "bus_unavailable")
}

func TestListsAndLogsAreReadFromTheTables(t *testing.T) {
	t.Parallel()
	databases.Run(t, func(t *testing.T, db *bun.DB) {
		path := t.TempDir() + "/keys.json"
		var own, foreign []event.RestaurantID
		for range 5 {
			own = append(own, newRestaurant())
		}
		foreign = append(foreign, newRestaurant())
		limited := addKey(t, path, texts(own), []auth.Scope{auth.ScopeRead})
		keys, err := auth.OpenKeys(path, nil)
		require.NoError(t, err)
		w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) {
			p.Keys, p.Rows = keys, &rows.Reader{DB: db}
		})
		w.key = limited
		for i, id := range append(own, foreign...) {
			standing(t, db, id, i)
			w.decide(id, bus.Input{}, started("h"))
		}
		logRows(t, db, own[0], 7)
		logRows(t, db, foreign[0], 1)

		list := func(query string) (ids []string, next string) {
			a := w.get("/api/whatsapp/integrations" + query)
			require.Equal(t, http.StatusOK, a.status, a.text)
			for _, item := range a.data()["items"].([]any) {
				ids = append(ids, item.(map[string]any)["restaurant_id"].(string))
			}
			if next = a.data()["next_cursor"].(string); next != "" {
				require.Contains(t, a.header.Get("Link"), `rel="next"`)
			}
			return ids, next
		}
		all, next := list("")
		require.Equal(t, reversed(texts(own)), all, "newest first, and only the principal's")
		require.Empty(t, next)
		first, next := list("?limit=2")
		second, next := list("?limit=2&cursor=" + next)
		third, next := list("?limit=2&cursor=" + next)
		require.Empty(t, next)
		require.Equal(t, all, append(append(first, second...), third...))
		some, _ := list("?status=completed")
		require.Equal(t, []string{string(own[0])}, some)
		some, _ = list("?error=phone_pin_mismatch&stage=phone_registration&strategy=business_search")
		require.Equal(t, []string{string(own[1])}, some)
		for _, search := range []string{string(own[3]), "café 3", "88001122333", "+55 11 5555-0003", string(event.IntegrationOf(own[3]))} {
			some, _ = list("?q=" + url.QueryEscape(search))
			require.Equal(t, []string{string(own[3])}, some, search)
		}
		for _, hostile := range []string{`%`, `_`, `' OR 1=1 --`, `\`, `"`, `!`, "x'; DROP TABLE restaurants; --"} {
			some, _ = list("?q=" + url.QueryEscape(hostile))
			require.Empty(t, some, hostile)
			w.get("/api/whatsapp/integrations?status="+url.QueryEscape(hostile)).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		}
		_, place := list("?limit=2")
		for _, bad := range []string{"?limit=0", "?limit=201", "?limit=x", "?limit=1&limit=2", "?cursor=forged", "?cursor=" + place + "&status=failed", "?q=" + strings.Repeat("x", 201), "?q=%ff", "?%zz"} {
			w.get("/api/whatsapp/integrations"+bad).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		}

		for name, known := range map[string]string{"status": "awaiting_waba_creation", "stage": "waba_discovery", "strategy": "official_meta_flow", "error": "phone_pin_mismatch"} {
			list("?" + name + "=" + known)
			list("?" + name + "=")
			body := w.get("/api/whatsapp/integrations?"+name+"=CANARYVALUE").problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
			require.Regexp(t, "^"+name+" is not ", body["detail"])
			if name != "error" {
				require.Contains(t, body["detail"], known, "it says which values there are")
			}
			require.NotContains(t, fmt.Sprint(body), "CANARYVALUE")
		}

		logs := w.get(integrationPath(own[0]) + "/logs?limit=5")
		require.Equal(t, http.StatusOK, logs.status, logs.text)
		require.Equal(t, "Histórico da integração", logs.json()["message"])
		items := logs.data()["items"].([]any)
		require.Len(t, items, 5)
		row := items[1].(map[string]any)
		require.Equal(t, "oauth", row["step"])
		require.Nil(t, row["trace_id"])
		require.NotContains(t, logs.text, `_id":""`)
		require.Equal(t, map[string]any{"n": 1.0}, row["details"])
		require.Equal(t, false, row["success"])
		require.Equal(t, "code_expired", row["error_message"])
		rest := w.get(integrationPath(own[0]) + "/logs?limit=5&cursor=" + logs.data()["next_cursor"].(string))
		require.Len(t, rest.data()["items"], 2)
		w.get(integrationPath(own[1])+"/logs?cursor="+logs.data()["next_cursor"].(string)).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		w.get(integrationPath(foreign[0])+"/logs").problem(http.StatusNotFound, errcode.NotFound)
	})
}

func TestListsNeedADatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.get("/api/whatsapp/integrations").problem(http.StatusServiceUnavailable, errcode.DatabaseUnavailable)
	w.get(integrationPath(id)+"/logs").problem(http.StatusServiceUnavailable, errcode.DatabaseUnavailable)
	require.Equal(t, http.StatusOK, w.get(integrationPath(id)).status)
}

func TestNothingIsAcceptedWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	js, db := natstest.New(t), databases.SQLite(t)
	w := newWorldOn(t, js, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Gate = intake.NewGate(js, db) })
	id := newRestaurant()
	body := w.codeBody(id, "code-1")
	require.NoError(t, db.Close())
	a := w.post(completePath, body)
	a.problem(http.StatusServiceUnavailable, errcode.DatabaseUnavailable)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Empty(t, w.inputs(id))
	require.Zero(t, w.secrets())
}

func TestNothingIsAcceptedWhileTheBusIsDown(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	w := newWorldOn(t, js)
	id := newRestaurant()
	before, after := w.codeBody(id, "code-1"), w.codeBody(id, "code-2")
	require.Equal(t, http.StatusAccepted, w.post(completePath, before, header{"Prefer": "respond-async"}).status)
	js.Conn().Close()
	// The gate may say for a second more that the bus answers; the answer is the same.
	w.post(completePath, after).problem(http.StatusServiceUnavailable, errcode.BusUnavailable)
	w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": "EAAG"}).problem(http.StatusServiceUnavailable, errcode.BusUnavailable)
	w.get(integrationPath(id)).problem(http.StatusServiceUnavailable, errcode.BusUnavailable)
	w.get(integrationPath(id)+"/events").problem(http.StatusServiceUnavailable, errcode.BusUnavailable)
}

func texts(ids []event.RestaurantID) []string {
	var list []string
	for _, id := range ids {
		list = append(list, string(id))
	}
	return list
}

func reversed(list []string) []string {
	var back []string
	for i := range list {
		back = append(back, list[len(list)-1-i])
	}
	return back
}

// standing writes what the audit log would about a restaurant.
func standing(t *testing.T, db *bun.DB, id event.RestaurantID, n int) {
	t.Helper()
	at := time.Date(2026, 11, 23, 12, n, 0, 0, time.UTC)
	statuses := []event.Status{event.StatusCompleted, event.StatusAction, event.StatusInProgress, event.StatusInProgress, event.StatusFailed, event.StatusCompleted}
	document := event.Integration{
		RestaurantID: id, IntegrationID: event.IntegrationOf(id), Run: 1, Status: statuses[n], Stage: event.StageDiscovery, CreatedAt: at, UpdatedAt: at,
	}
	var code any
	var strategy any
	if n == 1 {
		document.Stage, code, strategy = event.StageRegistration, "phone_pin_mismatch", "business_search"
	}
	text, err := json.Marshal(document)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO restaurants (id, name) VALUES (?, ?)", string(id), fmt.Sprintf("Café %d", n))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO whatsapp_business_integrations (id, restaurant_id, business_account_id, display_phone_number, connection_status) VALUES (?, ?, ?, ?, 'connected')",
		string(document.IntegrationID), string(id), fmt.Sprintf("8800112233%d", n), fmt.Sprintf("+55 11 5555-000%d", n))
	if n == 3 {
		_, err = db.ExecContext(t.Context(), "UPDATE whatsapp_business_integrations SET business_account_id = '88001122333' WHERE restaurant_id = ?", string(id))
	}
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO whatsapp_signup_states (restaurant_id, integration_id, run, status, stage, creation_strategy, error_code, document, last_stream_seq, created_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
		string(id), string(document.IntegrationID), string(document.Status), string(document.Stage), strategy, code, string(text), n+1, at)
	require.NoError(t, err)
}

func logRows(t *testing.T, db *bun.DB, id event.RestaurantID, count int) {
	t.Helper()
	for n := range count {
		at := time.Date(2026, 11, 23, 12, 0, n/2, 0, time.UTC) // some at the same time
		var failure any
		if n == 1 {
			failure = "code_expired"
		}
		_, err := db.ExecContext(t.Context(), "INSERT INTO whatsapp_integration_logs (restaurant_id, step, success, error_message, details, created_at, event_id, event_type, stream, stream_seq) VALUES (?, 'oauth', ?, ?, ?, ?, ?, 'waba.X.v1', 'WABA', ?)",
			string(id), n != 1, failure, fmt.Sprintf(`{"n":%d}`, n), at, fmt.Sprintf("%s-%d", id, n), n+1)
		require.NoError(t, err)
	}
}
