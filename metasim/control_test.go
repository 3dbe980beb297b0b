package metasim_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func (s *sim) ask(t *testing.T, method, path string, body any) reply {
	t.Helper()
	return s.do(t, method, "/_simulator/"+path, "", body)
}

func TestTheControlAPIShowsAndScripts(t *testing.T) {
	t.Parallel()
	s := start(t, metasim.Options{})
	token := s.token(t, "watched")
	s.get(t, "/me", token)
	s.token(t, "another")

	state := s.ask(t, http.MethodGet, "state?code=watched", nil).json
	require.EqualValues(t, 2, state["worlds"])
	require.EqualValues(t, 2, state["calls"].(map[string]any)["exchange"])
	world := state["world"].(map[string]any)
	require.Equal(t, metasim.IDs("watched").Business, world["business_id"])
	require.Equal(t, world, s.ask(t, http.MethodGet, "state?code="+string(metasim.KeyOf("watched")), nil).json["world"])
	require.Equal(t, http.StatusNotFound, s.ask(t, http.MethodGet, "state?code=nobody", nil).status)

	entries := func(query url.Values) int {
		r := s.ask(t, http.MethodGet, "ledger?"+query.Encode(), nil)
		require.Equal(t, http.StatusOK, r.status, r.text)
		return len(r.json["entries"].([]any))
	}
	require.Equal(t, 3, entries(nil))
	require.Equal(t, 2, entries(url.Values{"op": {"exchange"}}))
	require.Equal(t, 2, entries(url.Values{"code": {"watched"}}))
	require.Equal(t, 1, entries(url.Values{"code": {string(metasim.KeyOf("watched"))}, "op": {"me"}}))
	require.Equal(t, 1, entries(url.Values{"after": {"2"}}))
	require.Equal(t, 2, entries(url.Values{"limit": {"2"}}))
	for _, bad := range []string{"op=dance", "after=x", "limit=0", "limit=1001"} {
		require.Equal(t, http.StatusBadRequest, s.ask(t, http.MethodGet, "ledger?"+bad, nil).status)
	}

	scenarios := s.ask(t, http.MethodGet, "scenarios", nil).json["scenarios"].([]any)
	require.Len(t, scenarios, len(metasim.Scenarios()))
	require.Contains(t, scenarios[0], "pt_br")

	fault := map[string]any{"ops": []string{"me"}, "code": "watched", "kind": "error", "error_code": 190, "error_subcode": 463, "status": 401, "times": 1}
	require.Equal(t, http.StatusOK, s.ask(t, http.MethodPost, "faults", fault).status)
	require.NotContains(t, s.ask(t, http.MethodGet, "faults", nil).text, "watched")
	s.get(t, "/me", token).refusedWith(t, http.StatusUnauthorized, 190, 463)
	require.Equal(t, http.StatusOK, s.ask(t, http.MethodDelete, "faults", nil).status)
	require.Empty(t, s.ask(t, http.MethodGet, "faults", nil).json["faults"])
	for _, bad := range []any{"text", map[string]any{"kind": "dance"}, map[string]any{"kind": "cut", "speed": 1}, map[string]any{"kind": "cut", "ops": []string{"dance"}}} {
		require.Equal(t, http.StatusBadRequest, s.ask(t, http.MethodPost, "faults", bad).status)
	}

	require.Equal(t, http.StatusOK, s.ask(t, http.MethodPost, "reset", nil).status)
	require.Zero(t, entries(nil))
	require.Equal(t, http.StatusNotFound, s.ask(t, http.MethodGet, "nothing", nil).status)
}

func TestTheControlAPIAnswersLoopbackHostsOnly(t *testing.T) {
	t.Parallel()
	s, open := start(t, metasim.Options{}), start(t, metasim.Options{ControlAnywhere: true})
	as := func(s *sim, method, host, origin string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+"/_simulator/"+map[string]string{"GET": "state", "POST": "reset"}[method], nil)
		require.NoError(t, err)
		request.Host = host
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		response, err := s.client.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	for _, host := range []string{"localhost", "localhost:8081", "127.0.0.1:1", "127.9.9.9", "[::1]:8081", "sim.localhost:80"} {
		require.Equal(t, http.StatusOK, as(s, http.MethodGet, host, ""), host)
	}
	for _, host := range []string{"simulator:8081", "graph.facebook.com", "10.0.0.1", "localhost.evil.test", "127.0.0.1.evil.test"} {
		require.Equal(t, http.StatusForbidden, as(s, http.MethodGet, host, ""), host)
	}
	require.Equal(t, http.StatusOK, as(open, http.MethodGet, "simulator:8081", ""))
	require.Equal(t, http.StatusForbidden, as(s, http.MethodPost, "localhost", "https://evil.test"))
	require.Equal(t, http.StatusOK, as(s, http.MethodPost, "localhost", ""))
}
