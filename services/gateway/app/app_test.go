package app_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
	"github.com/waba-platform/onboarding/services/gateway/app"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway is a running gateway.
type gateway struct {
	url  string
	stop func() error // ends it and returns what Run returned
	logs *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newConfig returns a configuration with keys of its own.
func newConfig(t *testing.T) app.Config {
	t.Helper()
	dir := t.TempDir()
	private, err := seal.NewPrivateKey()
	require.NoError(t, err)
	require.NoError(t, private.PublicKey().Save(filepath.Join(dir, "seal.pub")))
	require.NoError(t, seal.NewSigningKey().Save(filepath.Join(dir, "signing")))
	var cfg app.Config
	cfg.Dev = true
	require.NoError(t, config.Load(getenv(map[string]string{
		"FACEBOOK_APP_ID":           "1234567890",
		"FACEBOOK_APP_SECRET":       "app-secret",
		"API_BASE_URL":              "https://gateway.example/",
		"WABA_SIGNING_KEY_FILE":     filepath.Join(dir, "signing"),
		"WABA_SEAL_PUBLIC_KEY_FILE": filepath.Join(dir, "seal.pub"),
	}), &cfg))
	return cfg
}

func getenv(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func start(t *testing.T, cfg app.Config, js jetstream.JetStream, tel *telemetry.Telemetry) *gateway {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gateway{url: "http://" + listener.Addr().String(), logs: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- app.Run(ctx, cfg, app.Deps{
			JetStream: js, Listener: listener, Logger: slog.New(slog.NewJSONHandler(g.logs, nil)), Telemetry: tel,
		})
	}()
	g.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, g.stop()) })
	return g
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(t *testing.T, method, url, body string, header http.Header) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	maps.Copy(r.Header, header)
	response, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

func decide(t *testing.T, js jetstream.JetStream, after uint64, e event.Event, s event.Snapshot) uint64 {
	t.Helper()
	state, err := json.Marshal(s)
	require.NoError(t, err)
	seq, err := bus.Decide(t.Context(), js, bus.Decision{
		After: after, Event: e, State: state,
		Meta: event.Meta{ID: uuid.NewString(), Source: "waba/onboarding", Restaurant: s.RestaurantID, Time: time.Now()},
	})
	require.NoError(t, err)
	return seq
}

// With the rights that its user has, and no more, a gateway does all that it does.
func TestTheGatewaysRightsAreEnough(t *testing.T) {
	t.Parallel()
	connect := natstest.Secured(t)
	refused := make(chan error, 100)
	g := start(t, newConfig(t), connect(bus.UserGateway, refused), nil)
	onboarding := connect(bus.UserOnboarding, nil)
	id := event.RestaurantID(uuid.NewString())
	body := fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":"dev"}`, id)
	status, text := send(t, http.MethodPost, g.url+"/api/whatsapp/waba/complete-flow", body, http.Header{"Prefer": {"respond-async"}, "Idempotency-Key": {"k"}})
	require.Equal(t, http.StatusAccepted, status, text)

	history, err := bus.OpenHistory(t.Context(), onboarding)
	require.NoError(t, err)
	code, ok, err := history.LastCode(t.Context(), id)
	require.NoError(t, err)
	require.True(t, ok)
	var done sync.WaitGroup
	done.Go(func() {
		status, text = send(t, http.MethodPost, g.url+"/api/whatsapp/waba/complete-flow", body, nil)
	})
	var s event.Snapshot
	s.RestaurantID, s.IntegrationID, s.InputSeq, s.Run = id, event.IntegrationOf(id), code.Seq, 1
	s.CodeHash = code.Event.(event.OAuthCodeReceived).CodeHash
	s.Status, s.Stage = event.StatusInProgress, event.StageExchange
	seq := decide(t, onboarding, 0, event.OnboardingStarted{Run: 1}, s)
	s.Status, s.Stage, s.WabaID, s.Strategy = event.StatusCompleted, event.StageDone, "880011223344", event.StrategyBusiness
	decide(t, onboarding, seq, event.WabaReady{}, s)
	done.Wait()
	require.Equal(t, http.StatusOK, status, text)

	status, text = send(t, http.MethodGet, g.url+"/api/whatsapp/integrations/"+string(id)+"/events", "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "event: done")
	step := fmt.Sprintf(`{"restaurant_id":%q,"access_token":"EAAG"}`, uuid.NewString())
	status, text = send(t, http.MethodPost, g.url+"/api/whatsapp/waba/discover-or-create", step, http.Header{"Prefer": {"wait=0"}, "Idempotency-Key": {"k2"}})
	require.Equal(t, http.StatusAccepted, status, text)

	hook := `{"entry":[]}`
	status, text = send(t, http.MethodPost, g.url+"/api/whatsapp/webhook", hook, http.Header{"X-Hub-Signature-256": {signedBy("app-secret", hook)}})
	require.Equal(t, http.StatusOK, status, text)

	status, text = send(t, http.MethodPost, g.url+"/api/whatsapp/oauth/start", fmt.Sprintf(`{"restaurant_id":%q}`, uuid.NewString()), nil)
	require.Equal(t, http.StatusOK, status, text)
	var begun struct{ Data struct{ State string } }
	require.NoError(t, json.Unmarshal([]byte(text), &begun))
	callback := g.url + "/api/whatsapp/oauth/callback?state=" + url.QueryEscape(begun.Data.State)
	status, text = send(t, http.MethodGet, callback+"&error=access_denied", "", nil)
	require.Equal(t, http.StatusOK, status, text)
	status, text = send(t, http.MethodGet, callback+"&code=code-2", "", nil)
	require.Equal(t, http.StatusForbidden, status, text)
	require.NoError(t, g.stop())
	require.Empty(t, refused)
}

func TestRunAnswersThoseWhoWaitWhenItEnds(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	g := start(t, newConfig(t), js, nil)
	id := uuid.NewString()
	var status int
	var text string
	var waiting sync.WaitGroup
	waiting.Go(func() {
		status, text = send(t, http.MethodPost, g.url+"/api/whatsapp/waba/complete-flow",
			fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":"dev"}`, id), http.Header{"Prefer": {"wait=55"}})
	})
	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, ok, err := history.LastCode(t.Context(), event.RestaurantID(id))
		return err == nil && ok
	}, 10*time.Second, 5*time.Millisecond)
	began := time.Now()
	require.NoError(t, g.stop())
	waiting.Wait()
	require.Less(t, time.Since(began), 8*time.Second)
	require.Equal(t, http.StatusAccepted, status, text)
}

// The server's time limit for reading a request must not end those that wait.
func TestACallerMayWaitLongerThanARequestMayTake(t *testing.T) {
	t.Parallel()
	g := start(t, newConfig(t), natstest.New(t), nil)
	status, text := send(t, http.MethodPost, g.url+"/api/whatsapp/waba/complete-flow",
		fmt.Sprintf(`{"restaurant_id":%q,"code":"code-1","state":"dev"}`, uuid.NewString()), http.Header{"Prefer": {"wait=11"}})
	require.Equal(t, http.StatusAccepted, status, text)
}

func TestSlowAndHugeRequestsAreCut(t *testing.T) {
	t.Parallel()
	g := start(t, newConfig(t), natstest.New(t), nil)
	address := strings.TrimPrefix(g.url, "http://")
	dial := func() net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
		return conn
	}
	slow := dial() // it never ends its header
	_, err := io.WriteString(slow, "GET / HTTP/1.1\r\nHost: localhost\r\n")
	require.NoError(t, err)

	huge := dial()
	_, err = io.WriteString(huge, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 32<<10))
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(huge), nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)

	stalled := dial() // it never ends its body
	_, err = io.WriteString(stalled, "POST /api/whatsapp/waba/complete-flow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)

	began := time.Now()
	_, err = io.ReadAll(slow)
	require.NoError(t, err, "the server closes the connection")
	require.Less(t, time.Since(began), 9*time.Second)
	_, err = io.ReadAll(stalled)
	require.NoError(t, err)
	require.Less(t, time.Since(began), 15*time.Second)
}

func TestABodyThatIsSaidToBeTooLargeIsRefusedBeforeItComes(t *testing.T) {
	t.Parallel()
	g := start(t, newConfig(t), natstest.New(t), nil)
	for _, length := range []int{64<<10 + 1, 200 << 10, 1 << 40} {
		for _, path := range []string{"/api/whatsapp/waba/complete-flow", "/api/whatsapp/oauth/start", "/nowhere"} {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(g.url, "http://"))
			require.NoError(t, err)
			require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second))) // less than a request may take
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", path, length)
			require.NoError(t, err)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err, "%s of %d", path, length)
			text, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
			require.Contains(t, string(text), `"code":"body_too_large"`)
			require.True(t, response.Close)
			require.NoError(t, response.Body.Close())
			require.NoError(t, conn.Close())
		}
	}
}

func TestTraceAndMetricsTellNothingThatIsSecret(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	tel, err := telemetry.Start(t.Context(), telemetry.Options{Service: "gateway", SpanProcessors: []sdktrace.SpanProcessor{spans}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(context.WithoutCancel(t.Context()))) })
	js := natstest.New(t)
	g := start(t, newConfig(t), js, tel)
	id := uuid.NewString()
	const trace = "0af7651916cd43dd8448eb211c80319c"
	status, text := send(t, http.MethodPost, g.url+"/api/whatsapp/waba/complete-flow?code=CANARYQUERY",
		fmt.Sprintf(`{"restaurant_id":%q,"code":"CANARYBODY","state":"dev"}`, id),
		http.Header{"Prefer": {"respond-async"}, "Traceparent": {"00-" + trace + "-b7ad6b7169203331-01"}, "Authorization": {"Bearer CANARYTOKEN"}})
	require.Equal(t, http.StatusAccepted, status, text)
	_, _ = send(t, http.MethodGet, g.url+"/api/whatsapp/oauth/callback?code=CANARYCALLBACK&state=CANARYSTATE", "", nil)
	_, _ = send(t, http.MethodGet, g.url+"/CANARYPATH", "", nil)
	_, problem := send(t, http.MethodGet, g.url+"/api/whatsapp/integrations/"+uuid.NewString(), "", http.Header{"Traceparent": {"00-" + trace + "-b7ad6b7169203331-01"}})
	require.Contains(t, problem, `"trace_id":"`+trace+`"`)

	history, err := bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	input, ok, err := history.LastCode(t.Context(), event.RestaurantID(id))
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, input.Envelope.TraceParent, trace, "one trace spans the POST and what follows")

	require.Eventually(t, func() bool { return len(spans.Ended()) >= 4 }, 10*time.Second, 5*time.Millisecond)
	names := map[string]bool{}
	var told strings.Builder
	for _, span := range spans.Ended() {
		names[span.Name()] = true
		for _, a := range span.Attributes() {
			if a.Key == "url.path" {
				continue // the path of a request; no route has a secret in it
			}
			fmt.Fprintln(&told, span.Name(), a.Key, a.Value.String())
		}
	}
	require.True(t, names["POST /api/whatsapp/waba/complete-flow"], names)
	require.True(t, names["GET /api/whatsapp/integrations/{restaurant_id}"], names)

	scrape := httptest.NewRecorder()
	tel.MetricsHandler().ServeHTTP(scrape, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	metrics := scrape.Body.String()
	require.Contains(t, metrics, `http_route="/api/whatsapp/waba/complete-flow"`)
	require.Contains(t, metrics, "waba_gateway_sse_clients")
	require.Contains(t, metrics, "waba_gateway_waiters")
	require.NotContains(t, metrics, id, "a restaurant is no label")
	require.NoError(t, g.stop())
	for _, text := range []string{told.String(), metrics, g.logs.String()} {
		require.NotContains(t, text, "CANARY")
	}
}

func TestAWrongConfigurationIsRefusedLineByLine(t *testing.T) {
	t.Parallel()
	var cfg app.Config
	err := config.Load(getenv(map[string]string{
		"WABA_SYNC_WAIT": "2m", "WABA_LANG": "fr", "WABA_OAUTH_STATE": "any", "WABA_OAUTH_STATE_TTL": "2h", "WABA_RETRY_AFTER": "-1s",
		"API_BASE_URL": "gateway.example", "META_OAUTH_DIALOG_BASE": "https://u:CANARY@x", "WABA_RETURN_URLS": "https://app.example,*",
		"WABA_OIDC_ISSUER": "https://issuer.example",
	}), &cfg)
	wrong, ok := errors.AsType[*config.Error](err)
	require.True(t, ok)
	require.ElementsMatch(t, []string{
		"FACEBOOK_APP_ID is not set",
		"WABA_OAUTH_STATE is not issued or caller",
		"WABA_SYNC_WAIT is not from 0s to 55s",
		"WABA_RETRY_AFTER is not more than 0s",
		"WABA_OAUTH_STATE_TTL is not more than 0s and at most 1h",
		"WABA_LANG is not pt-BR or en",
		"API_BASE_URL is not an absolute http or https URL without user or fragment",
		"META_OAUTH_DIALOG_BASE is not an absolute http or https URL without user or fragment",
		"WABA_RETURN_URLS has an entry that is not an origin such as https://app.example.com, with or without a path",
		"WABA_SIGNING_KEY_FILE is not set: `waba keys generate` makes one",
		"WABA_SEAL_PUBLIC_KEY_FILE is not set: `waba keys generate` makes one",
		"WABA_OIDC_ISSUER cannot be used in this version: set WABA_API_KEYS_FILE",
		"WABA_API_KEYS_FILE is not set: without it nobody may call, and nothing runs open",
	}, wrong.Mistakes)
	require.NotContains(t, err.Error(), "CANARY")
}

func TestAGatewayThatIssuesStatesNeedsToKnowWhereMetaLeadsBackTo(t *testing.T) {
	t.Parallel()
	const mistake = "API_BASE_URL is not set, nor is OAUTH_REDIRECT_URI: no state could be issued, and no code accepted"
	for _, tt := range []struct {
		name    string
		change  func(*app.Config)
		refused bool
	}{
		{"neither is set", func(*app.Config) {}, true},
		{"its own address is set", func(c *app.Config) { c.PublicURL = "https://gateway.example" }, false},
		{"the web app's address is set", func(c *app.Config) { c.RedirectURI = "https://app.example/callback" }, false},
		{"callers make their own states", func(c *app.Config) { c.StateMode = app.StateCaller }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := newConfig(t)
			cfg.PublicURL = ""
			tt.change(&cfg)
			if tt.refused {
				require.EqualError(t, cfg.Validate(), mistake)
			} else {
				require.NoError(t, cfg.Validate())
			}
		})
	}
}

func TestRunRefusesKeysThatItCannotUse(t *testing.T) {
	t.Parallel()
	cfg := newConfig(t)
	cfg.SigningKeyFile, cfg.SealKeyFile, cfg.APIKeysFile, cfg.ExposeTokens = "/nowhere/a", "/nowhere/b", "/nowhere/c", true
	err := app.Run(t.Context(), cfg, app.Deps{JetStream: natstest.New(t)})
	wrong, ok := errors.AsType[*config.Error](err)
	require.True(t, ok, "%v", err)
	require.Len(t, wrong.Mistakes, 4)
	require.Contains(t, wrong.Mistakes[3], "WABA_EXPOSE_META_TOKENS")
}

func TestRunRefusesABusWithoutStreams(t *testing.T) {
	t.Parallel()
	err := app.Run(t.Context(), newConfig(t), app.Deps{JetStream: natstest.Empty(t)})
	require.ErrorIs(t, err, jetstream.ErrStreamNotFound)
}

// signedBy returns the signature that Meta puts beside a body.
func signedBy(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestAGatewayWithoutTheAppSecretIsNotReadyAndSaysWhy(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	feed, err := live.OpenFeed(t.Context(), js, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	cfg := newConfig(t)
	check := app.Checks(cfg, feed)[1]
	require.Equal(t, "webhook", check.Name)
	require.NoError(t, check.Run(t.Context()))
	cfg.AppSecret = seal.Secret{}
	reason, ok := errors.AsType[telemetry.Reason](app.Checks(cfg, feed)[1].Run(t.Context()))
	require.True(t, ok, "it is shown")
	require.Contains(t, string(reason), "FACEBOOK_APP_SECRET")
}
