package httpapi

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/services/gateway/internal/webhook"
)

const (
	deauthorizePath  = "/api/whatsapp/meta/deauthorize"
	dataDeletionPath = "/api/whatsapp/meta/data-deletion"
)

// platformRoutes are what Meta's platform asks of every app.
func (s *Server) platformRoutes() {
	s.serve(endpoint{
		method: http.MethodPost, path: deauthorizePath, id: "deauthorize",
		summary:  "Meta says that a person has removed our app: a form with signed_request. What the person has authorized is looked at again.",
		statuses: map[int]string{http.StatusOK: "It is durable."},
	}, (*call).deauthorize)
	s.serve(endpoint{
		method: http.MethodPost, path: dataDeletionPath, id: "requestDataDeletion",
		summary:  "Meta says that a person wants what we have of them deleted: a form with signed_request.",
		statuses: map[int]string{http.StatusOK: "It is durable: url and confirmation_code, as Meta asks for."},
	}, (*call).deleteData)
	s.serve(endpoint{
		method: http.MethodGet, path: dataDeletionPath + "/{code}", id: "dataDeletionStatus",
		summary:  "What became of a request for deletion, for people.",
		statuses: map[int]string{http.StatusOK: "A page."},
	}, (*call).deletionStatus)
}

func (c *call) deauthorize() error {
	text, err := c.signedRequest()
	if err != nil {
		return err
	}
	if _, err := c.Inbox.AcceptCallback(c.lasting(), webhook.Deauthorize, text); err != nil {
		return callbackProblem(err)
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.RequestAccepted), Data: struct{}{}})
}

// deletion is the answer in Meta's form.
type deletion struct {
	URL  string `json:"url"`
	Code string `json:"confirmation_code"`
}

func (c *call) deleteData() error {
	text, err := c.signedRequest()
	if err != nil {
		return err
	}
	id, err := c.Inbox.AcceptCallback(c.lasting(), webhook.DataDeletion, text)
	if err != nil {
		return callbackProblem(err)
	}
	code := webhook.ConfirmationOf(c.Cursors, id)
	return c.write(http.StatusOK, "application/json", deletion{URL: c.PublicURL + dataDeletionPath + "/" + code, Code: code})
}

// deletionStatus shows whether a request was carried out. While the tables cannot be
// read it says what is certain: that it was received.
func (c *call) deletionStatus() error {
	id, ok := webhook.ParseConfirmation(c.Cursors, chi.URLParam(c.r, "code"))
	if !ok {
		return problemOf(errcode.NotFound)
	}
	title := errcode.DeletionReceived
	if c.Rows != nil {
		done, err := c.Rows.Erased(c.context(), id)
		if err != nil {
			c.Logger.WarnContext(c.context(), "requests for deletion cannot be read", "error", err)
		}
		if done.After(time.Time{}) {
			title = errcode.DeletionDone
		}
	}
	return c.show(http.StatusOK, pageView{Title: c.text(title), Text: c.text(errcode.DeletionMeans)})
}

// callbackProblem is that of a webhook, but for the signature: a form is no webhook.
func callbackProblem(err error) error {
	if errors.Is(err, webhook.ErrUnsigned) {
		return problemOf(errcode.SignedRequestInvalid)
	}
	return webhookProblem(err)
}

// signedRequest returns what a form brings as signed_request.
func (c *call) signedRequest() (string, error) {
	if err := c.Inbox.Ready(); err != nil {
		return "", webhookProblem(err)
	}
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return "", &problem{code: errcode.InvalidInput, detail: "Content-Type must be application/x-www-form-urlencoded"}
	}
	if err := c.readBytes(maxBody); err != nil {
		return "", err
	}
	form, err := url.ParseQuery(string(c.body))
	if err != nil || len(form["signed_request"]) != 1 {
		return "", invalid("signed_request", "must be given, once")
	}
	return form.Get("signed_request"), nil
}
