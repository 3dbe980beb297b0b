package httpapi

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

const webhookPath = "/api/whatsapp/webhook"

func (s *Server) webhookRoutes() {
	s.serve(endpoint{
		method: http.MethodGet, path: webhookPath, id: "verifyWebhook",
		summary: "Meta's handshake: repeats hub.challenge to who knows the token.",
		query: []parameter{
			{name: "hub.mode", doc: "subscribe."},
			{name: "hub.verify_token", doc: "WHATSAPP_VERIFY_TOKEN."},
			{name: "hub.challenge", doc: "Is repeated."},
		},
		statuses: map[int]string{http.StatusOK: "The challenge, as text."},
	}, (*call).handshake)
	s.serve(endpoint{
		method: http.MethodPost, path: webhookPath, id: "receiveWebhook", most: webhook.MaxBody,
		summary:  "What Meta sends by itself, signed by X-Hub-Signature-256. Answers 200 once it is durable; the same body again is the same webhook.",
		statuses: map[int]string{http.StatusOK: "It is durable."},
	}, (*call).receive)
}

// handshake answers Meta's first request. The token stands in the address, which is
// why addresses are never logged.
func (c *call) handshake() error {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil || len(query["hub.verify_token"]) != 1 || len(query["hub.challenge"]) != 1 {
		return problemOf(errcode.Forbidden)
	}
	challenge, err := webhook.Handshake(c.VerifyToken, query.Get("hub.mode"), query.Get("hub.verify_token"), query.Get("hub.challenge"))
	if err != nil {
		return problemOf(errcode.Forbidden)
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write([]byte(challenge)) // who has gone away asks again
	return nil
}

// receive takes in a webhook. Of what is not signed nothing is looked at.
func (c *call) receive() error {
	if err := c.Inbox.Ready(); err != nil {
		return webhookProblem(err)
	}
	if err := c.readBytes(webhook.MaxBody); err != nil {
		return err
	}
	if _, err := c.Inbox.Accept(c.lasting(), c.body, c.r.Header.Values("X-Hub-Signature-256")); err != nil {
		return webhookProblem(err)
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.RequestAccepted), Data: struct{}{}})
}

// webhookProblem says why something of Meta is not taken in.
func webhookProblem(err error) error {
	switch {
	case errors.Is(err, webhook.ErrUnsigned):
		return problemOf(errcode.WebhookUnsigned)
	case errors.Is(err, webhook.ErrNoSecret):
		return problemOf(errcode.WebhookUnconfigured)
	case errors.Is(err, webhook.ErrMalformed):
		return &problem{code: errcode.InvalidInput, detail: "what is signed is not of the form that is asked for"}
	case errors.Is(err, webhook.ErrTooLarge):
		return &problem{code: errcode.BodyTooLarge, detail: "there are more than 1,000 changes in it"}
	}
	return unavailable(err)
}
