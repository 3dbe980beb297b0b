package auth_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
)

const (
	anna event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001"
	bert event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f002"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAKeyGivesItsRestaurantsAndScopes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	text, key, err := auth.NewKey("web app", []string{strings.ToUpper(string(anna))}, []auth.Scope{auth.ScopeRead}, noon.Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, auth.AddKey(path, key))
	body, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(body), text.Reveal()[len("waba_")+9:], "only the hash is kept")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm(), "the gateway reads it as another user")

	keys, err := auth.OpenKeys(path, discard())
	require.NoError(t, err)
	who, err := keys.Authenticate(t.Context(), text.Reveal(), noon)
	require.NoError(t, err)
	require.Equal(t, "key:"+key.ID, who.ID)
	require.True(t, who.Sees(anna))
	require.False(t, who.Sees(bert))
	require.True(t, who.May(auth.ScopeRead))
	require.False(t, who.May(auth.ScopeOnboard))
	list, all := who.Restaurants()
	require.False(t, all)
	require.Equal(t, []event.RestaurantID{anna}, list)

	for _, bad := range []string{"", "waba_", "waba_" + key.ID, "waba_" + key.ID + "_", text.Reveal() + "a", strings.Repeat("x", 1000)} {
		_, err := keys.Authenticate(t.Context(), bad, noon)
		require.ErrorIs(t, err, auth.ErrUnauthorized)
	}
	_, err = keys.Authenticate(t.Context(), text.Reveal(), noon.Add(time.Hour))
	require.ErrorIs(t, err, auth.ErrUnauthorized, "it is expired")
}

func TestAChangeOfTheKeyFileIsNoticed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	first, key, err := auth.NewKey("first", []string{"*"}, auth.Scopes(), time.Time{})
	require.NoError(t, err)
	require.NoError(t, auth.AddKey(path, key))
	keys, err := auth.OpenKeys(path, discard())
	require.NoError(t, err)
	_, err = keys.Authenticate(t.Context(), first.Reveal(), noon)
	require.NoError(t, err)

	second, key, err := auth.NewKey("second", []string{"*"}, auth.Scopes(), time.Time{})
	require.NoError(t, err)
	require.NoError(t, auth.AddKey(path, key))
	_, err = keys.Authenticate(t.Context(), second.Reveal(), noon.Add(500*time.Millisecond))
	require.ErrorIs(t, err, auth.ErrUnauthorized, "it is looked at once a second")
	_, err = keys.Authenticate(t.Context(), second.Reveal(), noon.Add(2*time.Second))
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(path, []byte(`{"keys":[`), 0o600))
	_, err = keys.Authenticate(t.Context(), first.Reveal(), noon.Add(4*time.Second))
	require.NoError(t, err, "a file that cannot be read changes nothing")

	require.NoError(t, os.WriteFile(path, []byte(`{"keys":[]}`), 0o600))
	_, err = keys.Authenticate(t.Context(), first.Reveal(), noon.Add(6*time.Second))
	require.ErrorIs(t, err, auth.ErrUnauthorized, "it is revoked")
}

func TestAKeyFileThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	for name, key := range map[string]auth.Key{
		"no restaurants":   {ID: "abcd", SHA256: hash, Scopes: auth.Scopes()},
		"no UUID":          {ID: "abcd", SHA256: hash, Scopes: auth.Scopes(), Restaurants: []string{"x"}},
		"unknown scope":    {ID: "abcd", SHA256: hash, Scopes: []auth.Scope{"root"}, Restaurants: []string{"*"}},
		"hash too short":   {ID: "abcd", SHA256: "ab", Scopes: auth.Scopes(), Restaurants: []string{"*"}},
		"id with a hyphen": {ID: "ab-cd", SHA256: hash, Scopes: auth.Scopes(), Restaurants: []string{"*"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keys.json")
			body, err := json.Marshal(map[string]any{"keys": []auth.Key{key}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, body, 0o600))
			_, err = auth.OpenKeys(path, discard())
			require.ErrorContains(t, err, "entry 0")
			require.NotContains(t, err.Error(), hash)
		})
	}
	_, err := auth.OpenKeys(filepath.Join(t.TempDir(), "none"), discard())
	require.ErrorIs(t, err, os.ErrNotExist)
	_, _, err = auth.NewKey("x", nil, auth.Scopes(), time.Time{})
	require.Error(t, err)
	same := auth.Key{ID: "abcd", SHA256: hash, Scopes: auth.Scopes(), Restaurants: []string{"*"}}
	path := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, auth.AddKey(path, same))
	require.Error(t, auth.AddKey(path, same), "an id is there once")
}

func TestStatesAreGoodForOneRestaurantOneCallerAndAWhile(t *testing.T) {
	t.Parallel()
	states := auth.States{Key: seal.NewSigningKey(), Life: 10 * time.Minute}
	caller, another := auth.Principal{ID: "key:a"}, auth.Principal{ID: "key:b"}
	text, expires, err := states.Issue(anna, caller.ID, "https://gateway.example/cb", "https://app.example/back", noon)
	require.NoError(t, err)
	require.Equal(t, noon.Add(10*time.Minute), expires)
	again, _, err := states.Issue(anna, caller.ID, "", "", noon)
	require.NoError(t, err)
	require.NotEqual(t, text, again)

	state, err := states.Check(text, anna, caller, noon)
	require.NoError(t, err)
	require.Equal(t, auth.State{
		Restaurant: anna, Principal: "key:a", Until: expires.Local(), RedirectURI: "https://gateway.example/cb", ReturnURL: "https://app.example/back", Issued: true,
	}, state)
	forged := text[:len(text)-1] + map[bool]string{true: "E", false: "A"}[strings.HasSuffix(text, "A")]
	for _, tt := range []struct {
		name       string
		text       string
		restaurant event.RestaurantID
		who        auth.Principal
		now        time.Time
		want       error
	}{
		{"another restaurant", text, bert, caller, noon, auth.ErrStateForeign},
		{"another caller", text, anna, another, noon, auth.ErrStateForeign},
		{"expired", text, anna, caller, expires, auth.ErrStateExpired},
		{"forged", forged, anna, caller, noon, auth.ErrStateUnknown},
		{"empty", "", anna, caller, noon, auth.ErrStateUnknown},
		{"dev", auth.DevState, anna, auth.Dev(), noon, auth.ErrStateUnknown},
		{"signed for something else", auth.Handles{Key: states.Key}.Make(anna, "c")[4:], anna, caller, noon, auth.ErrStateUnknown},
	} {
		_, err := states.Check(tt.text, tt.restaurant, tt.who, tt.now)
		require.ErrorIs(t, err, tt.want, tt.name)
	}

	own := states
	own.Caller = true
	state, err = own.Check("anything", anna, caller, noon)
	require.NoError(t, err)
	require.False(t, state.Issued)
	_, err = own.Check(strings.Repeat("x", 513), anna, caller, noon)
	require.ErrorIs(t, err, auth.ErrStateUnknown)
	_, err = own.Check(text, bert, caller, noon)
	require.ErrorIs(t, err, auth.ErrStateForeign, "what we have issued stays bound")

	dev := states
	dev.Dev = true
	state, err = dev.Check(auth.DevState, anna, auth.Dev(), noon)
	require.NoError(t, err)
	require.True(t, state.Reusable)
	_, err = dev.Check(auth.DevState, anna, caller, noon)
	require.ErrorIs(t, err, auth.ErrStateUnknown, "it is for callers on loopback")
}

func TestHandlesAreGoodForOneRestaurant(t *testing.T) {
	t.Parallel()
	handles := auth.Handles{Key: seal.NewSigningKey()}
	handle := handles.Make(anna, "cred-1")
	require.True(t, auth.IsHandle(handle))
	ref, err := handles.Open(anna, handle)
	require.NoError(t, err)
	require.Equal(t, event.CredentialRef("cred-1"), ref)
	for _, bad := range []string{"", "wat_", "wat_x.y", handle + "A", strings.TrimPrefix(handle, "wat_")} {
		_, err := handles.Open(anna, bad)
		require.ErrorIs(t, err, auth.ErrHandle)
	}
	_, err = handles.Open(bert, handle)
	require.ErrorIs(t, err, auth.ErrHandle)
	_, err = auth.Handles{Key: seal.NewSigningKey()}.Open(anna, handle)
	require.ErrorIs(t, err, auth.ErrHandle)
}

func TestOnLoopback(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		peer   string
		host   string
		header http.Header
		want   bool
	}{
		{"from this machine", "127.0.0.1:4711", "127.0.0.1:8080", nil, true},
		{"by name", "127.0.0.1:4711", "localhost:8080", nil, true},
		{"by IPv6", "[::1]:4711", "[::1]:8080", nil, true},
		{"by IPv6 without a port", "[::1]:4711", "[::1]", nil, true},
		{"an address mapped into IPv6", "[::ffff:127.0.0.1]:4711", "localhost", nil, true},
		{"from another machine", "192.0.2.7:4711", "localhost:8080", nil, false},
		{"a name of the web that points here", "127.0.0.1:4711", "evil.example:8080", nil, false},
		{"a name that begins like ours", "127.0.0.1:4711", "localhost.evil.example", nil, false},
		{"forwarded", "127.0.0.1:4711", "localhost:8080", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, false},
		{"a page of another origin", "127.0.0.1:4711", "localhost:8080", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		{"a page of this origin", "127.0.0.1:4711", "localhost:8080", http.Header{"Sec-Fetch-Site": {"same-origin"}}, true},
		{"an origin of before", "127.0.0.1:4711", "localhost:8080", http.Header{"Origin": {"https://evil.example"}}, false},
		{"no address", "@", "localhost:8080", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/x", nil)
			r.RemoteAddr, r.Host = tt.peer, tt.host
			maps.Copy(r.Header, tt.header)
			require.Equal(t, tt.want, auth.OnLoopback(r))
		})
	}
}
