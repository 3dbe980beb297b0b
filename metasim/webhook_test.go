package metasim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

func TestAWebhookIsSignedAndWrittenAsMetaWritesIt(t *testing.T) {
	t.Parallel()
	var body, signature string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body, signature = string(text), r.Header.Get("X-Hub-Signature-256")
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(receiver.Close)
	meta, err := metasim.New(metasim.Options{WebhookURL: receiver.URL, AppSecret: "secret"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, meta.Close()) })

	status, err := meta.Notify(t.Context(), metasim.Notice{Code: "demo-default-1", Field: "phone_number_name_update", Event: "APPROVED"})
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, status, "the answer is told")
	require.Contains(t, body, `S\u00e3o Jo\u00e3o`)
	require.Regexp(t, "^sha256=[0-9a-f]{64}$", signature)

	status, err = meta.Notify(t.Context(), metasim.Notice{Code: "demo-default-1", Field: "account_update", Event: "PARTNER_ADDED"})
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, status)
	var sent struct {
		Entry []struct {
			ID      string
			Changes []struct {
				Value struct {
					WabaInfo struct {
						WabaID string `json:"waba_id"`
					} `json:"waba_info"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &sent))
	require.Equal(t, metasim.PartnerBusinessID, sent.Entry[0].ID)
	require.Equal(t, metasim.IDs("demo-default-1").WABA, sent.Entry[0].Changes[0].Value.WabaInfo.WabaID)

	control := httptest.NewServer(meta)
	t.Cleanup(control.Close)
	for _, tt := range []struct {
		body   string
		status int
	}{
		{`{"code":"demo-default-1","field":"security","event":"PIN_CHANGED"}`, http.StatusOK},
		{`{"field":"security"}`, http.StatusBadGateway},
		{`{"colour":"red"}`, http.StatusBadRequest},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, control.URL+"/_simulator/webhooks", strings.NewReader(tt.body))
		require.NoError(t, err)
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, tt.status, answer.StatusCode, tt.body)
	}
	require.Contains(t, body, "PIN_CHANGED")
}

func TestWithoutAnAddressNoWebhookIsSent(t *testing.T) {
	t.Parallel()
	meta, err := metasim.New(metasim.Options{})
	require.NoError(t, err)
	_, err = meta.Notify(t.Context(), metasim.Notice{Code: "x", Field: "security"})
	require.ErrorIs(t, err, metasim.ErrNoWebhook)
}
