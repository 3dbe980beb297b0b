package rehearse

// Words are the same in each language.
type Words struct{ PT, EN string }

// Verdict says how an answer compares with a belief.
type Verdict string

// The verdicts.
const (
	Agrees  Verdict = "agrees"
	Differs Verdict = "differs"
	Unknown Verdict = "unknown"
)

// Kind says what a belief is about.
type Kind string

// The kinds.
const (
	KindCredentials Kind = "credentials" // who is accepted
	KindError       Kind = "error"       // how a mistake is refused
	KindVersion     Kind = "version"     // which version answers
	KindToken       Kind = "token"       // what debug_token says
	KindList        Kind = "list"        // how lists go on
	KindID          Kind = "id"          // how ids are written
	KindField       Kind = "field"       // what an object is made of
	KindPermission  Kind = "permission"  // what is refused without one
	KindUsage       Kind = "usage"       // what headers say of limits
	KindCreation    Kind = "creation"    // strategies 2A to 2D
	KindWrite       Kind = "write"       // calls that change something
)

// Mark says how sure a belief was before anybody asked.
type Mark string

// The marks.
const (
	Documented Mark = "documented" // by Meta
	Seen       Mark = "seen"       // by others, in the field
	Inferred   Mark = "inferred"   // from what is documented
	Folklore   Mark = "folklore"   // said, without a source
)

// Reason says why something stays unknown.
type Reason string

// The reasons.
const (
	NeedsToken  Reason = "needs_token"        // none was given
	NeedsWrite  Reason = "needs_write"        // it could change something
	NotAccepted Reason = "token_not_accepted" // Meta does not take the token
	NotOurs     Reason = "token_of_other_app"
	Nothing     Reason = "nothing_to_look_at" // as an account without a number
	Unsaid      Reason = "not_said"           // the answer leaves it out, and may
	Refused     Reason = "refused"            // by Meta, so that there is nothing to compare
	Unanswered  Reason = "unanswered"
	Unreadable  Reason = "unreadable" // an answer that is none of the Graph API's
	Limited     Reason = "limited"    // Meta limits calls
	Troubled    Reason = "troubled"   // Meta says that it cannot, now
	OutOfTime   Reason = "out_of_time"
)

// Silent says whether a question was put, or should have been, and got no answer:
// asking again may help.
func (r Reason) Silent() bool {
	switch r {
	case Unanswered, Unreadable, Limited, Troubled, OutOfTime:
		return true
	default:
		return false
	}
}

// Result is what became of one belief.
type Result struct {
	Name     string
	Kind     Kind
	Believed Words
	Asked    string // as in "GET /{waba}/phone_numbers"
	Source   string // where it is said
	Sure     Mark

	Verdict Verdict
	Seen    string // codes, kinds and names only; may be empty
	Because Reason // of unknown
}

// Report is what became of all beliefs, in the order of the tables.
type Report struct{ Results []Result }

// Count returns how many beliefs came to a verdict.
func (r Report) Count(verdict Verdict) int {
	n := 0
	for _, result := range r.Results {
		if result.Verdict == verdict {
			n++
		}
	}
	return n
}

// Silent returns how many beliefs are unknown for want of an answer.
func (r Report) Silent() int {
	n := 0
	for _, result := range r.Results {
		if result.Because.Silent() {
			n++
		}
	}
	return n
}

// Of returns a belief's result.
func (r Report) Of(name string) (Result, bool) {
	for _, result := range r.Results {
		if result.Name == name {
			return result, true
		}
	}
	return Result{}, false
}

// The names of the beliefs that a report cannot do without.
const (
	AppCredentials = "app-credentials"
	TokenValid     = "token-valid"
	TokenOurs      = "token-of-our-app"
)
