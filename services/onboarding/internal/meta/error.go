package meta

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// Error is how a call failed. It can be recorded and logged as it is: it holds
// nothing that Meta wrote but numbers and a trace id.
type Error struct {
	event.MetaError
	Reason Reason // set where no error object of Meta came

	abandoned error // why the caller gave up, if it did
}

// Reason says why there is no readable answer. It is fit for a metric.
type Reason string

// The reasons.
const (
	ReasonDNS       Reason = "dns"
	ReasonDial      Reason = "dial"
	ReasonAddress   Reason = "forbidden_address"
	ReasonTLS       Reason = "tls"
	ReasonTimeout   Reason = "timeout"
	ReasonAbandoned Reason = "abandoned" // the caller's context ended
	ReasonCut       Reason = "cut"
	ReasonTransport Reason = "transport"
	ReasonRedirect  Reason = "redirect"
	ReasonTooLarge  Reason = "too_large"
	ReasonNotJSON   Reason = "not_json"        // nor an object without a key twice
	ReasonNotAsked  Reason = "incomplete"      // JSON, and not what was asked for
	ReasonPaging    Reason = "endless_list"    // or one that does not say how it goes on
	ReasonToken     Reason = "malformed_token" // nothing was sent
	ReasonID        Reason = "malformed_id"    // nothing was sent
	ReasonStrategy  Reason = "not_a_creation"  // nothing was sent
	ReasonLimit     Reason = "limited"         // nothing was sent: a limit of Meta's that we know of lasts
)

// Error implements error, as in "graph create_waba: permission (Meta 200/1349174,
// HTTP 403)".
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "graph %s: %s", e.Operation, e.Class)
	switch {
	case e.Reason != "" && e.HTTPStatus != 0:
		fmt.Fprintf(&b, " (%s, HTTP %d)", e.Reason, e.HTTPStatus)
	case e.Reason != "":
		fmt.Fprintf(&b, " (%s)", e.Reason)
	case e.Subcode != 0:
		fmt.Fprintf(&b, " (Meta %d/%d, HTTP %d)", e.Code, e.Subcode, e.HTTPStatus)
	default:
		fmt.Fprintf(&b, " (Meta %d, HTTP %d)", e.Code, e.HTTPStatus)
	}
	return b.String()
}

// Unwrap returns the error of the caller's context where that ended the call.
func (e *Error) Unwrap() error { return e.abandoned }

// refuse returns the error of a call that is not worth sending.
func refuse(op errcode.Operation, reason Reason, class event.Class) *Error {
	return &Error{Reason: reason, MetaError: event.MetaError{Operation: string(op), Class: class}}
}

// unanswered returns the error of a call that got no readable answer. status is 0
// where none came.
func (r request) unanswered(reason Reason, status int) *Error {
	class := event.ClassUnanswered
	switch {
	case status == 429:
		class = event.ClassRateLimit
	case status >= 400 && !r.effect:
		class = event.ClassTransient
	}
	return &Error{Reason: reason, MetaError: event.MetaError{
		Operation: string(r.op), Class: class, HTTPStatus: status,
	}}
}

// failed returns the error of a round trip. Whether the request was sent decides.
func (r request) failed(ctx context.Context, err error, sent bool) *Error {
	class := event.ClassUnreachable
	if sent {
		class = event.ClassUnanswered
	}
	return &Error{
		Reason:    reasonOf(ctx, err),
		MetaError: event.MetaError{Operation: string(r.op), Class: class},
		abandoned: ctx.Err(),
	}
}

// reasonOf puts an error of the network into one word. ctx is the caller's.
func reasonOf(ctx context.Context, err error) Reason {
	if ctx.Err() != nil {
		return ReasonAbandoned
	}
	if errors.Is(err, errForbiddenAddress) {
		return ReasonAddress
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return ReasonDNS
	}
	if isTLS(err) {
		return ReasonTLS
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return ReasonTimeout
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return ReasonDial
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return ReasonCut
	}
	return ReasonTransport
}

func isTLS(err error) bool {
	if errors.Is(err, http.ErrSchemeMismatch) { // plain http where TLS was expected
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok
}

// graphError is Meta's error object, without its texts. It is read leniently: that
// the call failed is certain, whatever else is wrong with the object.
type graphError struct {
	code      int // -1: none, so that no row has it and the status decides
	subcode   int
	transient bool
	fbtraceID string
}

// UnmarshalJSON implements [json.Unmarshaler]. It accepts objects.
func (g *graphError) UnmarshalJSON(data []byte) error {
	var raw struct {
		Code      json.RawMessage `json:"code"`
		Subcode   json.RawMessage `json:"error_subcode"`
		Inner     json.RawMessage `json:"subcode"` // its name inside of debug_token
		Transient json.RawMessage `json:"is_transient"`
		FbtraceID json.RawMessage `json:"fbtrace_id"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*g = graphError{code: -1, transient: isTrue(raw.Transient), fbtraceID: traceID(raw.FbtraceID)}
	if n, ok := wholeNumber(raw.Code); ok {
		g.code = n
	}
	for _, subcode := range []json.RawMessage{raw.Inner, raw.Subcode} {
		if n, ok := wholeNumber(subcode); ok {
			g.subcode = n
		}
	}
	return nil
}

func wholeNumber(raw json.RawMessage) (int, bool) {
	var n number
	if len(raw) == 0 || string(raw) == "null" || n.UnmarshalJSON(raw) != nil || n < 0 || n > 1<<31 {
		return 0, false
	}
	return int(n), true
}

// classify returns what an error object means for the call.
func (g graphError) classify(op errcode.Operation, status int) event.MetaError {
	return event.MetaError{
		Operation:  string(op),
		Code:       max(g.code, 0),
		Subcode:    g.subcode,
		Class:      errcode.Classify(op, status, g.code, g.subcode, g.transient),
		HTTPStatus: status,
		FbtraceID:  g.fbtraceID,
	}
}

// traceID returns what can be one of Meta's trace ids, and nothing of a text that
// could be anything else.
func traceID(raw json.RawMessage) string {
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) != nil || len(text) > 64 {
		return ""
	}
	if strings.ContainsFunc(text, func(c rune) bool { return !strings.ContainsRune(traceLetters, c) }) {
		return ""
	}
	return text
}

const traceLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/="
