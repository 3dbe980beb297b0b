package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

const (
	deauthorizing = "/api/whatsapp/meta/deauthorize"
	deleting      = "/api/whatsapp/meta/data-deletion"
	person        = `{"algorithm":"HMAC-SHA256","issued_at":1795000000,"user_id":"10200012345"}`
)

func signedRequest(secret, payload string) string {
	encoded := base64.RawURLEncoding.EncodeToString([]byte(payload))
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(encoded))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)) + "." + encoded
}

func (w *world) form(path, signedRequest string) answer {
	w.t.Helper()
	return w.send(http.MethodPost, path, url.Values{"signed_request": {signedRequest}}.Encode(),
		header{"Authorization": "", "Content-Type": "application/x-www-form-urlencoded"})
}

func TestACallbackOfMetasPlatformIsStoredOnceAndAnsweredInItsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		require.Equal(t, http.StatusOK, w.form(deauthorizing, signedRequest(appSecret, person)).status)
	}
	a := w.form(deleting, signedRequest(olderSecret, person))
	require.Equal(t, http.StatusOK, a.status, a.text)
	var answer map[string]string
	require.NoError(t, json.Unmarshal([]byte(a.text), &answer))
	require.Len(t, answer, 2)
	code := answer["confirmation_code"]
	require.Regexp(t, "^[0-9a-f]+$", code)
	require.Equal(t, "https://gateway.example"+deleting+"/"+code, answer["url"])

	list := w.stored()
	require.Len(t, list, 2)
	require.JSONEq(t, `{"object":"waba.platform","entry":[{"id":"10200012345","time":1795000000,"changes":[{"field":"deauthorize","value":{}}]}]}`, string(list[0].Data))
	require.Contains(t, string(list[1].Data), `"data_deletion"`)
	require.NotContains(t, string(list[0].Data), "signed_request", "what was signed can be used no more")

	page := w.get(deleting+"/"+code, header{"Authorization": ""})
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.text, "Recebemos o pedido")
	require.NotContains(t, page.text+a.text+w.logged(), "10200012345")
	for _, forged := range []string{code + "0", code[:len(code)-1] + "g", strings.Repeat("0", len(code)), "x"} {
		w.get(deleting+"/"+forged, header{"Authorization": ""}).problem(http.StatusNotFound, errcode.NotFound)
	}
}

func TestAForgedCallbackIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := signedRequest(appSecret, person)
	signature, payload, _ := strings.Cut(good, ".")
	for what, text := range map[string]string{
		"nothing":                "",
		"no signature":           "." + payload,
		"no payload":             signature + ".",
		"one part":               signature,
		"another secret":         signedRequest("guess", person),
		"an empty secret":        signedRequest("", person),
		"another payload":        signature + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(person, "12345", "12346", 1))),
		"no algorithm":           signedRequest(appSecret, `{"issued_at":1795000000,"user_id":"10200012345"}`),
		"the algorithm none":     signedRequest(appSecret, strings.Replace(person, "HMAC-SHA256", "none", 1)),
		"another algorithm":      signedRequest(appSecret, strings.Replace(person, "HMAC-SHA256", "HMAC-SHA1", 1)),
		"a padded signature":     signature + "=." + payload,
		"bits that mean nothing": signature[:len(signature)-1] + next(signature[len(signature)-1]) + "." + payload,
		"more than there may be": signedRequest(appSecret, strings.Repeat(" ", 10_000)+person),
	} {
		for _, path := range []string{deauthorizing, deleting} {
			a := w.form(path, text)
			require.Equal(t, http.StatusBadRequest, a.status, what)
			a.problem(http.StatusBadRequest, errcode.SignedRequestInvalid)
		}
	}
	for what, text := range map[string]string{
		"no person":          signedRequest(appSecret, `{"algorithm":"HMAC-SHA256","issued_at":1795000000}`),
		"an odd person":      signedRequest(appSecret, strings.Replace(person, "10200012345", "*", 1)),
		"no time":            signedRequest(appSecret, strings.Replace(person, "1795000000", "0", 1)),
		"a payload not JSON": signedRequest(appSecret, "<html>"),
	} {
		require.Equal(t, http.StatusUnprocessableEntity, w.form(deleting, text).status, what)
	}
	w.post(deleting, map[string]any{"signed_request": good}).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
	require.Empty(t, w.stored())
}

// next returns the next letter of base64: where only its low bits differ, they stand
// for nothing.
func next(letter byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[(strings.IndexByte(letters, letter)+1)%len(letters)])
}

func TestWithoutAnAppSecretEveryCallbackIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Inbox = webhook.NewInbox(nil, seal.Secret{}) })
	for _, path := range []string{deauthorizing, deleting} {
		w.form(path, signedRequest("", person)).problem(http.StatusServiceUnavailable, errcode.WebhookUnconfigured)
	}
}
