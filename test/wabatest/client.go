package wabatest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Answer is an HTTP answer.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	JSON   map[string]any // nil when the body is no JSON object
}

// Text returns a member of data, or of the object itself, as a text.
func (a Answer) Text(key string) string {
	if data, ok := a.JSON["data"].(map[string]any); ok {
		if text, ok := data[key].(string); ok {
			return text
		}
	}
	text, _ := a.JSON[key].(string)
	return text
}

// Do makes a request with a JSON body, or with none when body is nil. The error
// is that of a connection that failed.
func Do(tb testing.TB, method, url string, body any, header map[string]string) (Answer, error) {
	tb.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(tb, err)
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(tb.Context(), method, url, reader)
	require.NoError(tb, err)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	client := http.Client{
		Timeout:       90 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	answer := Answer{Status: response.StatusCode, Header: response.Header}
	if answer.Body, err = io.ReadAll(response.Body); err != nil {
		return Answer{}, err
	}
	_ = json.Unmarshal(answer.Body, &answer.JSON) // a page is no JSON
	return answer, nil
}

// Must is Do for a connection that must not fail.
func Must(tb testing.TB, method, url string, body any, header map[string]string) Answer {
	tb.Helper()
	answer, err := Do(tb, method, url, body, header)
	require.NoError(tb, err)
	return answer
}

// CompleteFlow posts a code as the brief does.
func CompleteFlow(tb testing.TB, api, restaurant, code string, header map[string]string) (Answer, error) {
	tb.Helper()
	return Do(tb, http.MethodPost, api+"/api/whatsapp/waba/complete-flow",
		map[string]string{"code": code, "state": "dev", "restaurant_id": restaurant}, header)
}
