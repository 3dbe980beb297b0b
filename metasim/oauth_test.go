package metasim_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func TestAnyCodeIsExchangedOnceForATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{Canary: "CaNaRy77"})

	r := s.exchange(t, "any-code")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "bearer", r.json["token_type"])
	require.NotContains(t, r.json, "expires_in", "a business token does not expire")
	token := r.json["access_token"].(string)
	require.True(t, strings.HasPrefix(token, "EAA"))
	require.Contains(t, token, "CaNaRy77")
	require.NotContains(t, token, "any-code")

	e := s.exchange(t, "any-code").refusedWith(t, http.StatusBadRequest, 100, 36009)
	require.Equal(t, "OAuthException", e.Type)
	require.NotEqual(t, token, s.token(t, "another-code"))

	byGet := s.get(t, "/oauth/access_token?"+exchangeForm("third-code").Encode(), "")
	require.Equal(t, http.StatusOK, byGet.status, byGet.text)
}

func TestOfFiftyExchangesOfOneCodeOneSucceeds(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{Dir: t.TempDir()})
	const clients = 50
	var wg sync.WaitGroup
	replies := make([]reply, clients)
	for i := range clients {
		wg.Go(func() { replies[i] = s.exchange(t, "demo-default-race") })
	}
	wg.Wait()
	good := 0
	for _, r := range replies {
		if r.status == http.StatusOK {
			good++
			continue
		}
		r.refusedWith(t, http.StatusBadRequest, 100, 36009)
	}
	require.Equal(t, 1, good)
	require.Equal(t, clients, s.Calls(metasim.OpExchange, "demo-default-race"))
	require.Equal(t, 1, s.Executed(metasim.OpExchange, "demo-default-race"))
}

func TestExchangeIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for _, tt := range []struct {
		name          string
		form          url.Values
		code, subcode int
	}{
		{"with a foreign app id", url.Values{"client_id": {"1"}, "client_secret": {metasim.DefaultAppSecret}, "code": {"x"}}, 101, 0},
		{"with a wrong secret, as code 1", url.Values{"client_id": {metasim.DefaultAppID}, "client_secret": {"no"}, "code": {"x"}}, 1, 0},
		{"without a code", url.Values{"client_id": {metasim.DefaultAppID}, "client_secret": {metasim.DefaultAppSecret}}, 100, 0},
		{"with a malformed code", exchangeForm("has a space"), 100, 0},
		{"when the code has expired", exchangeForm("demo-code-expired"), 100, 36007},
		{"when the code was used", exchangeForm("demo-code-used-1"), 100, 36009},
		{"when the redirect differs", exchangeForm("demo-redirect-mismatch"), 100, 36008},
		{"when Meta does not know the secret", exchangeForm("demo-wrong-secret"), 1, 33},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := s.post(t, "/oauth/access_token", "", tt.form)
			r.refusedWith(t, http.StatusBadRequest, tt.code, tt.subcode)
			require.Contains(t, r.header.Get("WWW-Authenticate"), `OAuth "Facebook Platform"`)
		})
	}
}

func TestDebugTokenIsForTheAppOnly(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token := s.token(t, "some-code")
	s.get(t, "/debug_token?input_token="+token, token).refusedWith(t, http.StatusBadRequest, 190, 0)
	s.get(t, "/debug_token?input_token="+token, metasim.DefaultAppID+"|wrong").refusedWith(t, http.StatusBadRequest, 190, 0)
	s.get(t, "/debug_token?input_token="+token, "").refusedWith(t, http.StatusBadRequest, 104, 0)
	s.get(t, "/debug_token", appToken).refusedWith(t, http.StatusBadRequest, 100, 0)

	itself := s.debug(t, appToken)
	require.Equal(t, true, itself["is_valid"])
	require.Equal(t, "APP", itself["type"])
	require.Equal(t, metasim.DefaultAppID, itself["app_id"])

	unknown := s.debug(t, "EAAnobody")
	require.Equal(t, false, unknown["is_valid"])
	require.EqualValues(t, 190, unknown["error"].(map[string]any)["code"])
}

func TestDebugTokenTellsWhoseTheTokenIs(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})

	business := s.debug(t, s.token(t, "a-code"))
	require.Equal(t, metasim.DefaultAppID, business["app_id"])
	require.Equal(t, "SYSTEM_USER", business["type"])
	require.Equal(t, true, business["is_valid"])
	require.EqualValues(t, 0, business["expires_at"])
	require.EqualValues(t, noon.Unix(), business["issued_at"])
	require.Equal(t, metasim.IDs("a-code").User, business["user_id"])
	require.Contains(t, business["scopes"], "whatsapp_business_management")
	require.NotContains(t, business["scopes"], "business_management")
	for _, granular := range business["granular_scopes"].([]any) {
		require.NotContains(t, granular, "target_ids", "absent means: every object")
	}

	person := s.debug(t, s.token(t, "demo-existing-page"))
	require.Equal(t, "USER", person["type"])
	require.Contains(t, person["scopes"], "business_management")
	require.EqualValues(t, noon.Add(60*24*time.Hour).Unix(), person["expires_at"])

	require.NotEqual(t, metasim.DefaultAppID, s.debug(t, s.token(t, "demo-foreign-app"))["app_id"])

	dead := s.debug(t, s.token(t, "demo-token-invalid"))
	require.Equal(t, false, dead["is_valid"])
	require.EqualValues(t, 460, dead["error"].(map[string]any)["subcode"])
}

func TestGranularScopesNameAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	targets := func(code string) map[string]any {
		byScope := map[string]any{}
		for _, granular := range s.debug(t, s.token(t, code))["granular_scopes"].([]any) {
			row := granular.(map[string]any)
			byScope[row["scope"].(string)] = row["target_ids"]
		}
		return byScope
	}
	waba := metasim.IDs("demo-existing-granular").WABA
	require.Equal(t, []any{waba}, targets("demo-existing-granular")["whatsapp_business_management"])

	drift := targets("demo-granular-drift")
	require.NotContains(t, drift, "whatsapp_business_management")
	require.Equal(t, []any{metasim.IDs("demo-granular-drift").WABA}, drift["whatsapp_business_manage_events"])
	require.Equal(t, []any{metasim.IDs("demo-granular-drift").Business}, drift["business_management"])

	r := s.get(t, "/debug_token?input_token="+s.token(t, "demo-large-ids"), appToken)
	require.Contains(t, r.text, `"target_ids":[`+metasim.IDs("demo-large-ids").WABA+`]`)
}
