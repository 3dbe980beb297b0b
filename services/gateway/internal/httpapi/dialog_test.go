package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
)

// forgetState takes the state, which differs each time, out of a dialog's address.
func forgetState(action map[string]any) map[string]any {
	text, _ := action["url"].(string)
	address, err := url.Parse(text)
	if err != nil || text == "" {
		return action
	}
	query := address.Query()
	query.Del("state")
	address.RawQuery = query.Encode()
	action["url"] = address.String()
	return action
}

func dialogOf(t *testing.T, body map[string]any) url.Values {
	t.Helper()
	address, err := url.Parse(body["next_action"].(map[string]any)["url"].(string))
	require.NoError(t, err)
	require.Equal(t, "/v22.0/dialog/oauth", address.Path)
	return address.Query()
}

func TestWhoMustGrantPermissionsIsLedToTheDialogThatAsksAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	missing := acting(event.CodePermissionMissing, event.ActionGrantPermissions)
	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), {missing.event, func(s *event.Snapshot) {
			missing.change(s)
			s.NextAction.Permissions = []string{"whatsapp_business_messaging"}
		}}}
	})
	body := w.post(completePath, w.codeBody(id, "code-1")).problem(http.StatusUnprocessableEntity, event.CodePermissionMissing)
	require.Equal(t, []any{"whatsapp_business_messaging"}, body["next_action"].(map[string]any)["permissions"])
	dialog := dialogOf(t, body)
	require.Equal(t, "rerequest", dialog.Get("auth_type"))
	status := dialogOf(t, w.get(integrationPath(id)).data())
	require.Equal(t, "rerequest", status.Get("auth_type"))
	require.NotEqual(t, dialog.Get("state"), status.Get("state"))

	back := w.get("/api/whatsapp/oauth/callback?"+url.Values{"code": {"code-2"}, "state": {dialog.Get("state")}}.Encode(), header{"Authorization": ""})
	require.Equal(t, http.StatusOK, back.status, back.text)
	require.Len(t, w.inputs(id), 2, "its state is good for the restaurant")
}

func TestADeadTokenLeadsToTheDialogAndOtherTroubleDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, step{event.ReauthorizationRequired{Code: event.CodeTokenInvalid}, func(s *event.Snapshot) {
		s.Status = event.StatusReauth
		s.NextAction = &event.NextAction{Kind: event.ActionReauthorize, Actor: event.ActorRestaurant}
	}})
	dialog := dialogOf(t, w.get(integrationPath(id)).data())
	require.Empty(t, dialog.Get("auth_type"))
	require.NotEmpty(t, dialog.Get("state"))

	w.decide(id, bus.Input{}, acting(event.CodePhonePinMismatch, event.ActionProvidePin))
	require.NotContains(t, w.get(integrationPath(id)).data()["next_action"], "url")
}

func TestOnlyWhoMayBeginASignupIsGivenAState(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/keys.json"
	reader := addKey(t, path, []string{"*"}, []auth.Scope{auth.ScopeRead})
	keys, err := auth.OpenKeys(path, nil)
	require.NoError(t, err)
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Keys = keys })
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, acting(event.CodePermissionMissing, event.ActionGrantPermissions))
	w.key = reader
	a := w.get(integrationPath(id))
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.NotContains(t, a.data()["next_action"], "url")
}

func TestOAuthStartAsksAgainForDeclinedPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, again := range []bool{true, false} {
		a := w.post("/api/whatsapp/oauth/start", map[string]any{"restaurant_id": newRestaurant(), "rerequest": again})
		require.Equal(t, http.StatusOK, a.status, a.text)
		address, err := url.Parse(a.data()["url"].(string))
		require.NoError(t, err)
		require.Equal(t, again, address.Query().Get("auth_type") == "rerequest")
	}
}
