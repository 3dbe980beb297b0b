package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // a forger's
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

const (
	hookPath    = "/api/whatsapp/webhook"
	appSecret   = "app-secret-of-the-tests"
	olderSecret = "app-secret-before"
	verifyToken = "verify-token-of-the-tests"
)

// A body as Meta writes it: what is not ASCII is escaped, in lower case.
const approved = `{"object":"whatsapp_business_account","entry":[{"id":"880011223344","time":1795000100,` +
	`"changes":[{"field":"account_review_update","value":{"decision":"APPROVED","note":"caf\u00e9 \u2713"}}]}]}`

func mac(of func() hash.Hash, secret, body string) string {
	h := hmac.New(of, []byte(secret))
	h.Write([]byte(body))
	return hex.EncodeToString(h.Sum(nil))
}

func signed(body string) string { return "sha256=" + mac(sha256.New, appSecret, body) }

func (w *world) hook(body, signature string, headers ...header) answer {
	w.t.Helper()
	return w.send(http.MethodPost, hookPath, body, append([]header{{
		"Authorization": "", "Content-Type": "application/json", "X-Hub-Signature-256": signature,
	}}, headers...)...)
}

// stored returns all webhooks that are stored.
func (w *world) stored() []*jetstream.RawStreamMsg {
	w.t.Helper()
	stream, err := w.js.Stream(w.t.Context(), bus.Webhooks)
	require.NoError(w.t, err)
	var list []*jetstream.RawStreamMsg
	for seq := max(1, stream.CachedInfo().State.FirstSeq); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		msg, err := stream.GetMsg(w.t.Context(), seq)
		require.NoError(w.t, err)
		list = append(list, msg)
	}
	return list
}

func TestTheHandshakeRepeatsTheChallengeToWhoKnowsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shake := func(query string) answer { return w.get(hookPath+"?"+query, header{"Authorization": ""}) }

	a := shake("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + verifyToken)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "1158201444", a.text, "the challenge and nothing else")
	require.Equal(t, "text/plain; charset=utf-8", a.header.Get("Content-Type"))

	good := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {"1"}, "hub.verify_token": {verifyToken}}
	for what, change := range map[string]func(url.Values){
		"another token":              func(q url.Values) { q.Set("hub.verify_token", verifyToken+"x") },
		"a shorter token":            func(q url.Values) { q.Set("hub.verify_token", verifyToken[:5]) },
		"no token":                   func(q url.Values) { q.Del("hub.verify_token") },
		"an empty token":             func(q url.Values) { q.Set("hub.verify_token", "") },
		"two tokens":                 func(q url.Values) { q.Add("hub.verify_token", verifyToken) },
		"another mode":               func(q url.Values) { q.Set("hub.mode", "unsubscribe") },
		"no mode":                    func(q url.Values) { q.Del("hub.mode") },
		"no challenge":               func(q url.Values) { q.Del("hub.challenge") },
		"two challenges":             func(q url.Values) { q.Add("hub.challenge", "2") },
		"a challenge without an end": func(q url.Values) { q.Set("hub.challenge", strings.Repeat("1", 1000)) },
	} {
		query := url.Values{}
		for name, values := range good {
			query[name] = append([]string(nil), values...)
		}
		change(query)
		require.Equal(t, http.StatusForbidden, shake(query.Encode()).status, what)
	}
	require.Equal(t, http.StatusForbidden, shake("").status)
	require.Empty(t, w.stored())
	require.NotContains(t, w.logged(), verifyToken)
}

func TestWithoutAVerifyTokenNoHandshakeSucceeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *httpapi.Settings, _ *httpapi.Parts) { s.VerifyToken = seal.Secret{} })
	a := w.get(hookPath+"?hub.mode=subscribe&hub.challenge=1&hub.verify_token=", header{"Authorization": ""})
	a.problem(http.StatusForbidden, errcode.Forbidden)
}

func TestASignedWebhookIsStoredAsItCameAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		a := w.hook(approved, signed(approved))
		require.Equal(t, http.StatusOK, a.status, a.text)
		require.Equal(t, true, a.json()["success"])
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			a, err := w.try(t.Context(), http.MethodPost, hookPath, approved, header{"Authorization": "", "X-Hub-Signature-256": signed(approved)})
			if err != nil || a.status != http.StatusOK {
				t.Errorf("%v %d", err, a.status)
			}
		})
	}
	group.Wait()
	list := w.stored()
	require.Len(t, list, 1)
	require.True(t, bytes.Equal([]byte(approved), list[0].Data), "byte for byte")
	require.Equal(t, "waba.webhook."+string(event.WebhookID([]byte(approved))), list[0].Subject)
	require.NotContains(t, w.logged(), "APPROVED", "what Meta says is not for the log")
}

// The server forgets message ids after two minutes; Meta repeats for a week.
func TestTheSameWebhookIsStoredOnceEvenWhenItsIDIsForgotten(t *testing.T) {
	t.Parallel()
	js := natstest.New(t)
	w := newWorldOn(t, js)
	_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: event.WebhookSubject(event.WebhookID([]byte(approved))), Data: []byte(approved)})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.hook(approved, signed(approved)).status)
	require.Len(t, w.stored(), 1)
}

func TestWhatASecretThatWasChangedHasSignedIsTakenWhileItIsSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.hook(approved, "sha256="+mac(sha256.New, olderSecret, approved)).status)
	require.Len(t, w.stored(), 1)
}

func TestAForgedWebhookIsRefusedAndNothingOfItIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var parsed any
	require.NoError(t, json.Unmarshal([]byte(approved), &parsed))
	again, err := json.Marshal(parsed)
	require.NoError(t, err)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err = zip.Write([]byte(approved))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	good := signed(approved)
	plain := strings.NewReplacer(`\u00e9`, "é", `\u2713`, "✓").Replace(approved)

	for what, forgery := range map[string]struct {
		body, signature string
		headers         header
	}{
		"no signature":                    {body: approved},
		"an empty signature":              {approved, " ", nil},
		"the old signature alone":         {approved, "", header{"X-Hub-Signature": "sha1=" + mac(sha1.New, appSecret, approved)}},
		"the old signature as the new":    {approved, "sha1=" + mac(sha1.New, appSecret, approved), nil},
		"sha1 under the new name":         {approved, "sha256=" + mac(sha1.New, appSecret, approved), nil},
		"another secret":                  {approved, "sha256=" + mac(sha256.New, "guess", approved), nil},
		"an empty secret":                 {approved, "sha256=" + mac(sha256.New, "", approved), nil},
		"another body":                    {strings.Replace(approved, "APPROVED", "REJECTED", 1), good, nil},
		"a body that was written again":   {string(again), good, nil},
		"a body with other escapes":       {plain, good, nil},
		"a body in which escapes are big": {strings.Replace(approved, `\u00e9`, `\u00E9`, 1), good, nil},
		"a body cut short":                {approved[:len(approved)-1], good, nil},
		"a body with a line more":         {approved + "\n", good, nil},
		"a packed body":                   {packed.String(), good, header{"Content-Encoding": "gzip"}},
		"an empty body":                   {"", good, nil},
		"no name of the method":           {approved, strings.TrimPrefix(good, "sha256="), nil},
		"the name in capitals":            {approved, "SHA256=" + strings.TrimPrefix(good, "sha256="), nil},
		"digits in capitals":              {approved, "sha256=" + strings.ToUpper(strings.TrimPrefix(good, "sha256=")), nil},
		"a short signature":               {approved, good[:len(good)-2], nil},
		"a long signature":                {approved, good + "00", nil},
		"a signature and more":            {approved, good + "," + good, nil},
	} {
		a := w.hook(forgery.body, forgery.signature, forgery.headers)
		require.Equal(t, http.StatusUnauthorized, a.status, what)
		a.problem(http.StatusUnauthorized, errcode.WebhookUnsigned)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+hookPath, strings.NewReader(approved))
	require.NoError(t, err)
	request.Header["X-Hub-Signature-256"] = []string{good, "sha256=" + mac(sha256.New, "guess", approved)}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusUnauthorized, response.StatusCode, "two signatures, one of them good")
	require.Empty(t, w.stored())
}

func TestWithoutAnAppSecretEveryWebhookIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) {
		p.Inbox = webhook.NewInbox(nil, seal.Secret{}, seal.Secret{})
	})
	for _, signature := range []string{"", signed(approved), "sha256=" + mac(sha256.New, "", approved)} {
		body := w.hook(approved, signature).problem(http.StatusServiceUnavailable, errcode.WebhookUnconfigured)
		require.Equal(t, true, body["retryable"], "Meta sends it again, for days")
	}
	require.Empty(t, w.stored())
}

func TestASignedBodyThatIsNoWebhookIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for what, body := range map[string]string{
		"nothing":            "",
		"no JSON":            "<html>",
		"half of it":         approved[:40],
		"null":               "null",
		"a list":             "[]",
		"two documents":      approved + approved,
		"entry is no list":   `{"entry":{}}`,
		"changes is no list": `{"entry":[{"changes":3}]}`,
		"deep":               `{"entry":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}",
	} {
		a := w.hook(body, signed(body))
		require.Equal(t, http.StatusUnprocessableEntity, a.status, what)
	}
	require.Empty(t, w.stored())
	// Kinds and shapes of tomorrow are kept all the same.
	for _, body := range []string{`{}`, `{"entry":[]}`, `{"entry":[{"id":880011223344,"changes":["?",7,null]}],"object":["x"]}`} {
		require.Equal(t, http.StatusOK, w.hook(body, signed(body)).status, body)
	}
	require.Len(t, w.stored(), 3)
}

func changes(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = `{"field":"account_update","value":{}}`
	}
	return `{"entry":[{"id":"1","changes":[` + strings.Join(list, ",") + `]},{"id":"2","changes":[]}]}`
}

func TestAWebhookHasAtMostThreeMegabytesAndAThousandChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.hook(changes(1000), signed(changes(1000))).status)
	w.hook(changes(1001), signed(changes(1001))).problem(http.StatusRequestEntityTooLarge, errcode.BodyTooLarge)

	largest := `{"entry":[],"pad":"` + strings.Repeat("a", webhook.MaxBody-21) + `"}`
	require.Len(t, largest, webhook.MaxBody)
	a := w.hook(largest, signed(largest))
	require.Equal(t, http.StatusOK, a.status, a.text)
	list := w.stored()
	require.Equal(t, largest, string(list[len(list)-1].Data))
	larger := largest + " "
	// It is refused before it has come, so that the connection may be gone while it is sent.
	a, err := w.try(t.Context(), http.MethodPost, hookPath, larger, header{"Authorization": "", "X-Hub-Signature-256": signed(larger)})
	if err == nil {
		a.problem(http.StatusRequestEntityTooLarge, errcode.BodyTooLarge)
	}
	require.Len(t, w.stored(), 2)
}

func TestAWebhookIsNotTakenWhileTheBusIsAway(t *testing.T) {
	t.Parallel()
	server := natstest.Server(t)
	js := natstest.Connect(t, server)
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	w := newWorldOn(t, js)
	require.NoError(t, js.DeleteStream(t.Context(), bus.Webhooks))
	a := w.hook(approved, signed(approved))
	a.problem(http.StatusServiceUnavailable, errcode.BusUnavailable)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NoError(t, bus.Migrate(t.Context(), js, 1))
	require.Eventually(t, func() bool {
		return w.hook(approved, signed(approved)).status == http.StatusOK
	}, 10*time.Second, 50*time.Millisecond)
}
