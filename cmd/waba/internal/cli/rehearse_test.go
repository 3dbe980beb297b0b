package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

const rehearsedSecret = "CaNaRySeCrEt9c4b7d"

// rehearsed is a simulated Meta, and the environment that rehearses with it.
func rehearsed(t *testing.T) (*metasim.Server, map[string]string) {
	t.Helper()
	sim, err := metasim.New(metasim.Options{AppSecret: rehearsedSecret, RequireProof: true, Canary: "CaNaRyToKeN"})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	return sim, map[string]string{
		"FACEBOOK_APP_ID": metasim.DefaultAppID, "FACEBOOK_APP_SECRET": rehearsedSecret, "META_GRAPH_API_BASE": server.URL,
	}
}

// withToken puts the token of a code into a file, and its name into the environment.
func withToken(t *testing.T, env map[string]string, code string) {
	t.Helper()
	query := url.Values{"client_id": {metasim.DefaultAppID}, "client_secret": {rehearsedSecret}, "code": {code}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		env["META_GRAPH_API_BASE"]+"/v22.0/oauth/access_token?"+query.Encode(), nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&got))
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(got.Token+"\n"), 0o600))
	env["WABA_REHEARSE_TOKEN_FILE"] = file
}

func TestRehearsalSaysWhatAgreesWhatDiffersAndWhatStaysUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		code   string // of the token
		change func(env map[string]string)
		fault  *metasim.Fault
		args   []string
		exit   int
		out    string
		stderr string
	}{
		{name: "the app alone", exit: 0, out: "não perguntado: falta WABA_REHEARSE_TOKEN"},
		{name: "with a token", code: "demo-default", exit: 0, out: "não perguntado: só com --write"},
		{name: "with a token and --write", code: "demo-default", args: []string{"--write"}, exit: 0, out: "✔  creation-2a"},
		{name: "--write without a token", args: []string{"--write"}, exit: 2, stderr: "--write precisa de um token"},
		{
			name: "an account was made all the same", code: "demo-creates-2b", args: []string{"--write"}, exit: 1,
			out: "✗  creation-2b", stderr: "a Meta difere do que acreditamos em 1 pontos",
		},
		{
			name: "in English", change: func(env map[string]string) { env["WABA_LANG"] = "en" }, exit: 0,
			out: "not asked: WABA_REHEARSE_TOKEN is not set",
		},
		{
			name: "a wrong secret", change: func(env map[string]string) { env["FACEBOOK_APP_SECRET"] = "CaNaRy-wrong" }, exit: 78,
			out: "✗  app-credentials", stderr: "a Meta não aceita o aplicativo · confira FACEBOOK_APP_ID e FACEBOOK_APP_SECRET",
		},
		{
			name: "a secret that cannot be sent", change: func(env map[string]string) { env["FACEBOOK_APP_SECRET"] = "CaNaRy wrong" }, exit: 78,
			stderr: "a Meta não aceita o aplicativo",
		},
		{name: "a dead token", code: "demo-token-invalid", exit: 78, stderr: "a Meta não aceita o token · dê um token novo"},
		{name: "another app's token", code: "demo-foreign-app", exit: 78, stderr: "o token é de outro aplicativo"},
		{
			name: "HTML in place of Meta", fault: &metasim.Fault{Kind: metasim.FaultHTML}, exit: 1,
			out: "a resposta não é da Graph API", stderr: "a Meta não respondeu sobre",
		},
		{name: "no answer in time", fault: &metasim.Fault{Kind: metasim.FaultStall}, args: []string{"--timeout", "100ms"}, exit: 124, stderr: "o tempo acabou"},
		{
			name: "an address that is none", change: func(env map[string]string) { env["META_GRAPH_API_BASE"] = "http://graph.example.test" },
			exit: 78, stderr: "META_GRAPH_API_BASE",
		},
		{name: "no app", change: func(env map[string]string) { delete(env, "FACEBOOK_APP_SECRET") }, exit: 78, stderr: "FACEBOOK_APP_SECRET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sim, env := rehearsed(t)
			if tt.code != "" {
				withToken(t, env, tt.code)
			}
			if tt.change != nil {
				tt.change(env)
			}
			if tt.fault != nil {
				require.NoError(t, sim.Inject(*tt.fault))
			}
			for _, output := range [][]string{nil, {"-o", "json"}} {
				got := waba(t, env, append(append([]string{"rehearse"}, tt.args...), output...)...)
				require.Equal(t, tt.exit, got.exit, got.out+got.stderr)
				require.NotContains(t, got.out+got.stderr, "CaNaRy")
				if output == nil {
					require.Contains(t, got.out, tt.out)
				} else if got.out != "" {
					require.True(t, json.Valid([]byte(got.out)))
				}
				require.Contains(t, got.stderr, tt.stderr)
				if tt.exit == 0 {
					require.Empty(t, got.stderr)
				}
			}
		})
	}
}

func TestRehearsalCountsAndExplainsEachBelief(t *testing.T) {
	t.Parallel()
	_, env := rehearsed(t)
	withToken(t, env, "demo-existing-granular")
	got := waba(t, env, "rehearse", "-o", "json")
	var report struct {
		Graph, Version                       string
		Agrees, Differs, Unknown, Unanswered int
		Beliefs                              []map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.Equal(t, env["META_GRAPH_API_BASE"], report.Graph)
	require.Equal(t, "v22.0", report.Version)
	require.Len(t, report.Beliefs, report.Agrees+report.Differs+report.Unknown)
	require.Zero(t, report.Differs+report.Unanswered)
	require.Greater(t, report.Agrees, 45)
	for _, b := range report.Beliefs {
		require.NotEmpty(t, b["believed"], b)
		require.NotEmpty(t, b["asked"], b)
		require.NotEmpty(t, b["source"], b)
		require.Equal(t, b["verdict"] == "unknown", b["because"] != "", b)
	}
}

func TestRehearsalHasWordsForEveryReason(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "demo-default", "demo-foreign-app", "demo-no-number"} {
		_, env := rehearsed(t)
		if code != "" {
			withToken(t, env, code)
		}
		for line := range strings.Lines(waba(t, env, "rehearse").out) {
			require.NotRegexp(t, `^\?.*\s(needs|token|nothing|not)_[a-z_]+\s`, line)
		}
	}
}
