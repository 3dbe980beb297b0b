package metasim_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

// sim is a simulator behind a real HTTP server.
type sim struct {
	*metasim.Server
	url    string
	client *http.Client
}

func start(t *testing.T, options metasim.Options) *sim {
	t.Helper()
	server, err := metasim.New(options)
	require.NoError(t, err)
	front := httptest.NewServer(server)
	client := front.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(func() {
		client.CloseIdleConnections()
		require.NoError(t, server.Close())
		front.Close()
	})
	return &sim{Server: server, url: front.URL, client: client}
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

type graphError struct {
	Message   string `json:"message"`
	Type      string `json:"type"`
	Code      int    `json:"code"`
	Subcode   int    `json:"error_subcode"`
	Title     string `json:"error_user_title"`
	Trace     string `json:"fbtrace_id"`
	Transient bool   `json:"is_transient"`
	Data      struct {
		Product string `json:"messaging_product"`
		Details string `json:"details"`
	} `json:"error_data"`
}

func (r reply) graphError(t *testing.T) graphError {
	t.Helper()
	var body struct{ Error graphError }
	require.NoError(t, json.Unmarshal([]byte(r.text), &body), r.text)
	return body.Error
}

// refusedWith requires a Graph error of that status, code and subcode.
func (r reply) refusedWith(t *testing.T, status, code, subcode int) graphError {
	t.Helper()
	e := r.graphError(t)
	require.Equal(t, []int{status, code, subcode}, []int{r.status, e.Code, e.Subcode}, r.text)
	require.NotEmpty(t, e.Message)
	require.NotEmpty(t, e.Type)
	require.NotEmpty(t, e.Trace)
	return e
}

func (r reply) data(t *testing.T) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.text)
	rows, ok := r.json["data"].([]any)
	require.True(t, ok, r.text)
	data := make([]map[string]any, 0, len(rows))
	for _, row := range rows {
		data = append(data, row.(map[string]any))
	}
	return data
}

func (r reply) ids(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	for _, row := range r.data(t) {
		ids = append(ids, row["id"].(string))
	}
	return ids
}

// try sends a request; body is nil, a map for JSON, or url.Values for a form.
func (s *sim) try(t *testing.T, method, path, token string, body any) (reply, error) {
	t.Helper()
	var sent io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case url.Values:
		sent, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		text, err := json.Marshal(b)
		require.NoError(t, err)
		sent, kind = bytes.NewReader(text), "application/json"
	}
	target := path
	if strings.HasPrefix(path, "/") {
		target = s.url + path
	}
	request, err := http.NewRequestWithContext(t.Context(), method, target, sent)
	require.NoError(t, err)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	r := reply{status: response.StatusCode, header: response.Header, text: string(text)}
	if json.Unmarshal(text, &r.json) != nil {
		r.json = nil
	}
	return r, err
}

func (s *sim) do(t *testing.T, method, path, token string, body any) reply {
	t.Helper()
	r, err := s.try(t, method, path, token, body)
	require.NoError(t, err)
	return r
}

func (s *sim) get(t *testing.T, path, token string) reply {
	t.Helper()
	return s.do(t, http.MethodGet, "/v22.0"+path, token, nil)
}

func (s *sim) post(t *testing.T, path, token string, body any) reply {
	t.Helper()
	return s.do(t, http.MethodPost, "/v22.0"+path, token, body)
}

func exchangeForm(code string) url.Values {
	return url.Values{"client_id": {metasim.DefaultAppID}, "client_secret": {metasim.DefaultAppSecret}, "code": {code}}
}

func (s *sim) exchange(t *testing.T, code string) reply {
	t.Helper()
	return s.post(t, "/oauth/access_token", "", exchangeForm(code))
}

// token exchanges a code that must be good.
func (s *sim) token(t *testing.T, code string) string {
	t.Helper()
	r := s.exchange(t, code)
	require.Equal(t, http.StatusOK, r.status, r.text)
	return r.json["access_token"].(string)
}

const appToken = metasim.DefaultAppID + "|" + metasim.DefaultAppSecret

func (s *sim) debug(t *testing.T, token string) map[string]any {
	t.Helper()
	r := s.get(t, "/debug_token?input_token="+url.QueryEscape(token), appToken)
	require.Equal(t, http.StatusOK, r.status, r.text)
	return r.json["data"].(map[string]any)
}

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
