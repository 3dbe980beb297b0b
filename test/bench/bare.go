package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/metasim"
)

// bare makes the calls of one onboarding and nothing else: what Meta itself takes,
// on this machine, is what is left when everything of ours is left out.
type bare struct {
	url    string
	code   string // whose calls were learnt
	calls  []metasim.Entry
	pooled *http.Client
	single *http.Client // the exchange has a connection of its own, as in the service
}

// learn takes down which calls an onboarding makes.
func learn(ctx context.Context, sim *simulator, code string) (*bare, error) {
	calls, err := sim.ledger(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("learn the calls of an onboarding: %w", err)
	}
	if len(calls) == 0 {
		return nil, errors.New("learn the calls of an onboarding: the simulator has none")
	}
	return &bare{
		url: sim.url, code: code, calls: calls,
		pooled: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: posters}},
		single: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

// run makes the calls for a new code, one after the other, and returns how long
// they took together.
func (b *bare) run(ctx context.Context, code string) (time.Duration, error) {
	renamed := rename(metasim.IDs(b.code), metasim.IDs(code))
	token := ""
	var took time.Duration
	for _, call := range b.calls {
		request, err := b.request(ctx, call, renamed, code, token)
		if err != nil {
			return 0, err
		}
		client := b.pooled
		if call.Op == metasim.OpExchange {
			client = b.single
		}
		began := time.Now()
		response, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(response.Body)
		took += time.Since(began)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return 0, err
		}
		if response.StatusCode != call.Status {
			return 0, fmt.Errorf("bare %s: status %d and not %d: %s", call.Op, response.StatusCode, call.Status, body)
		}
		if call.Op == metasim.OpExchange {
			var got struct {
				Token string `json:"access_token"`
			}
			if err := json.Unmarshal(body, &got); err != nil {
				return 0, err
			}
			token = got.Token
		}
	}
	return took, nil
}

func rename(from, to metasim.WorldIDs) *strings.Replacer {
	return strings.NewReplacer(from.User, to.User, from.Business, to.Business, from.WABA, to.WABA, from.Phone, to.Phone, from.Page, to.Page)
}

// hidden is how the ledger shows a secret.
const hidden = "sha256:"

// request writes a call down anew: the ledger has its ids, which follow from the
// code, and hides its secrets, which we know.
func (b *bare) request(ctx context.Context, call metasim.Entry, renamed *strings.Replacer, code, token string) (*http.Request, error) {
	query, err := url.ParseQuery(call.Query)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{
		"code": code, "client_secret": metasim.DefaultAppSecret, "input_token": token,
		"appsecret_proof": metasim.Proof(metasim.DefaultAppSecret, token),
	}
	for name, values := range query {
		if strings.HasPrefix(values[0], hidden) {
			query.Set(name, secrets[name])
		}
	}
	var body io.Reader
	if len(call.Body) > 0 {
		text, err := reveal(call.Body)
		if err != nil {
			return nil, err
		}
		body = strings.NewReader(renamed.Replace(text))
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, b.url+renamed.Replace(call.Path)+"?"+query.Encode(), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	switch call.Op {
	case metasim.OpExchange:
	case metasim.OpDebugToken:
		request.Header.Set("Authorization", "Bearer "+metasim.DefaultAppID+"|"+metasim.DefaultAppSecret)
	default:
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// reveal puts a PIN where the ledger hides one.
func reveal(body []byte) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", err
	}
	for name, value := range fields {
		if bytes.HasPrefix(value, []byte(`"`+hidden)) {
			fields[name] = json.RawMessage(`"152563"`)
		}
	}
	text, err := json.Marshal(fields)
	return string(text), err
}
