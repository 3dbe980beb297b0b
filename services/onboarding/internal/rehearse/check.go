package rehearse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
)

// finding is what a belief comes to.
type finding struct {
	verdict Verdict
	seen    string
	because Reason
}

func agrees(seen string) finding  { return finding{verdict: Agrees, seen: seen} }
func differs(seen string) finding { return finding{verdict: Differs, seen: seen} }
func unknown(because Reason, seen string) finding {
	return finding{verdict: Unknown, because: because, seen: seen}
}

// check compares an answer of Meta's with a belief. It is asked only where there
// is an answer.
type check func(*session, seen) finding

// all agree, and the last says how; or the first that does not is what counts, one
// that differs before one that is unknown.
func all(checks ...check) check {
	return func(s *session, a seen) finding {
		var sum finding
		for _, c := range checks {
			switch got := c(s, a); {
			case got.verdict == Differs:
				return got
			case sum.verdict != Unknown:
				sum = got
			}
		}
		return sum
	}
}

// code is an error of Meta's. A subcode of anySubcode is any or none.
type code struct{ code, subcode int }

const anySubcode = -1

// String writes it as in 100/33.
func (c code) String() string {
	if c.subcode > 0 {
		return fmt.Sprintf("%d/%d", c.code, c.subcode)
	}
	return strconv.Itoa(c.code)
}

// refusedWith believes that the answer is one of these errors.
func refusedWith(codes ...code) check {
	return func(_ *session, a seen) finding {
		failure := a.failure()
		switch {
		case failure == nil:
			return differs("accepted")
		case failure.Reason != "":
			return differs(shownFailure(failure))
		case slices.ContainsFunc(codes, func(c code) bool {
			return c.code == failure.Code && (c.subcode == anySubcode || c.subcode == failure.Subcode)
		}):
			return agrees(shownCode(failure))
		}
		return differs(shownCode(failure))
	}
}

// readable believes that the client can read the answer.
func readable(_ *session, a seen) finding {
	failure := a.failure()
	switch {
	case failure == nil:
		return agrees("")
	case failure.Reason != "":
		return differs(shownFailure(failure))
	}
	return unknown(Refused, shownCode(failure))
}

// knownFields believes that each field that we ask for exists: else Meta refuses
// the call with code 100.
func knownFields(_ *session, a seen) finding {
	failure := a.failure()
	switch {
	case failure == nil || failure.Reason != "":
		return agrees("")
	case failure.Code == 100 && failure.Subcode != 33:
		return differs(shownCode(failure))
	}
	return unknown(Refused, shownCode(failure))
}

// has believes that a value stands there in this form. An empty list says nothing.
func has(path string, wanted form) check { return written(path, wanted, differs("missing "+path)) }

// mayHave believes the same of a value that may be left out.
func mayHave(path string, wanted form) check { return written(path, wanted, unknown(Unsaid, path)) }

func written(path string, wanted form, ifMissing finding) check {
	return lookAt(path, func(_ *session, found []place) finding {
		left := false
		for _, p := range found {
			switch got := formOf(p.value); {
			case got == missing:
				left = true
			case !got.is(wanted):
				return differs(fmt.Sprintf("%s: %s", p.path, got))
			}
		}
		if left {
			return ifMissing
		}
		return agrees(fmt.Sprintf("%s: %s", path, wanted))
	})
}

// oneOf believes that the words there are among those that we know. A word of
// Meta's that is new is shown if it is a plain one.
func oneOf(path string, known ...string) check {
	return lookAt(path, func(s *session, found []place) finding {
		var words []string
		for _, p := range found {
			word, isText := p.value.(string)
			switch {
			case formOf(p.value) == missing:
				return unknown(Unsaid, path)
			case !isText:
				return differs(fmt.Sprintf("%s: %s", p.path, formOf(p.value)))
			case !slices.Contains(known, strings.ToUpper(word)):
				return differs(fmt.Sprintf("%s: %s", p.path, s.shown(word)))
			case !slices.Contains(words, word):
				words = append(words, word)
			}
		}
		return agrees(fmt.Sprintf("%s: %s", path, strings.Join(words, ", ")))
	})
}

// equals believes that a number is this one.
func equals(path string, want json.Number) check {
	return lookAt(path, func(_ *session, found []place) finding {
		for _, p := range found {
			if got, ok := p.value.(json.Number); !ok {
				return differs(fmt.Sprintf("%s: %s", p.path, formOf(p.value)))
			} else if got != want {
				return differs(p.path + ": " + shownNumber(got))
			}
		}
		return agrees(fmt.Sprintf("%s: %s", path, want))
	})
}

// shownNumber shows a number that can be a code.
func shownNumber(n json.Number) string {
	if i, err := n.Int64(); err == nil && i >= 0 && i < 1<<31 {
		return n.String()
	}
	return string(numeral)
}

// lookAt looks at what stands at a path, where Meta answered with it at all.
func lookAt(path string, look func(*session, []place) finding) check {
	return func(s *session, a seen) finding {
		failure := a.failure()
		if failure != nil && failure.Reason == "" && !strings.HasPrefix(path, "error.") {
			return unknown(Refused, shownCode(failure))
		}
		found := places(a.body(), path)
		if len(found) == 0 {
			return unknown(Nothing, "")
		}
		return look(s, found)
	}
}

// withPermission believes that a list is answered to who has the permission, and
// to nobody else: to them it is refused, or empty.
func withPermission(permission string) check {
	return func(s *session, a seen) finding {
		granted, failure := slices.Contains(s.token.Scopes, permission), a.failure()
		switch {
		case s.done[tokenItself].err != nil:
			return unknown(Unsaid, "") // nobody knows what the token may do
		case failure == nil && granted:
			return agrees("")
		case failure == nil:
			if len(places(a.body(), "data.*")) == 0 {
				return agrees("data: []")
			}
			return differs("accepted")
		case failure.Reason != "" || granted || failure.Class != event.ClassPermission:
			return differs(shownFailure(failure))
		}
		return agrees(shownCode(failure))
	}
}
