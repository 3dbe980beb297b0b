package rehearse

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// seen is what came of a question.
type seen struct {
	needs   need
	because Reason // why it was not put
	answers []meta.Answer
	err     error
}

// failure returns how the client failed to get what it asked for, if it did.
func (a seen) failure() *meta.Error {
	failure, _ := errors.AsType[*meta.Error](a.err)
	return failure
}

// silence says why there is no answer of Meta's to compare with, and how that
// showed; "" when there is one.
func (a seen) silence() (because Reason, shown string) {
	failure := a.failure()
	switch {
	case a.because != "":
		return a.because, ""
	case errors.Is(a.err, errNothing):
		return Nothing, ""
	case failure == nil && a.err != nil:
		return Unanswered, ""
	case failure == nil:
		return "", ""
	}
	if because, ok := silences[failure.Reason]; ok {
		return because, shownFailure(failure)
	}
	switch failure.Reason {
	case "":
	case meta.ReasonNotAsked, meta.ReasonPaging:
		if failure.HTTPStatus >= 500 {
			return Unreadable, shownFailure(failure)
		}
		return "", "" // JSON: it is compared
	default:
		return Unanswered, shownFailure(failure)
	}
	switch {
	case failure.Class == event.ClassRateLimit:
		return Limited, shownFailure(failure)
	case failure.Class == event.ClassTransient:
		return Troubled, shownFailure(failure)
	case failure.Class == event.ClassAuthExpired && a.needs > needsGiven:
		return NotAccepted, shownFailure(failure)
	}
	return "", ""
}

var silences = map[meta.Reason]Reason{
	meta.ReasonAbandoned: OutOfTime,
	meta.ReasonLimit:     Limited,
	meta.ReasonNotJSON:   Unreadable,
	meta.ReasonTooLarge:  Unreadable,
	meta.ReasonRedirect:  Unreadable,
	meta.ReasonToken:     NotAccepted,
}

// shownFailure shows an error in numbers and in our own words.
func shownFailure(e *meta.Error) string {
	var parts []string
	if e.Reason != "" {
		parts = append(parts, string(e.Reason))
	} else {
		parts = append(parts, shownCode(e))
	}
	if e.HTTPStatus != 0 {
		parts = append(parts, "HTTP "+strconv.Itoa(e.HTTPStatus))
	}
	return strings.Join(parts, ", ")
}

func shownCode(e *meta.Error) string { return "Meta " + code{e.Code, e.Subcode}.String() }

// body returns the first answer, decoded; nil where there is none.
func (a seen) body() any {
	if len(a.answers) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(a.answers[0].Body))
	decoder.UseNumber()
	var body any
	if decoder.Decode(&body) != nil {
		return nil
	}
	return body
}

// place is a value and where it stands.
type place struct {
	path  string
	value any // absent where there is none
}

type absence struct{}

var absent = absence{}

// places returns the values at a path, as in "data.*.id" for those of all rows.
// What is missing on the way is one absent place.
func places(value any, path string) []place {
	found := []place{{"", value}}
	for step := range strings.SplitSeq(path, ".") {
		var next []place
		for _, p := range found {
			next = append(next, p.step(step)...)
		}
		found = next
	}
	return found
}

func (p place) step(name string) []place {
	path := strings.TrimPrefix(p.path+"."+name, ".")
	if name == "*" {
		rows, ok := p.value.([]any)
		if !ok {
			return []place{{path, absent}}
		}
		all := make([]place, 0, len(rows))
		for _, row := range rows {
			all = append(all, place{path, row})
		}
		return all
	}
	if object, ok := p.value.(map[string]any); ok {
		if value, ok := object[name]; ok && value != nil {
			return []place{{path, value}}
		}
	}
	return []place{{path, absent}}
}

// form is how a value is written in JSON.
type form string

const (
	missing form = "missing"
	text    form = "string"
	digits  form = "string of digits"
	numeral form = "number"
	truth   form = "boolean"
	list    form = "list"
	object  form = "object"
)

func formOf(value any) form {
	switch v := value.(type) {
	case string:
		if event.IsMetaID(v) {
			return digits
		}
		return text
	case json.Number:
		return numeral
	case bool:
		return truth
	case []any:
		return list
	case map[string]any:
		return object
	default:
		return missing
	}
}

// is reports whether a value in this form will do where another is believed.
func (f form) is(wanted form) bool { return f == wanted || f == digits && wanted == text }
