package event

import "time"

// Reading is what Meta answers to a question of yes or no. A word that is missing or
// new is neither: unknown writes nothing at Meta and turns no state.
type Reading string

// The readings.
const (
	ReadingYes     Reading = "yes"
	ReadingNo      Reading = "no"
	ReadingUnknown Reading = "unknown"
)

// NumberState is what Meta's words about a number come to.
type NumberState string

// The states of a number.
const (
	NumberConnected    NumberState = "connected"    // it can send and receive
	NumberUnregistered NumberState = "unregistered" // registration is what it lacks
	NumberRestricted   NumberState = "restricted"   // it is registered, and held back by Meta
	NumberBanned       NumberState = "banned"
	NumberGone         NumberState = "gone"    // deleted, or moved away
	NumberUnclear      NumberState = "unclear" // the words are missing, new, or contradict each other
)

// NumberStanding is what has been tried with a restaurant's number.
type NumberStanding struct {
	Registrations Registrations `json:"registrations,omitzero"`
	Code          PhoneCode     `json:"code,omitzero"`
}

// Registrations are the calls that Meta counts: ten a number in 72 hours, refused
// ones included.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/registration
type Registrations struct {
	Tries    int       `json:"tries"` // that still count
	MaxTries int       `json:"max_tries"`
	FreeAt   time.Time `json:"free_at,omitzero"` // when the oldest counts no more
}

// PhoneCode is a code that Meta was asked to send to a number.
type PhoneCode struct {
	Method     string    `json:"method"` // SMS or VOICE
	SentAt     time.Time `json:"sent_at"`
	ExpiresAt  time.Time `json:"expires_at"` // about: Meta does not say
	ResendAt   time.Time `json:"resend_at"`  // when another may be asked for
	Guesses    int       `json:"guesses"`    // wrong ones so far
	MaxGuesses int       `json:"max_guesses"`
	Uncertain  bool      `json:"uncertain,omitempty"` // Meta did not answer: it may not have been sent
}
