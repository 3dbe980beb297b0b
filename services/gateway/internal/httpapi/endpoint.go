package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
)

// maxBody is the most that a body may have, in bytes.
const maxBody = 64 << 10

// endpoint is a route and what is to be said of it.
type endpoint struct {
	method   string
	path     string
	id       string // operationId
	summary  string
	scope    auth.Scope // empty: anybody may call
	data     any        // of the type of an answer's data; nil: not JSON
	statuses map[int]string
	query    []parameter
	bodyless bool  // a body may be left out: it counts as {}
	most     int64 // bytes of a body, of an open endpoint; 0: maxBody
}

// parameter is one of the query string.
type parameter struct {
	name   string
	doc    string
	values []string // that it may have; nil: any
}

func (s *Server) newCall(w http.ResponseWriter, r *http.Request) *call {
	return &call{Server: s, w: w, r: r, lang: errcode.MatchLanguage(r.Header.Get("Accept-Language"), string(s.Language))}
}

// open serves a handler to anybody.
func (s *Server) open(handler func(*call) error) http.HandlerFunc { return s.openTo(maxBody, handler) }

// openTo serves a handler to anybody who brings at most this many bytes.
func (s *Server) openTo(most int64, handler func(*call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.newCall(w, r)
		c.route = chi.RouteContext(r.Context()).RoutePattern()
		err := c.bounded(most)
		if err == nil {
			err = handler(c)
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// guarded serves a handler to principals with a scope.
func (s *Server) guarded(scope auth.Scope, handler func(*call) error) http.HandlerFunc {
	return s.open(func(c *call) error {
		who, err := s.authenticate(c.r)
		if err != nil {
			return problemOf(errcode.Unauthenticated)
		}
		note(c.context()).principal = who.ID
		if !who.May(scope) {
			return problemOf(errcode.Forbidden)
		}
		c.who = who
		return handler(c)
	})
}

func (s *Server) authenticate(r *http.Request) (auth.Principal, error) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if s.Keys != nil && strings.EqualFold(scheme, "Bearer") {
		return s.Keys.Authenticate(r.Context(), strings.TrimSpace(credential), time.Now())
	}
	if s.Dev && auth.OnLoopback(r) {
		return auth.Dev(), nil
	}
	return auth.Principal{}, auth.ErrUnauthorized
}

// serve registers an endpoint that takes no body.
func (s *Server) serve(e endpoint, handler func(*call) error) {
	s.spec.add(e, nil)
	if e.scope == "" {
		s.router.Method(e.method, e.path, s.openTo(max(e.most, maxBody), handler))
		return
	}
	s.router.Method(e.method, e.path, s.guarded(e.scope, handler))
}

// post registers an endpoint that takes a JSON object of type B.
func post[B any](s *Server, e endpoint, handler func(*call, B) error) {
	e.method = http.MethodPost
	check := s.spec.add(e, reflect.TypeFor[B]())
	s.router.Method(e.method, e.path, s.guarded(e.scope, func(c *call) error {
		if err := c.readBody(e.bodyless); err != nil {
			return err
		}
		object, err := readObject(c.body)
		if err != nil {
			return &problem{code: errcode.InvalidInput, detail: err.Error()}
		}
		if err := check(object); err != nil {
			return err
		}
		var body B
		if err := json.Unmarshal(c.body, &body); err != nil {
			return &problem{code: errcode.InvalidInput, detail: "the body is not of the form that is asked for"}
		}
		return handler(c, body)
	}))
}

// bounded refuses a body that is said to be too large before any of it has come.
func (c *call) bounded(most int64) error {
	if c.r.ContentLength > most {
		return c.tooLarge(most)
	}
	return nil
}

// tooLarge is told at once: a connection that goes on would have to be rid of the
// rest of the body first, which may never come.
func (c *call) tooLarge(most int64) error {
	c.w.Header().Set("Connection", "close")
	return &problem{code: errcode.BodyTooLarge, detail: "the body is larger than " + strconv.FormatInt(most>>10, 10) + " KiB"}
}

// readBody reads a body that is said to be JSON. The types that a page of another
// origin may send without asking first, as a form does, are refused, empty or not.
func (c *call) readBody(mayLack bool) error {
	typed := len(c.r.Header.Values("Content-Type")) > 0
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if (typed || !mayLack) && (err != nil || kind != "application/json") || c.r.Header.Get("Content-Encoding") != "" {
		return wrongType()
	}
	if err := c.readBytes(maxBody); err != nil {
		return err
	}
	switch {
	case mayLack && len(c.body) == 0:
		c.body = []byte("{}")
	case !typed:
		return wrongType()
	}
	return nil
}

// readBytes reads a body as it comes.
func (c *call) readBytes(most int64) (err error) {
	c.body, err = io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return c.tooLarge(most)
	}
	if err != nil {
		return &problem{code: errcode.InvalidInput, detail: "the body ends early"}
	}
	// The request is read: from here on only the answer has a deadline. Without this
	// the server's read deadline would look like a caller that hangs up.
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Time{})
	return nil
}

func wrongType() error {
	return &problem{code: errcode.InvalidInput, detail: "Content-Type must be application/json, without a Content-Encoding"}
}
