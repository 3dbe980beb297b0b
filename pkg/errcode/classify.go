package errcode

import (
	"net/http"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// MetaError is what is known of one error of Meta: a code, or a code with a
// subcode.
type MetaError struct {
	Code      int
	Subcode   int         // 0: the code with any subcode that has no row of its own
	Only      []Operation // the calls that it is about; empty: all
	Name      string
	Class     event.Class
	Retryable bool   // the same request may be sent again by a machine, later
	Remedy    string // for an operator
	Source    string // where Meta says so; "seen" where others met it
}

// family is a range of codes that Meta names as one.
type family struct {
	first, last int
	class       event.Class
}

var families = []family{
	{200, 299, event.ClassPermission},
	{80000, 80014, event.ClassRateLimit},
}

// MetaErrors returns every known error of Meta, by code and subcode.
func MetaErrors() []MetaError {
	rows := slices.Concat(graphErrors, whatsappErrors)
	slices.SortStableFunc(rows, func(a, b MetaError) int {
		if a.Code != b.Code {
			return a.Code - b.Code
		}
		return a.Subcode - b.Subcode
	})
	return rows
}

type metaKey struct{ code, subcode int }

// metaIndex holds the rows of each code and subcode, those of named calls first.
var metaIndex = func() map[metaKey][]MetaError {
	index := make(map[metaKey][]MetaError)
	for _, row := range slices.Concat(graphErrors, whatsappErrors) {
		key := metaKey{row.Code, row.Subcode}
		index[key] = append(index[key], row)
	}
	for _, rows := range index {
		slices.SortStableFunc(rows, func(a, b MetaError) int {
			return min(len(b.Only), 1) - min(len(a.Only), 1)
		})
	}
	return index
}()

// LookupMeta returns what is known of an error that a call met: the row of its
// code and subcode, else that of its code.
func LookupMeta(op Operation, code, subcode int) (MetaError, bool) {
	for _, key := range []metaKey{{code, subcode}, {code, 0}} {
		for _, row := range metaIndex[key] {
			if len(row.Only) == 0 || slices.Contains(row.Only, op) {
				return row, true
			}
		}
	}
	return MetaError{}, false
}

// Classify says what an error object of Meta means for the call that met it. The
// code decides; the HTTP status only where the code is unknown, and what Meta
// says of itself (is_transient) only where no row knows better.
func Classify(op Operation, httpStatus, code, subcode int, isTransient bool) event.Class {
	if row, ok := LookupMeta(op, code, subcode); ok {
		return row.Class
	}
	for _, f := range families {
		if code >= f.first && code <= f.last {
			return f.class
		}
	}
	if isTransient {
		return event.ClassTransient
	}
	return classifyStatus(httpStatus)
}

// classifyStatus is the last resort: Meta's statuses differ between pages and
// reality.
func classifyStatus(httpStatus int) event.Class {
	switch {
	case httpStatus >= 500:
		return event.ClassTransient
	case httpStatus == http.StatusTooManyRequests:
		return event.ClassRateLimit
	case httpStatus == http.StatusUnauthorized:
		return event.ClassAuthExpired
	case httpStatus == http.StatusForbidden:
		return event.ClassPermission
	default:
		return event.ClassInvalid
	}
}

// minimumWaits are waits that no header shortens: before their end the same call
// cannot succeed, and some of these calls count against a limit of 72 hours.
var minimumWaits = map[int]time.Duration{
	131057:  5 * time.Minute, // account in maintenance: "a few minutes"
	133008:  12 * time.Hour,  // PIN locked: Meta says how long in its text only
	133009:  5 * time.Minute,
	133015:  5 * time.Minute,
	133016:  72 * time.Hour,
	2494100: 5 * time.Minute, // number in maintenance: "a few minutes"
}

// usualWaits are how long a limit lasts where Meta names no time. Limits of app,
// user, page and account count over a rolling hour, of which some is over when an
// account's is met.
var usualWaits = map[int]time.Duration{
	4:      time.Hour,
	17:     time.Hour,
	32:     time.Hour,
	341:    15 * time.Minute,
	613:    15 * time.Minute,
	80007:  30 * time.Minute,
	80008:  30 * time.Minute, // another name for 80007
	130429: time.Minute,
	131056: time.Minute,
}

// MinimumWait returns how long must pass at least before the call that met this
// error is made again, whatever else Meta says; 0: nothing is known.
func MinimumWait(code, _ int) time.Duration { return minimumWaits[code] }

// UsualWait returns how long to wait where Meta's answer names no time; 0: the
// caller's own backoff.
func UsualWait(code, subcode int) time.Duration {
	if wait := MinimumWait(code, subcode); wait > 0 {
		return wait
	}
	if wait, ok := usualWaits[code]; ok {
		return wait
	}
	if code >= 80000 && code <= 80014 {
		return time.Hour
	}
	return 0
}
