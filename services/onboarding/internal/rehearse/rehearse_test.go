package rehearse_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
	"github.com/waba-platform/onboarding/services/onboarding/internal/rehearse"
)

const canarySecret = "CaNaRySeCrEt9c4b7d"

// now is a day on which v21.0 is the oldest version that lives.
func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

// stage is a simulated Meta and what it is rehearsed with.
type stage struct {
	sim     *metasim.Server
	url     string
	options rehearse.Options
}

func newStage(t testing.TB) *stage {
	t.Helper()
	sim, err := metasim.New(metasim.Options{Now: now, AppSecret: canarySecret, RequireProof: true, Canary: "CaNaRyToKeN"})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	return &stage{sim: sim, url: server.URL, options: rehearse.Options{
		Graph: meta.Config{
			Base: server.URL, Version: "v22.0", AppID: metasim.DefaultAppID, AppSecret: seal.NewSecret(canarySecret),
			CallTimeout: 2 * time.Second,
		},
		Now: now,
	}}
}

// token exchanges a code at the simulator.
func (s *stage) token(t testing.TB, code string) seal.Secret {
	t.Helper()
	query := url.Values{"client_id": {metasim.DefaultAppID}, "client_secret": {canarySecret}, "code": {code}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v22.0/oauth/access_token?"+query.Encode(), nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var got struct {
		Token string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&got))
	require.NotEmpty(t, got.Token)
	return seal.NewSecret(got.Token)
}

func (s *stage) run(ctx context.Context, t testing.TB) rehearse.Report {
	t.Helper()
	report, err := rehearse.Run(ctx, s.options)
	require.NoError(t, err)
	return report
}

func verdict(t testing.TB, report rehearse.Report, name string) rehearse.Result {
	t.Helper()
	result, ok := report.Of(name)
	require.True(t, ok, name)
	return result
}

func TestTheSimulatorIsWhatIsBelievedOfMeta(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Write = true
	agreed := map[string]bool{}
	for _, code := range []string{"demo-existing-granular", "", "demo-existing-page", "demo-coexistence", "demo-default"} {
		if code != "" { // else the same token again: by now the app is subscribed
			s.options.Token = s.token(t, code)
		}
		report := s.run(t.Context(), t)
		require.Zero(t, report.Silent(), code)
		for _, r := range report.Results {
			require.NotEqual(t, rehearse.Differs, r.Verdict, "%s: %s: %s", code, r.Name, r.Seen)
			agreed[r.Name] = agreed[r.Name] || r.Verdict == rehearse.Agrees
		}
	}
	for name, ok := range agreed {
		require.True(t, ok, "%s never agrees", name)
	}
}

func TestEachFieldThatIsAskedOfANumberHasABelief(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Token = s.token(t, "demo-default")
	var believed []string
	for _, r := range s.run(t.Context(), t).Results {
		if name, ok := strings.CutPrefix(r.Name, "number-"); ok && name != "same" {
			name, _, _ = strings.Cut(name, ".")
			believed = append(believed, name)
		}
	}
	for _, entry := range s.sim.Ledger() {
		if entry.Op == metasim.OpPhone {
			query, err := url.ParseQuery(entry.Query)
			require.NoError(t, err)
			require.ElementsMatch(t, strings.Split(query.Get("fields"), ","), believed)
			return
		}
	}
	t.Error("no number was read")
}

func TestEveryBeliefSaysInBothLanguagesWhatIsAskedAndWhereItStands(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range newStage(t).run(t.Context(), t).Results {
		require.False(t, seen[r.Name], r.Name)
		seen[r.Name] = true
		require.NotEmpty(t, r.Believed.PT, r.Name)
		require.NotEmpty(t, r.Believed.EN, r.Name)
		require.NotEqual(t, r.Believed.PT, r.Believed.EN, r.Name)
		require.NotEmpty(t, r.Source, r.Name)
		require.NotEmpty(t, r.Asked, r.Name)
		require.NotEmpty(t, r.Kind, r.Name)
		require.NotEmpty(t, r.Sure, r.Name)
	}
	require.Greater(t, len(seen), 50)
}

func TestWhatMayNotBeAskedIsNotAsked(t *testing.T) {
	t.Parallel()

	t.Run("without a token only what the app may ask", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		report := s.run(t.Context(), t)
		require.Equal(t, rehearse.NeedsToken, verdict(t, report, "numbers-readable").Because)
		require.Equal(t, rehearse.NeedsToken, verdict(t, report, "creation-2a").Because)
		require.Zero(t, report.Silent())
		require.Zero(t, report.Count(rehearse.Differs))
		require.Zero(t, s.sim.State().Worlds, "no code of anybody's is touched")
	})

	t.Run("without write nothing but reading", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.options.Token = s.token(t, "demo-default")
		before := s.sim.State().Executed
		report := s.run(t.Context(), t)
		require.Equal(t, rehearse.NeedsWrite, verdict(t, report, "creation-2a").Because)
		require.Equal(t, rehearse.NeedsWrite, verdict(t, report, "subscribe").Because)
		require.Equal(t, before, s.sim.State().Executed)
		for _, entry := range s.sim.Ledger() {
			require.Equal(t, http.MethodGet, entry.Method)
		}
	})

	t.Run("with a token that Meta does not take, nothing more", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.options.Token, s.options.Write = s.token(t, "demo-token-invalid"), true
		report := s.run(t.Context(), t)
		require.Equal(t, rehearse.Differs, verdict(t, report, rehearse.TokenValid).Verdict)
		require.Equal(t, "is_valid: false, Meta 190/460", verdict(t, report, rehearse.TokenValid).Seen)
		for _, name := range []string{"token-type", "numbers-readable", "wrong-proof", "creation-2a", "subscribe"} {
			require.Equal(t, rehearse.NotAccepted, verdict(t, report, name).Because, name)
		}
		require.Equal(t, 1, report.Count(rehearse.Differs))
	})

	t.Run("with another app's token, nothing more", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.options.Token, s.options.Write = s.token(t, "demo-foreign-app"), true
		report := s.run(t.Context(), t)
		require.Equal(t, "app_id: another's", verdict(t, report, rehearse.TokenOurs).Seen)
		require.Equal(t, rehearse.NotOurs, verdict(t, report, "numbers-readable").Because)
		require.Equal(t, rehearse.NotOurs, verdict(t, report, "creation-2b").Because)
	})

	t.Run("nothing is changed with a token of which nothing is known", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.options.Token, s.options.Write = s.token(t, "demo-default"), true
		require.NoError(t, s.sim.Inject(metasim.Fault{Ops: []metasim.Op{metasim.OpDebugToken}, Kind: metasim.FaultHTML}))
		report := s.run(t.Context(), t)
		require.Equal(t, rehearse.NotAccepted, verdict(t, report, "creation-2b").Because)
		require.Equal(t, rehearse.Agrees, verdict(t, report, "numbers-readable").Verdict, "reading is harmless")
	})
}

func TestWrongCredentialsDiffer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Graph.AppSecret = seal.NewSecret("not-the-secret")
	report := s.run(t.Context(), t)
	require.Equal(t, rehearse.Differs, verdict(t, report, rehearse.AppCredentials).Verdict)
	require.Equal(t, "Meta 190, HTTP 400", verdict(t, report, rehearse.AppCredentials).Seen)
	require.Equal(t, rehearse.Agrees, verdict(t, report, "invalid-token").Verdict)
}

func TestMalformedOptionsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.options.Graph.Version = "latest"
	_, err := rehearse.Run(t.Context(), s.options)
	require.ErrorContains(t, err, "version is not like v22.0")
	require.Zero(t, s.sim.State().Entries)
}
