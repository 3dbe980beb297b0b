package machine

import (
	"maps"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Edition says by which verdicts a run is judged, and whether it remembers what the
// restaurant is connected with, as it does from the second on. It is copied into the run when it
// starts, so that a recorded history leads to the same states for ever.
type Edition int

// The editions. The zero one is of runs that started before there were any.
const (
	FirstEdition  Edition = 0
	SecondEdition Edition = 1
	ThirdEdition  Edition = 2 // a run of a connected restaurant renews its connection; a token's type counts

	PresentEdition = ThirdEdition // of runs that start now
)

// fewTimes is for errors of Meta that may be its fault or ours: "backoff, max 3".
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
var fewTimes = Verdict{Do: Again, Code: event.CodeMetaUnavailable, Tries: 3}

// secondVerdictsByCode are what the second edition says beside verdictsByCode.
var secondVerdictsByCode = map[metaCode]Verdict{
	// The app's own gate: to sign in again does not open it.
	{Discover, 3, 0}:   incapable,
	{ReadNumber, 3, 0}: incapable,
	{ReadBack, 3, 0}:   incapable,

	// Either a hiccup of Meta's or a request that it will never take.
	{Discover, 1, 0}:           fewTimes,
	{Discover, 131000, 0}:      fewTimes,
	{SubscribeApp, 1, 0}:       fewTimes,
	{SubscribeApp, 131000, 0}:  fewTimes,
	{ReadNumber, 1, 0}:         fewTimes,
	{ReadNumber, 131000, 0}:    fewTimes,
	{SetPin, 1, 0}:             fewTimes,
	{SetPin, 131000, 0}:        fewTimes,
	{RegisterPhone, 1, 0}:      fewTimes,
	{RegisterPhone, 131000, 0}: fewTimes,
	{ReadBack, 1, 0}:           fewTimes,
	{ReadBack, 131000, 0}:      fewTimes,
	{CheckToken, 1, 0}:         fewTimes,
	{CheckToken, 131000, 0}:    fewTimes,

	// Locked after too many guesses: when the lock is over, a PIN that is known to be
	// right is needed, not the same one again.
	{RegisterPhone, 133008, 0}: locked(12 * time.Hour),
	{RegisterPhone, 133009, 0}: locked(5 * time.Minute),
	{RegisterPhone, 133015, 0}: {Do: Again, Code: event.CodePhoneBeingDeleted, Wait: 5 * time.Minute},
	{ReadNumber, 33, 0}:        act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant),
	{ReadBack, 33, 0}:          act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant),
}

// presentVerdictsByCode are those of the present edition.
func presentVerdictsByCode() map[metaCode]Verdict {
	all := maps.Clone(verdictsByCode)
	maps.Copy(all, secondVerdictsByCode)
	return all
}

// LookVerdict returns what an error leads to that a look for a made account meets
// before the next creation may be asked for: what may end by itself is waited for,
// and what Meta refuses for good is no reason to ask for ever.
func LookVerdict(edition Edition, e *event.MetaError) Verdict {
	if edition < SecondEdition || e.Class == event.ClassNotFound {
		return again
	}
	if v, ok := verdicts[e.Class]; ok {
		return v
	}
	return refused
}
