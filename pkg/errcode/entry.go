package errcode

import (
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Codes with which a request is refused before anything is published. Those with
// which a run refuses an input, and those that a run ends or rests with, are in
// package event.
const (
	InvalidInput         event.Code = "invalid_input"
	BodyTooLarge         event.Code = "body_too_large"
	MethodNotAllowed     event.Code = "method_not_allowed"
	Unauthenticated      event.Code = "unauthenticated"
	Forbidden            event.Code = "forbidden"
	NotFound             event.Code = "not_found"
	NoSuchRun            event.Code = "no_such_run"
	StateUnknown         event.Code = "state_unknown"
	StateUsed            event.Code = "state_used"
	StateExpired         event.Code = "state_expired"
	StateForeign         event.Code = "state_foreign"
	AccessDenied         event.Code = "access_denied" // the user said no in Meta's dialog
	ReturnURLRefused     event.Code = "return_url_refused"
	DialogNotConfigured  event.Code = "dialog_not_configured"
	IdempotencyConflict  event.Code = "idempotency_conflict"
	TooManyRequests      event.Code = "too_many_requests"
	BusUnavailable       event.Code = "bus_unavailable"
	DatabaseUnavailable  event.Code = "database_unavailable"
	Internal             event.Code = "internal"
	WebhookUnsigned      event.Code = "webhook_unsigned"
	SignedRequestInvalid event.Code = "signed_request_invalid"
	WebhookUnconfigured  event.Code = "webhook_unconfigured"
)

// Entry is what the catalogue knows of a code.
type Entry struct {
	Code       event.Code
	HTTPStatus int  // of an answer that has nothing more to say; 202: the run goes on when somebody has acted
	Retryable  bool // the same may help when it is tried again; never with a code that may be spent
	Actor      event.Actor
	Action     event.ActionKind

	title, text phrase
}

// Words are what people are told. They hold no code and nothing of Meta's.
type Words struct {
	Title string // a few words
	Text  string // one or two sentences: what happened
	Next  string // one sentence: what to do now
}

// Words returns the words of an entry in a language.
func (e Entry) Words(lang Lang) Words {
	return Words{Title: e.title.in(lang), Text: e.text.in(lang), Next: ActionText(lang, e.Action)}
}

// Lookup returns what is known of a code.
func Lookup(code event.Code) (entry Entry, ok bool) {
	entry, ok = entryIndex[code]
	return entry, ok
}

// Explain is [Lookup] for who must say something: a code that is not known, of a
// newer service perhaps, is told as [Internal], under its own name.
func Explain(code event.Code) Entry {
	entry, ok := entryIndex[code]
	if !ok {
		entry = entryIndex[Internal]
		entry.Code = code
	}
	return entry
}

// All returns the whole catalogue: the codes of runs, of inputs, of requests.
func All() []Entry { return slices.Concat(runEntries, inputEntries, requestEntries) }

var entryIndex = func() map[event.Code]Entry {
	index := make(map[event.Code]Entry)
	for _, entry := range All() {
		index[entry.Code] = entry
	}
	return index
}()
