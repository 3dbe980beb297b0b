package meta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// maxAnswer is the most that is read of an answer, after decompression.
const maxAnswer = 1 << 20

const userAgent = "waba-onboarding (+https://github.com/waba-platform/onboarding)"

// request is one request to the Graph API.
type request struct {
	op     errcode.Operation
	method string
	path   []string // below the version; ids among them have been checked
	query  url.Values
	body   any // sent as JSON; nil: none

	token seal.Secret
	proof bool // send the token's proof too

	anonymous bool // no token
	effect    bool // it changes something: an unreadable answer may mean that it is done
	once      bool // on a connection of its own
	anyStatus bool // an object without an error is an answer whatever the status
}

// answer is what a request is answered with.
type answer interface {
	// complete says whether all is there that must be.
	complete() bool
}

// do makes a call, unless a limit of Meta's keeps it back: then nothing was sent,
// and the error says after how long to come again. How it fails, if it does, is an
// *Error.
func (c *Client) do(ctx context.Context, r request, into answer) error {
	if kind, wait := c.limits.admit(r, errandOf(ctx)); wait > 0 {
		c.keptBack(ctx, r.op, kind)
		kept := refuse(r.op, ReasonLimit, event.ClassRateLimit)
		kept.RetryAfter = seconds(wait)
		return kept
	}
	return c.send(ctx, r, into)
}

// send sends a request and decodes its answer into into.
func (c *Client) send(ctx context.Context, r request, into answer) (err error) {
	started := time.Now()
	defer func() { c.record(ctx, r.op, time.Since(started), err) }()

	if !r.anonymous && !sendable(r.token) {
		return refuse(r.op, ReasonToken, event.ClassAuthExpired)
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var sent atomic.Bool
	httpRequest, err := c.newRequest(withSent(limited, &sent), r)
	if err != nil {
		return err
	}
	transport := c.pooled
	if r.once {
		transport = c.single
	}
	response, err := transport.RoundTrip(httpRequest)
	if err != nil {
		return r.failed(ctx, err, sent.Load())
	}
	defer func() { _ = response.Body.Close() }() // what was read is all that counts

	failure := r.receive(ctx, response, into)
	if failure != nil {
		failure.RetryAfter = retryAfter(response.Header, failure.MetaError, c.limits.now())
	}
	c.notice(ctx, r, response.Header, failure)
	if failure != nil {
		return failure
	}
	return nil
}

// receive reads an answer to its end.
func (r request) receive(ctx context.Context, response *http.Response, into answer) *Error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	watchOf(ctx)(Answer{Operation: r.op, Status: response.StatusCode, Header: response.Header, Body: body})
	if err != nil {
		failure := r.unanswered(reasonOf(ctx, err), response.StatusCode)
		failure.abandoned = ctx.Err()
		return failure
	}
	return r.read(response, body, into)
}

// newRequest writes the request down. A body cannot be rewound, so that no
// transport sends it a second time.
func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	target := c.root.JoinPath(r.path...)
	query := r.query
	if r.proof {
		if query == nil {
			query = url.Values{}
		}
		query.Set("appsecret_proof", c.proof(r.token))
	}
	target.RawQuery = query.Encode()

	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("graph %s: encode body: %w", r.op, err)
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("graph %s: malformed request", r.op) // its text repeats the URL
	}
	req.GetBody = nil
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !r.anonymous {
		req.Header.Set("Authorization", "Bearer "+r.token.Reveal())
	}
	return req, nil
}

// withSent lets sent say whether the request may have left. The transport asks
// for another connection only when nothing of the request went out on the last.
func withSent(ctx context.Context, sent *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { sent.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
}

// read makes of an answer what it means: decoded into into, or an error.
func (r request) read(response *http.Response, body []byte, into answer) *Error {
	status := response.StatusCode
	switch {
	case len(body) > maxAnswer:
		return r.unanswered(ReasonTooLarge, status)
	case status >= 300 && status < 400:
		return r.unanswered(ReasonRedirect, status)
	case !isObject(body):
		return r.unanswered(ReasonNotJSON, status)
	}
	var failure struct {
		Error *graphError `json:"error"`
	}
	if err := json.Unmarshal(body, &failure); err != nil {
		return r.unanswered(ReasonNotAsked, status)
	}
	if failure.Error != nil {
		return &Error{MetaError: failure.Error.classify(r.op, status)}
	}
	if status >= 300 && !r.anyStatus {
		return r.unanswered(ReasonNotAsked, status)
	}
	if err := json.Unmarshal(body, into); err != nil || !into.complete() {
		return r.unanswered(ReasonNotAsked, status)
	}
	return nil
}

// sendable says whether a token can stand in a header.
func sendable(token seal.Secret) bool {
	text := token.Reveal()
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return text != "" && len(text) <= 4096
}
