package metasim_test

import (
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

const callback = "https://api.example.test/api/whatsapp/oauth/callback?tenant=1"

func dialogQuery(change url.Values) string {
	query := url.Values{
		"client_id": {metasim.DefaultAppID}, "redirect_uri": {callback}, "state": {`n"once<&>`},
		"scope": {"whatsapp_business_management,whatsapp_business_messaging,pages_show_list,pages_read_engagement,made_up"},
	}
	maps.Copy(query, change)
	return "/dialog/oauth?" + query.Encode()
}

func (s *sim) click(t *testing.T, path string, form url.Values) url.Values {
	t.Helper()
	r := s.post(t, path, "", form)
	require.Equal(t, http.StatusFound, r.status, r.text)
	target, err := url.Parse(r.header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "https://api.example.test/api/whatsapp/oauth/callback", target.Scheme+"://"+target.Host+target.Path)
	return target.Query()
}

func TestTheDialogPageEscapesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{AppName: "<b>App</b>"})
	r := s.get(t, dialogQuery(url.Values{"config_id": {`"><script>alert(1)</script>`}}), "")
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.header.Get("Content-Type"), "text/html")
	require.Contains(t, r.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, r.text, "<script>")
	require.NotContains(t, r.text, "<b>App")
	require.Contains(t, r.text, `value="n&#34;once&lt;&amp;&gt;"`)
	require.Contains(t, r.text, `<option value="all-strategies-fail">`)
	require.Contains(t, r.text, "Continuar")
	require.NotContains(t, r.text, "<code>made_up")
}

func TestTheDialogRedirectsWithACodeOfThePickedScenario(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	query := s.click(t, dialogQuery(nil), url.Values{"answer": {"continue"}, "scenario": {"creates-2c"}})
	require.Equal(t, `n"once<&>`, query.Get("state"))
	require.Equal(t, "1", query.Get("tenant"))
	code := query.Get("code")
	require.Contains(t, code, "demo-creates-2c-")

	form := exchangeForm(code)
	s.post(t, "/oauth/access_token", "", form).refusedWith(t, http.StatusBadRequest, 100, 36008)
	form.Set("redirect_uri", callback+"&x=1")
	s.post(t, "/oauth/access_token", "", form).refusedWith(t, http.StatusBadRequest, 100, 36008)
	form.Set("redirect_uri", callback)
	r := s.post(t, "/oauth/access_token", "", form)
	require.Equal(t, http.StatusOK, r.status, r.text)
	scopes := s.debug(t, r.json["access_token"].(string))["scopes"]
	require.Equal(t, []any{"whatsapp_business_management", "whatsapp_business_messaging", "pages_show_list", "pages_read_engagement", "public_profile"}, scopes)
}

func TestACodeOfTheDialogLives30Seconds(t *testing.T) {
	t.Parallel()
	at := &clock{noon}
	s := start(t, metasim.Options{Now: at.now})
	for _, tt := range []struct {
		age    time.Duration
		status int
	}{{30 * time.Second, http.StatusOK}, {30*time.Second + time.Millisecond, http.StatusBadRequest}} {
		at.at = noon
		// With a configuration the exchange may leave the redirect out.
		query := s.click(t, dialogQuery(url.Values{"config_id": {"123"}, "scope": {""}}), url.Values{"answer": {"continue"}})
		at.at = noon.Add(tt.age)
		r := s.exchange(t, query.Get("code"))
		require.Equal(t, tt.status, r.status, r.text)
		if tt.status != http.StatusOK {
			r.refusedWith(t, http.StatusBadRequest, 100, 36007)
		}
	}
}

func TestAPersonMayCancel(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	query := s.click(t, dialogQuery(nil), url.Values{"answer": {"cancel"}})
	require.Equal(t, []string{"access_denied", "user_denied", ""}, []string{query.Get("error"), query.Get("error_reason"), query.Get("code")})
	require.Equal(t, `n"once<&>`, query.Get("state"))
}

func TestTheDialogRedirectsNowhereWhenTheRequestIsWrong(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	for _, change := range []url.Values{
		{"client_id": {"1"}},
		{"redirect_uri": {"http://evil.test/"}},
		{"redirect_uri": {"javascript:alert(1)"}},
		{"redirect_uri": {"/relative"}},
		{"redirect_uri": {"https://user@evil.test/"}},
		{"redirect_uri": {""}},
		{"response_type": {"token"}},
	} {
		require.Equal(t, http.StatusBadRequest, s.get(t, dialogQuery(change), "").status, change)
		r := s.post(t, dialogQuery(change), "", url.Values{"answer": {"continue"}})
		require.Equal(t, http.StatusBadRequest, r.status, change)
		require.Empty(t, r.header.Get("Location"))
	}
	strict := start(t, metasim.Options{RedirectURIs: []string{callback}})
	require.Equal(t, http.StatusOK, strict.get(t, dialogQuery(nil), "").status)
	require.Equal(t, http.StatusBadRequest, strict.get(t, dialogQuery(url.Values{"redirect_uri": {callback + "/"}}), "").status)
	require.Equal(t, http.StatusOK, s.get(t, dialogQuery(url.Values{"redirect_uri": {"http://127.0.0.1:8080/cb"}}), "").status)
}

func TestTheDialogSpeaksEnglishToo(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v22.0"+dialogQuery(nil), nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Language", "en-GB,en;q=0.9")
	response, err := s.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
}
