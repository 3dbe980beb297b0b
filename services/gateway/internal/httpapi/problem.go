package httpapi

import (
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
)

// problem is an answer that is not what was asked for. It is an error, so that a
// handler can return it from wherever it finds it.
type problem struct {
	code        event.Code
	detail      string // in English, for developers; repeats nothing of the request
	restaurant  event.RestaurantID
	meta        *event.MetaError
	action      *event.NextAction // in place of the catalogue's
	availableAt time.Time
	retryAfter  time.Duration // in place of availableAt
	location    string
	cause       error // for the log
}

// problemOf returns the problem of a code, as the catalogue tells it.
func problemOf(code event.Code) *problem { return &problem{code: code} }

// invalid says what is wrong with a field of a request, never what it was.
func invalid(field, what string) *problem {
	return &problem{code: errcode.InvalidInput, detail: field + " " + what}
}

// unavailableFor is when it is worth asking again.
const unavailableFor = 5 * time.Second

// unavailable says that the bus, or the database, does not answer.
func unavailable(err error) *problem {
	code := errcode.BusUnavailable
	if errors.Is(err, intake.ErrDatabase) {
		code = errcode.DatabaseUnavailable
	}
	return &problem{code: code, cause: err, retryAfter: unavailableFor}
}

// noRows says that the tables cannot be read; err is nil where there are none.
func noRows(err error) *problem {
	return &problem{code: errcode.DatabaseUnavailable, cause: err, retryAfter: unavailableFor}
}

// Error implements error.
func (p *problem) Error() string { return string(p.code) }

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.cause }

// status returns the HTTP status. A code of a run that goes on when somebody has
// acted is a problem all the same where nothing goes on.
func (p *problem) status() int {
	status := errcode.Explain(p.code).HTTPStatus
	if status < http.StatusBadRequest {
		return http.StatusUnprocessableEntity
	}
	return status
}

// problemDocument is both the brief's envelope and RFC 9457's problem.
type problemDocument struct {
	Type          string              `json:"type" doc:"urn:waba:error: and the code"`
	Title         string              `json:"title"`
	Status        int                 `json:"status"`
	Detail        string              `json:"detail" doc:"For developers, in English"`
	Instance      string              `json:"instance" doc:"This answer: urn:uuid: and the request id"`
	Success       bool                `json:"success" enum:"false"`
	Message       string              `json:"message" doc:"For the restaurant's user, in its language"`
	Code          event.Code          `json:"code" doc:"Stable; waba errors list has them all"`
	Retryable     bool                `json:"retryable"`
	NextAction    nextAction          `json:"next_action"`
	IntegrationID event.IntegrationID `json:"integration_id,omitempty"`
	Meta          *metaFacts          `json:"meta,omitempty" doc:"What Meta said"`
	TraceID       string              `json:"trace_id"`
}

// nextAction is who must act next, and how.
type nextAction struct {
	Kind        event.ActionKind    `json:"kind"`
	Actor       event.Actor         `json:"actor"`
	URL         string              `json:"url,omitempty"`
	AvailableAt *time.Time          `json:"available_at,omitempty"`
	Permissions []string            `json:"permissions,omitempty"`
	Choices     []event.PhoneNumber `json:"choices,omitempty"`
}

// metaFacts are what a caller may see of an error of Meta.
type metaFacts struct {
	Code      int    `json:"code"`
	Subcode   int    `json:"subcode,omitempty"`
	FbtraceID string `json:"fbtrace_id,omitempty"`
}

func (p *problem) document(c *call) problemDocument {
	entry := errcode.Explain(p.code)
	words := entry.Words(c.lang)
	action := p.nextAction()
	doc := problemDocument{
		Type:       "urn:waba:error:" + string(p.code),
		Title:      words.Title,
		Status:     p.status(),
		Detail:     p.detail,
		Instance:   "urn:uuid:" + note(c.context()).id,
		Message:    words.Text,
		Code:       p.code,
		Retryable:  retryable(p.code, &action),
		NextAction: c.viewAction(p.restaurant, action),
		Meta:       metaOf(p.meta),
		TraceID:    traceID(c),
	}
	if doc.Detail == "" {
		doc.Detail = entry.Words(errcode.English).Text
	}
	if p.restaurant != "" {
		doc.IntegrationID = event.IntegrationOf(p.restaurant)
	}
	return doc
}

// nextAction returns who must act next: as the catalogue has it, where nothing else
// is known.
func (p *problem) nextAction() event.NextAction {
	entry := errcode.Explain(p.code)
	action := event.NextAction{Kind: entry.Action, Actor: entry.Actor}
	if p.action != nil {
		action = *p.action
	}
	if !p.availableAt.IsZero() {
		action.AvailableAt = p.availableAt
	}
	return action
}

// comesBack returns after how long it is worth asking again; 0: nothing is known.
func (p *problem) comesBack(now time.Time) time.Duration {
	at := p.nextAction().AvailableAt
	if p.retryAfter > 0 || at.IsZero() {
		return p.retryAfter
	}
	return at.Sub(now)
}

// viewAction shows who must act next in a restaurant's run; id is empty where none is
// known.
func (c *call) viewAction(id event.RestaurantID, a event.NextAction) nextAction {
	if a.URL == "" {
		a.URL = c.dialogFor(id, a.Kind)
	}
	view := nextAction{Kind: a.Kind, Actor: a.Actor, URL: a.URL, Permissions: a.Permissions, Choices: a.Choices}
	if !a.AvailableAt.IsZero() {
		at := a.AvailableAt.UTC()
		view.AvailableAt = &at
	}
	return view
}

func metaOf(e *event.MetaError) *metaFacts {
	if e == nil || e.Code == 0 && e.FbtraceID == "" {
		return nil
	}
	return &metaFacts{Code: e.Code, Subcode: e.Subcode, FbtraceID: e.FbtraceID}
}

// traceID returns the id of the trace, else that of the request.
func traceID(c *call) string {
	if span := trace.SpanContextFromContext(c.context()); span.HasTraceID() {
		return span.TraceID().String()
	}
	return note(c.context()).id
}
