package machine

import (
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// MostChoices is how many accounts, businesses or numbers are kept, and how many
// accounts and numbers are offered as a choice.
const MostChoices = 20

// Limits that no operator sets.
const (
	restPatience  = 30 * 24 * time.Hour // of waiting for a person
	longestLook   = 24 * time.Hour      // between two looks of a rest
	shortestLimit = time.Minute         // after a rate limit that names no time
	readBacks     = 10                  // looks at a number that should be connected
	mostPolls     = 100                 // that a caller can ask for

	// What Meta allows a number, refused calls included.
	// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
	registerTries  = 10
	registerWindow = 72 * time.Hour

	// Of codes that Meta sends to a number. Meta names neither how long one lives nor
	// how many there may be: about ten minutes, and too many guesses lock for 12 hours.
	// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/errors
	codeLife    = 10 * time.Minute
	codeResend  = time.Minute // between two
	codesAsked  = 5           // within codeWindow
	codeWindow  = 12 * time.Hour
	codeGuesses = 5             // at one code
	codeRefused = 4 * time.Hour // until another is asked for, where Meta sends none

	manyIDs     = MostChoices
	manyNumbers = 50   // of an account, that a claimed one is looked for among
	manyTries   = 40   // of registering, of all numbers together
	manyLooks   = 60   // looks of one search that are recorded
	manyScopes  = 100  // of a token
	longText    = 64   // bytes of a text of Meta's that is kept
	longRequest = 4096 // bytes of what a request brings into the state
)

// pace is how a step that was put off is tried again: after shortest, then after
// growth times as long, up to longest, until patience is at an end.
type pace struct {
	shortest time.Duration
	growth   int
	longest  time.Duration
	patience time.Duration
}

var usualPace = pace{500 * time.Millisecond, 2, time.Minute, 24 * time.Hour}

var paces = map[Effect]pace{
	ExchangeCode:  {500 * time.Millisecond, 2, time.Minute, 20 * time.Second},   // a code lives 30 s
	CreateWaba:    {500 * time.Millisecond, 2, 8 * time.Second, 24 * time.Hour}, // fills the window of a strategy
	RequestCode:   {time.Second, 2, 10 * time.Second, time.Minute},              // somebody waits for it
	VerifyCode:    {time.Second, 2, 10 * time.Second, time.Minute},
	RegisterPhone: {time.Second, 4, 24 * time.Hour, 24 * time.Hour}, // nine calls: Meta allows ten in 72 hours
	// Likewise: eight calls, and a restaurant that wants to be rid of us does not wait.
	DeregisterPhone: {time.Second, 4, time.Hour, 2 * time.Hour},
	UnsubscribeApp:  {time.Second, 4, time.Hour, 2 * time.Hour},
}

func paceOf(effect Effect) pace {
	if p, ok := paces[effect]; ok {
		return p
	}
	return usualPace
}

// wait returns how long is waited after having waited so often before.
func (p pace) wait(before int) time.Duration {
	times := 1
	for range before {
		if times *= p.growth; p.longest/p.shortest <= time.Duration(times) {
			return p.longest
		}
	}
	return p.shortest * time.Duration(times)
}

// backoff returns how long the present step is put off now.
func (s *State) backoff(effect Effect) time.Duration {
	wait := paceOf(effect).wait(s.Delays)
	return wait + s.jitter(wait/4)
}

func retryAfter(e *event.MetaError) time.Duration {
	if e == nil {
		return 0
	}
	return time.Duration(e.RetryAfter) * time.Second
}

// jitter spreads restaurants that were hit by the same trouble. It is the same
// for the same restaurant and decision, so that a history can be run again.
func (s *State) jitter(most time.Duration) time.Duration {
	hash := uint64(14695981039346656037) // FNV-1a
	for _, b := range []byte(s.RestaurantID) {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	hash = (hash ^ s.Sequence) * 1099511628211
	return time.Duration(hash % uint64(max(most, 1)))
}

// Bounded returns the outcome with Meta's lists and texts cut to what is recorded
// of them. What it leads to is the same.
func (o Outcome) Bounded() Outcome {
	o.Looks = few(o.Looks, manyLooks)
	o.Found = few(o.Found, manyIDs)
	offers := manyIDs
	for i := range o.Found {
		account := &o.Found[i]
		account.Name = short(account.Name)
		if len(o.Found) == 1 {
			account.Numbers = few(account.Numbers, manyNumbers)
		} else { // somebody must choose
			account.Numbers = few(account.Numbers, offers)
			offers -= len(account.Numbers)
		}
		for j := range account.Numbers {
			account.Numbers[j] = account.Numbers[j].bounded()
		}
	}
	if o.Number != nil {
		number := o.Number.bounded()
		o.Number = &number
	}
	if o.Check != nil {
		check := *o.Check
		check.Wabas, check.Businesses = sorted(check.Wabas), sorted(check.Businesses)
		check.Scopes = few(check.Scopes, manyScopes)
		for i := range check.Scopes {
			check.Scopes[i] = short(check.Scopes[i])
		}
		o.Check = &check
	}
	return o
}

func (n Number) bounded() Number {
	n.Display, n.NameStatus = short(n.Display), short(n.NameStatus)
	return n
}

// few returns a copy of the first of a list.
func few[T any](list []T, most int) []T { return slices.Clone(list[:min(len(list), most)]) }

// sorted returns few ids of a list, each once, in one order.
func sorted[ID ~string](ids []ID) []ID {
	return few(slices.Compact(slices.Sorted(slices.Values(ids))), manyIDs)
}

// short cuts a text of Meta's.
func short(text string) string { return cut(text, longText) }

// tooLong says whether a request brings more than can be kept.
func tooLong(claims event.Claims, texts ...string) bool {
	texts = append(texts, string(claims.WabaID), string(claims.BusinessID), string(claims.PhoneNumberID))
	return len(strings.Join(texts, "")) > longRequest
}
