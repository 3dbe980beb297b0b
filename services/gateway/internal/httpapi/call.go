package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
)

// call is one request on its way to an answer.
type call struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	route string // pattern, as in "/api/whatsapp/integrations/{restaurant_id}"
	who   auth.Principal
	lang  errcode.Lang
	body  []byte // as it came; nil where there is none
}

// success is the envelope of an answer that is no problem.
type success struct {
	Success bool   `json:"success"` // true only when what was asked is finished
	Message string `json:"message"`
	Data    any    `json:"data"`
}

// page is the data of a list.
type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"` // empty: there are no more
}

func (c *call) context() context.Context { return c.r.Context() }

// lasting is the context of what must come to its end though the caller hangs up:
// a code that was read whole is accepted. The bus bounds each of its answers.
func (c *call) lasting() context.Context { return context.WithoutCancel(c.r.Context()) }

// restaurant returns a restaurant of the principal, or the same problem for one
// that is another's as for one that is none.
func (c *call) restaurant(text string) (event.RestaurantID, error) {
	id, err := event.ParseRestaurantID(text)
	if err != nil {
		return "", invalid("restaurant_id", "is not a UUID")
	}
	if !c.who.Sees(id) {
		return "", problemOf(errcode.NotFound)
	}
	note(c.context()).restaurant = id
	return id, nil
}

// restaurantInPath is restaurant for the path's parameter.
func (c *call) restaurantInPath() (event.RestaurantID, error) {
	return c.restaurant(chi.URLParam(c.r, "restaurant_id"))
}

// answer writes an envelope.
func (c *call) answer(status int, body success) error {
	return c.write(status, "application/json", body)
}

func (c *call) write(status int, contentType string, body any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // it is JSON, and said to be nothing else
	if err := encoder.Encode(body); err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", contentType)
	c.w.Header().Set("Content-Language", string(c.lang))
	c.w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(text.Bytes()) // a caller that has gone away changes nothing
	return nil
}

// fail writes a problem for an error. One that is no problem is logged, and told
// as an internal error, without its text.
func (c *call) fail(err error) {
	if c.context().Err() != nil && errors.Is(err, c.context().Err()) {
		note(c.context()).gone = true // and if half of the connection is still there:
		c.w.WriteHeader(499)
		return
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		c.Logger.ErrorContext(c.context(), "request failed", "route", c.route, "error", err)
		p = problemOf(errcode.Internal)
	}
	if p.cause != nil {
		c.Logger.WarnContext(c.context(), "request is refused", "route", c.route, "code", p.code, "error", p.cause)
	}
	header := c.w.Header()
	if p.location != "" {
		header.Set("Location", p.location)
	}
	if after := p.comesBack(time.Now()); after > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds(after)))
	}
	if p.status() == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="waba"`)
	}
	note(c.context()).code = p.code
	if err := c.write(p.status(), "application/problem+json", p.document(c)); err != nil {
		c.Logger.ErrorContext(c.context(), "problem is not written", "error", err)
	}
}

// onlyLooks says whether the request is a HEAD: it is told what a GET would be told,
// and changes nothing.
func (c *call) onlyLooks() bool { return c.r.Method == http.MethodHead }

// seconds rounds a wait up, so that nobody comes back too early.
func seconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

// text returns a message in the caller's language.
func (c *call) text(m errcode.Message) string { return m.In(c.lang, "") }

// words returns what to tell of a code in the caller's language.
func (c *call) words(code event.Code) errcode.Words { return errcode.Explain(code).Words(c.lang) }

func (c *call) statusURL(id event.RestaurantID) string {
	return c.PublicURL + "/api/whatsapp/integrations/" + string(id)
}

func (c *call) eventsURL(id event.RestaurantID) string { return c.statusURL(id) + "/events" }
