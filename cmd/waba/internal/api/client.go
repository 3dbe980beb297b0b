// Package api is a client of the gateway's HTTP API, for the tools.
package api

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

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Client calls the API. It is safe for concurrent use.
type Client struct {
	base string
	key  seal.Secret
	lang string
	http *http.Client
}

// answerWithin is how long an answer may take that waits for no outcome.
const answerWithin = 30 * time.Second

// New returns a client of the gateway at base. Without a key it calls as nobody,
// which a gateway in development lets in. lang is the language of messages.
func New(base string, key seal.Secret, lang string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("not an http or https URL")
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: answerWithin}
	return &Client{
		base: strings.TrimSuffix(base, "/") + "/api/whatsapp", key: key, lang: lang,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the key goes to this host alone
		}},
	}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Problem is an answer of the API that is not what was asked for.
type Problem struct {
	Status     int         `json:"status"`
	Code       event.Code  `json:"code"`
	Message    string      `json:"message"`
	Detail     string      `json:"detail"`
	NextAction *NextAction `json:"next_action"`
	TraceID    string      `json:"trace_id"`
}

// Error implements error.
func (p *Problem) Error() string { return fmt.Sprintf("%s (%s)", p.Message, p.Code) }

// UnreachableError says that nothing answers at the address.
type UnreachableError struct {
	URL string
	Err error
}

// Error implements error.
func (e *UnreachableError) Error() string { return e.URL + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// envelope is an answer that is no problem.
type envelope struct {
	Success bool            `json:"success"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// Status returns where a restaurant's integration stands, and the document as it
// came.
func (c *Client) Status(ctx context.Context, id event.RestaurantID) (Status, json.RawMessage, error) {
	var answer envelope
	if err := c.call(ctx, http.MethodGet, "/integrations/"+string(id), nil, nil, &answer); err != nil {
		return Status{}, nil, err
	}
	var status Status
	if err := json.Unmarshal(answer.Data, &status); err != nil {
		return Status{}, nil, fmt.Errorf("status of %s: %w", id, err)
	}
	return status, answer.Data, nil
}

// Code is what the web app hands in after Meta's dialog.
type Code struct {
	Code       string             `json:"code"`
	State      string             `json:"state"`
	Restaurant event.RestaurantID `json:"restaurant_id"`

	// What Embedded Signup has named, where it has.
	WabaID        string `json:"waba_id,omitempty"`
	PhoneNumberID string `json:"phone_number_id,omitempty"`
	BusinessID    string `json:"business_id,omitempty"`
}

// Answer is what a command has come to so far.
type Answer struct {
	Finished bool            `json:"success"`
	Message  string          `json:"message"`
	Data     json.RawMessage `json:"data"`
}

// CompleteFlow starts an onboarding. It does not wait for the outcome.
func (c *Client) CompleteFlow(ctx context.Context, code Code) (Answer, error) {
	body, err := json.Marshal(code)
	if err != nil {
		return Answer{}, fmt.Errorf("complete flow: %w", err)
	}
	var answer Answer
	header := http.Header{"Content-Type": {"application/json"}, "Prefer": {"respond-async"}}
	err = c.call(ctx, http.MethodPost, "/waba/complete-flow", header, body, &answer)
	return answer, err
}

// Disconnect asks that a restaurant is disconnected, and does not wait for it.
func (c *Client) Disconnect(ctx context.Context, id event.RestaurantID) (Answer, error) {
	var answer Answer
	header := http.Header{"Content-Type": {"application/json"}, "Prefer": {"respond-async"}}
	err := c.call(ctx, http.MethodPost, "/integrations/"+string(id)+"/disconnect", header, []byte("{}"), &answer)
	return answer, err
}

// Select chooses one of the accounts or numbers that a run offers.
func (c *Client) Select(ctx context.Context, id event.RestaurantID, choice event.PhoneNumber) (Answer, error) {
	body, err := json.Marshal(event.PhoneNumber{WabaID: choice.WabaID, ID: choice.ID})
	if err != nil {
		return Answer{}, fmt.Errorf("select: %w", err)
	}
	var answer Answer
	header := http.Header{"Content-Type": {"application/json"}}
	err = c.call(ctx, http.MethodPost, "/integrations/"+string(id)+"/phone/select", header, body, &answer)
	return answer, err
}

// call sends a request and decodes the answer.
func (c *Client) call(ctx context.Context, method, path string, header http.Header, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := c.do(ctx, method, path, header, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return &UnreachableError{URL: c.base + path, Err: err}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s answers with %s, and not with JSON", c.base+path, answer.Status)
	}
	return nil
}

const maxAnswer = 4 << 20

// do sends a request; an answer of 400 and more is a [Problem].
func (c *Client) do(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header = header.Clone()
	if request.Header == nil {
		request.Header = http.Header{}
	}
	request.Header.Set("Accept-Language", c.lang)
	if !c.key.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.key.Reveal())
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if answer.StatusCode < http.StatusBadRequest {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or given up
	problem := &Problem{Status: answer.StatusCode}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil || json.Unmarshal(text, problem) != nil || problem.Code == "" {
		return nil, fmt.Errorf("%s answers with %s", c.base+path, answer.Status)
	}
	return nil, problem
}

// unreachable tells an address where nothing answers from a caller who has given up.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return &UnreachableError{URL: strings.TrimSuffix(c.base, "/api/whatsapp"), Err: err}
}
