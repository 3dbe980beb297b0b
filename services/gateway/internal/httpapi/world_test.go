package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	notraces "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
	"github.com/waba-platform/onboarding/services/gateway/internal/live"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/waba-platform/onboarding/pkg/database/postgresproc.launch.func1"))
}

// world is a gateway over a real JetStream, with a stand-in for the onboarding
// service that records what a test tells it to.
type world struct {
	t       *testing.T
	js      jetstream.JetStream
	history *bus.History
	url     string
	key     string // a service key for every restaurant and scope
	private seal.PrivateKey
	states  auth.States
	handles auth.Handles
	logs    *bytes.Buffer
	server  *httpapi.Server
	drain   func() // begins to drain

	mu sync.Mutex // of logs
}

// settings changes what a world is made of.
type settings func(*httpapi.Settings, *httpapi.Parts)

func newWorld(t *testing.T, change ...settings) *world {
	t.Helper()
	return newWorldOn(t, natstest.New(t), change...)
}

func newWorldOn(t *testing.T, js jetstream.JetStream, change ...settings) *world {
	t.Helper()
	w := &world{t: t, js: js, logs: &bytes.Buffer{}}
	var err error
	w.private, err = seal.NewPrivateKey()
	require.NoError(t, err)
	w.history, err = bus.OpenHistory(t.Context(), js)
	require.NoError(t, err)
	in, err := intake.Open(t.Context(), js, w.history, w.private.PublicKey())
	require.NoError(t, err)
	logger := slog.New(slog.NewJSONHandler(lockedWriter{w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	feed, err := live.OpenFeed(t.Context(), js, logger)
	require.NoError(t, err)
	signing := seal.NewSigningKey()
	w.states, w.handles = auth.States{Key: signing, Life: 10 * time.Minute}, auth.Handles{Key: signing}

	path := filepath.Join(t.TempDir(), "keys.json")
	w.key = addKey(t, path, []string{"*"}, auth.Scopes())
	keys, err := auth.OpenKeys(path, logger)
	require.NoError(t, err)

	draining := make(chan struct{})
	w.drain = sync.OnceFunc(func() { close(draining) })
	s := httpapi.Settings{
		PublicURL: "https://gateway.example", SyncWait: 10 * time.Second, RetryAfter: 5 * time.Minute, Language: errcode.Portuguese,
		ReturnURLs: []string{"https://app.example/back"}, VerifyToken: seal.NewSecret(verifyToken),
		Dialog: httpapi.Dialog{Base: "https://www.facebook.com", Version: "v22.0", AppID: "1234567890", Scopes: "a,b"},
	}
	p := httpapi.Parts{
		Keys: keys, States: w.states, Handles: w.handles, Cursors: signing,
		Gate: intake.NewGate(js, nil), Intake: in, History: w.history, Inbox: webhook.NewInbox(js, seal.NewSecret(appSecret), seal.NewSecret(olderSecret)), Feed: feed, Logger: logger,
		Traces: notraces.NewTracerProvider(), Metrics: nometrics.NewMeterProvider(), Draining: draining,
	}
	for _, c := range change {
		c(&s, &p)
	}
	w.states = p.States
	w.server, err = httpapi.New(s, p)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { _ = feed.Run(ctx) })
	server := httptest.NewServer(w.server)
	w.url = server.URL
	t.Cleanup(func() {
		w.drain()
		server.Close()
		cancel()
		group.Wait()
	})
	return w
}

// lockedWriter lets a test read the log while it is written.
type lockedWriter struct{ w *world }

func (l lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.logs.Write(p)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.String()
}

func addKey(t *testing.T, path string, restaurants []string, scopes []auth.Scope) string {
	t.Helper()
	text, key, err := auth.NewKey("test", restaurants, scopes, time.Time{})
	require.NoError(t, err)
	require.NoError(t, auth.AddKey(path, key))
	return text.Reveal()
}

func newRestaurant() event.RestaurantID { return event.RestaurantID(uuid.NewString()) }

// state returns a state that oauth/start has issued.
func (w *world) state(id event.RestaurantID) string {
	w.t.Helper()
	answer := w.post("/api/whatsapp/oauth/start", map[string]any{"restaurant_id": id})
	require.Equal(w.t, http.StatusOK, answer.status, answer.text)
	return answer.data()["state"].(string)
}

func (w *world) codeBody(id event.RestaurantID, code string) map[string]any {
	w.t.Helper()
	return map[string]any{"restaurant_id": id, "code": code, "state": w.state(id)}
}

// answer is what the gateway has answered.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var body map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.text), &body), a.text)
	return body
}

func (a answer) data() map[string]any {
	a.t.Helper()
	data, ok := a.json()["data"].(map[string]any)
	require.True(a.t, ok, a.text)
	return data
}

// problem requires an answer to be a problem with this status and code.
func (a answer) problem(status int, code event.Code) map[string]any {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.text)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	body := a.json()
	require.Equal(a.t, string(code), body["code"], a.text)
	require.Equal(a.t, false, body["success"])
	require.InDelta(a.t, status, body["status"], 0)
	for _, member := range []string{"type", "title", "detail", "instance", "message", "trace_id"} {
		require.NotEmpty(a.t, body[member], "%s of %s", member, a.text)
	}
	action, ok := body["next_action"].(map[string]any)
	require.True(a.t, ok, a.text)
	require.NotEmpty(a.t, action["kind"])
	require.NotEmpty(a.t, action["actor"])
	return body
}

type header map[string]string

func (w *world) post(path string, body any, headers ...header) answer {
	w.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(w.t, err)
	return w.send(http.MethodPost, path, string(text), append([]header{{"Content-Type": "application/json"}}, headers...)...)
}

func (w *world) get(path string, headers ...header) answer {
	w.t.Helper()
	return w.send(http.MethodGet, path, "", headers...)
}

func (w *world) send(method, path, body string, headers ...header) answer {
	w.t.Helper()
	a, err := w.try(w.t.Context(), method, path, body, headers...)
	require.NoError(w.t, err)
	return a
}

// try is send for other goroutines than the test's.
func (w *world) try(ctx context.Context, method, path, body string, headers ...header) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+w.key)
	for _, set := range headers {
		for name, value := range set {
			if value == "" {
				request.Header.Del(name)
				continue
			}
			request.Header.Set(name, value)
		}
	}
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{t: w.t, status: response.StatusCode, header: response.Header, text: string(text)}, err
}

// step is a decision that the stand-in records.
type step struct {
	event  event.Event
	change func(*event.Snapshot)
}

// decide records a decision, caused by an input when there is one.
func (w *world) decide(id event.RestaurantID, cause bus.Input, s step) uint64 {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	head, err := w.history.Head(ctx, id)
	require.NoError(w.t, err)
	var snapshot event.Snapshot
	if head.Seq > 0 {
		require.NoError(w.t, json.Unmarshal(head.State, &snapshot))
	} else {
		snapshot.RestaurantID, snapshot.IntegrationID = id, event.IntegrationOf(id)
		snapshot.CreatedAt = time.Now().UTC()
	}
	if cause.Seq > 0 {
		snapshot.InputSeq = cause.Seq
	}
	snapshot.UpdatedAt = time.Now().UTC()
	if s.change != nil {
		s.change(&snapshot)
	}
	state, err := json.Marshal(snapshot)
	require.NoError(w.t, err)
	seq, err := bus.Decide(ctx, w.js, bus.Decision{
		After: head.Seq, Event: s.event, State: state,
		Meta: event.Meta{ID: uuid.NewString(), Source: "waba/onboarding", Restaurant: id, Time: time.Now(), CausationID: cause.Envelope.ID, Sequence: head.Envelope.Sequence + 1},
	})
	require.NoError(w.t, err)
	return seq
}

// answerInputs records, for each input, the decisions of a script, until the test ends.
func (w *world) answerInputs(script func(bus.Input) []step) {
	w.t.Helper()
	consumer, err := w.js.OrderedConsumer(w.t.Context(), bus.In, jetstream.OrderedConsumerConfig{})
	require.NoError(w.t, err)
	var working sync.Mutex
	stopped := false
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		working.Lock()
		defer working.Unlock()
		if stopped {
			return
		}
		meta, err := msg.Metadata()
		if err != nil {
			return
		}
		envelope, e, err := event.Decode(msg.Data())
		if err != nil {
			return
		}
		input := bus.Input{Seq: meta.Sequence.Stream, Envelope: envelope, Event: e}
		for _, s := range script(input) {
			w.decide(envelope.Subject, input, s)
		}
	})
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		consuming.Stop()
		working.Lock() // the bus stays until what was begun is recorded
		defer working.Unlock()
		stopped = true
	})
}

// inputs returns everything that stands in WABA_IN about a restaurant.
func (w *world) inputs(id event.RestaurantID) []bus.Input {
	w.t.Helper()
	var list []bus.Input
	for after := uint64(0); ; {
		input, ok, err := w.history.NextInput(w.t.Context(), id, after)
		require.NoError(w.t, err)
		if !ok {
			return list
		}
		list = append(list, input)
		after = input.Seq
	}
}

// secrets returns how many sealed secrets there are.
func (w *world) secrets() uint64 {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), bus.Secrets)
	require.NoError(w.t, err)
	return stream.CachedInfo().State.Msgs
}

// The steps of a run.

func started(code event.Hash) step {
	return step{event.OnboardingStarted{Run: 1, From: event.OriginCode}, func(s *event.Snapshot) {
		restaurant, integration, input, created := s.RestaurantID, s.IntegrationID, s.InputSeq, s.CreatedAt
		run := s.Run + 1
		*s = event.Snapshot{InputSeq: input, CodeHash: code}
		s.RestaurantID, s.IntegrationID, s.CreatedAt, s.Run = restaurant, integration, created, run
		s.Status, s.Stage = event.StatusInProgress, event.StageExchange
	}}
}

func exchanged() step {
	return step{event.TokenExchanged{CredentialRef: "cred-1"}, func(s *event.Snapshot) {
		s.CredentialRef, s.TokenType = "cred-1", "bearer"
	}}
}

func checked(stops ...event.Stop) step {
	return step{event.TokenChecked{}, func(s *event.Snapshot) {
		s.Stage, s.UserID = event.StageDiscovery, "122000111"
		if len(stops) > 0 {
			s.RestsBefore = stops[0]
		}
	}}
}

func resumed() step {
	return step{event.OnboardingResumed{}, func(s *event.Snapshot) {
		s.RestsBefore, s.Status, s.Error, s.NextAction = "", event.StatusInProgress, nil, nil
	}}
}

func discovered(strategy event.Strategy) step {
	return step{event.WabaDiscovered{}, func(s *event.Snapshot) {
		s.Stage, s.WabaID, s.BusinessID, s.Strategy = event.StageSubscription, "880011223344", "777000111", strategy
	}}
}

func notFound() step {
	return step{event.WabaNotFound{}, func(s *event.Snapshot) { s.Stage, s.BusinessID = event.StageCreation, "777000111" }}
}

func created(strategy event.Strategy, stops ...event.Stop) step {
	return step{event.WabaCreationAttempted{Strategy: strategy, Outcome: event.ResultCreated}, func(s *event.Snapshot) {
		s.Strategies = append(s.Strategies, event.StrategyAttempt{Strategy: strategy, Outcome: event.ResultCreated})
		s.Stage, s.Strategy, s.Made = event.StagePolling, strategy, "880011223344"
		s.Polling = event.Polling{MaxAttempts: 10}
		if len(stops) > 0 {
			s.RestsBefore = stops[0]
		}
	}}
}

func polled(attempt int, found bool) step {
	return step{event.WabaPolled{Attempt: attempt, Found: found}, func(s *event.Snapshot) {
		s.Polling.Attempts = attempt
		if found {
			s.Stage, s.WabaID = event.StageSubscription, "880011223344"
		}
	}}
}

func ready() step {
	return step{event.WabaReady{}, func(s *event.Snapshot) {
		s.Stage, s.Status = event.StageDone, event.StatusCompleted
		s.PhoneNumberID, s.DisplayPhoneNumber = "106000111", "+55 11 5555-0001"
	}}
}

func expired(meta *event.MetaError) step {
	return step{event.OnboardingFailed{Code: event.CodeCodeExpired, Error: meta}, func(s *event.Snapshot) {
		s.Status = event.StatusFailed
		s.Error = &event.Problem{Code: event.CodeCodeExpired, Meta: meta}
		s.NextAction = &event.NextAction{Kind: event.ActionRestartSignup, Actor: event.ActorRestaurant}
	}}
}

// manualURL is where the run says that an account is made by hand.
const manualURL = "https://business.facebook.com/as/the/run/says"

func awaiting() step {
	return step{event.AwaitingWabaCreation{}, func(s *event.Snapshot) {
		s.Status = event.StatusAwaiting
		s.Error = &event.Problem{Code: event.CodeWabaNotCreated, Retryable: true}
		s.NextAction = &event.NextAction{
			Kind: event.ActionCreateWaba, Actor: event.ActorRestaurant, URL: manualURL,
			AvailableAt: time.Now().Add(5 * time.Minute).UTC(),
		}
	}}
}

func acting(code event.Code, kind event.ActionKind) step {
	return step{event.ActionRequired{Code: code}, func(s *event.Snapshot) {
		s.Status = event.StatusAction
		s.Error = &event.Problem{Code: code}
		s.NextAction = &event.NextAction{Kind: kind, Actor: event.ActorRestaurant}
	}}
}

func delayed(code event.Code, class event.Class, times int, until time.Duration) step {
	meta := &event.MetaError{Operation: "inspect_token", Code: 4, Class: class, FbtraceID: "Fb1"}
	return step{event.StepDelayed{Code: code, Error: meta}, func(s *event.Snapshot) {
		s.Error = &event.Problem{Code: code, Class: class, Retryable: true, Meta: meta}
		s.Delays, s.ResumeAt = times, time.Now().Add(until).UTC()
	}}
}

func refused(input event.Name, code event.Code, at time.Time) step {
	return step{event.InputRefused{Input: input, Code: code, AvailableAt: at}, nil}
}

// codeOf returns the hash of the code that an input brings.
func codeOf(in bus.Input) event.Hash {
	code, _ := in.Event.(event.OAuthCodeReceived)
	return code.CodeHash
}
