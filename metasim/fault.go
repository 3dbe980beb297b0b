package metasim

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults. Unless said otherwise the request is not executed.
const (
	FaultLatency    FaultKind = "latency"    // executed at once, answered late
	FaultError      FaultKind = "error"      // a Graph error
	FaultHTML       FaultKind = "html"       // an HTML page, as the edge in front of Meta sends
	FaultCut        FaultKind = "cut"        // the connection is closed without an answer
	FaultUnanswered FaultKind = "unanswered" // executed, then the connection is closed
	FaultTruncated  FaultKind = "truncated"  // executed, then half of the answer with a full stop
	FaultEmpty      FaultKind = "empty"      // a status without a body
	FaultStall      FaultKind = "stall"      // no answer until the client leaves
	FaultHuge       FaultKind = "huge"       // a body without a useful end
	FaultRedirect   FaultKind = "redirect"   // 302 to Location
	FaultBody       FaultKind = "body"       // Status with Body, whatever it is
	FaultUsage      FaultKind = "usage"      // executed and answered; only the usage headers differ
	FaultAltered    FaultKind = "altered"    // executed and answered, with another text: Replace, Header
)

var faultKinds = []FaultKind{
	FaultLatency, FaultError, FaultHTML, FaultCut, FaultUnanswered, FaultTruncated, FaultEmpty, FaultStall, FaultHuge, FaultRedirect,
	FaultBody, FaultUsage, FaultAltered,
}

// Fault is a scripted misbehaviour. It meets the requests that match Ops and
// Code, skips the first After of them, and then strikes Times times (0: for ever).
// Of several faults that match, the first that strikes wins: injected ones before
// the scenario's own, older before newer.
type Fault struct {
	Ops   []Op   `json:"ops,omitempty"`      // none: every operation
	Code  string `json:"code,omitempty"`     // the code whose world it strikes; never kept or shown
	World Key    `json:"code_key,omitempty"` // [KeyOf] that code; empty with an empty Code: every world
	After int    `json:"after,omitempty"`
	Times int    `json:"times,omitempty"`

	Kind      FaultKind `json:"kind"`
	LatencyMS int       `json:"latency_ms,omitempty"` // before the answer; goes with every kind
	Execute   bool      `json:"execute,omitempty"`    // do the work all the same, then misbehave
	Status    int       `json:"status,omitempty"`     // HTTP status of error (400), html (503), empty and body (200)

	ErrorCode    int    `json:"error_code,omitempty"` // of kind error
	ErrorSubcode int    `json:"error_subcode,omitempty"`
	Message      string `json:"message,omitempty"`
	Details      string `json:"details,omitempty"` // error_data.details
	Transient    bool   `json:"transient,omitempty"`

	// What the headers of the answer say of Meta's limits, with every kind that has one.
	AppUsage       int  `json:"app_usage,omitempty"`        // percent of the app's; 0: as it is, and 100 with error code 4
	AccountUsage   int  `json:"account_usage,omitempty"`    // percent of the account's; 0: as it is, and 100 with RegainMinutes
	RegainMinutes  int  `json:"regain_minutes,omitempty"`   // estimated_time_to_regain_access of the account
	RetryAfter     int  `json:"retry_after,omitempty"`      // seconds
	RetryAfterDate bool `json:"retry_after_date,omitempty"` // Retry-After as an HTTP date

	// Of kind altered: what stands in the body for what, and headers in place of
	// Meta's; an empty one is left out. Both are kept and shown: no secrets.
	Replace map[string]string `json:"replace,omitempty"`
	Header  map[string]string `json:"header,omitempty"`

	Location string `json:"location,omitempty"` // of kind redirect
	Body     string `json:"body,omitempty"`     // of kind body
	Bytes    int64  `json:"bytes,omitempty"`    // of kind huge; 64 MiB when 0
}

const hugeBytes = 64 << 20

// Validate reports every problem at once.
func (f Fault) Validate() error {
	var errs []error
	if !slices.Contains(faultKinds, f.Kind) {
		errs = append(errs, fmt.Errorf("kind %q is none of %q", f.Kind, faultKinds))
	}
	if f.After < 0 || f.Times < 0 || f.LatencyMS < 0 || f.Bytes < 0 || f.RetryAfter < 0 || f.RegainMinutes < 0 ||
		f.AppUsage < 0 || f.AccountUsage < 0 {
		errs = append(errs, errors.New("a count is below 0"))
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		errs = append(errs, fmt.Errorf("status %d is not in 200-599", f.Status))
	}
	if f.Kind == FaultError && f.ErrorCode == 0 {
		errs = append(errs, errors.New("an error needs its error_code"))
	}
	if f.Kind == FaultUsage && f.AppUsage+f.AccountUsage+f.RegainMinutes+f.RetryAfter == 0 {
		errs = append(errs, errors.New("usage needs what the headers say"))
	}
	if f.Kind == FaultAltered && len(f.Replace)+len(f.Header) == 0 {
		errs = append(errs, errors.New("altered needs replace or header"))
	}
	if f.Kind == FaultLatency && f.LatencyMS == 0 {
		errs = append(errs, errors.New("latency needs latency_ms"))
	}
	if f.Kind == FaultRedirect && f.Location == "" {
		errs = append(errs, errors.New("a redirect needs its location"))
	}
	if slices.ContainsFunc(f.Ops, func(op Op) bool { return op >= opCount }) {
		errs = append(errs, errors.New("an operation is unknown"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("metasim: fault: %w", err)
	}
	return nil
}

// executes reports whether the request is carried out.
func (f *Fault) executes() bool {
	switch f.Kind {
	case FaultLatency, FaultUnanswered, FaultTruncated, FaultUsage, FaultAltered:
		return true
	default:
		return f.Execute
	}
}

// cuts reports whether no answer is given.
func (f *Fault) cuts() bool {
	return f.Kind == FaultCut || f.Kind == FaultUnanswered || f.Kind == FaultStall
}

// alter gives an answer the text of an altered fault.
func (f *Fault) alter(a *answer) {
	for _, old := range slices.Sorted(maps.Keys(f.Replace)) {
		a.body = bytes.ReplaceAll(a.body, []byte(old), []byte(f.Replace[old]))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Header)) {
		a.set(name, f.Header[name])
	}
}

// graphError returns the error that an error fault answers with.
func (f *Fault) graphError() *graphError {
	e := &graphError{
		status: f.Status, code: f.ErrorCode, subcode: f.ErrorSubcode, message: f.Message, details: f.Details,
		transient: f.Transient,
	}
	if e.status == 0 {
		e.status = http.StatusBadRequest
	}
	if e.message == "" {
		e.message = fmt.Sprintf("(#%d) Simulated error", f.ErrorCode)
	}
	if e.code == 190 {
		e.challenge = "invalid_token"
	}
	return e
}

// fault is a [Fault] made ready for matching.
type fault struct {
	Fault
	ops opSet
	met uint32 // requests that matched; a scenario's faults are counted by the world
}

func compile(f Fault) fault {
	if f.Code != "" {
		f.World, f.Code = KeyOf(f.Code), ""
	}
	return fault{Fault: f, ops: setOf(f.Ops)}
}

// meet counts a matching request and reports whether the fault strikes it.
func (f *fault) meet(met *uint32) bool {
	*met++
	n := int(*met) - f.After
	return n > 0 && (f.Times == 0 || n <= f.Times)
}

// matchFault returns the fault that strikes a request, if one does, and counts
// the request with all that it met. It is part of what a replay repeats.
func (s *Server) matchFault(op Op, w *world) *Fault {
	var strikes *Fault
	for _, f := range s.faults {
		if !f.ops.has(op) || f.World != "" && (w == nil || f.World != w.key) {
			continue
		}
		if f.meet(&f.met) && strikes == nil {
			strikes = &f.Fault
		}
	}
	if w == nil {
		return strikes
	}
	own := w.scenario.faults
	if len(own) > 0 && w.matched == nil {
		w.matched = make([]uint32, len(own))
	}
	for i := range own {
		if !own[i].ops.has(op) {
			continue
		}
		if own[i].meet(&w.matched[i]) && strikes == nil {
			strikes = &own[i].Fault
		}
	}
	return strikes
}

// afterExchange holds the calls that need a token.
var afterExchange = except(Ops(), OpDialog, OpDialogAnswer, OpExchange)

func except(ops []Op, left ...Op) []Op {
	return slices.DeleteFunc(slices.Clone(ops), func(op Op) bool { return slices.Contains(left, op) })
}

// scripted makes the faults of a scenario.
func scripted(all ...Fault) []fault {
	compiled := make([]fault, 0, len(all))
	for _, f := range all {
		compiled = append(compiled, compile(f))
	}
	return compiled
}

// each makes one fault for each operation, so that each counts for itself.
func each(ops []Op, f Fault) []fault {
	compiled := make([]fault, 0, len(ops))
	for _, op := range ops {
		f.Ops = []Op{op}
		compiled = append(compiled, compile(f))
	}
	return compiled
}

// htmlPage is what the edge in front of Meta answers when Meta cannot.
var htmlPage = []byte(strings.TrimSpace(`
<!DOCTYPE html>
<html lang="en"><head><title>Error</title></head>
<body><h1>Sorry, something went wrong.</h1><p>We're working on it and we'll get it fixed as soon as we can.</p></body></html>
`))
