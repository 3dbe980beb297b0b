package store

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Entry is all that one message means to the tables: a row of the log, always, and
// what it says about its restaurant. Any text is stored, without what no database can
// store and without more than a column is for.
type Entry struct {
	Log

	Restaurant event.RestaurantID // empty: the message could not be decoded
	Name       string             // the restaurant's, where a caller gave one
	Standing   *Standing          // of decisions only
	Connection *Connection        // of decisions that make or end one
}

// Log is what stands in a row of whatsapp_integration_logs.
type Log struct {
	EventID      string // identity: a second entry with it changes nothing
	EventType    string
	Stream       string
	StreamSeq    uint64
	Step         event.Step
	Strategy     event.Strategy
	Success      bool
	ErrorMessage string
	Details      string // of [CleanJSON]
	Run          int    // 0: not said by the event
	TraceID      string
	Time         time.Time // the event's own
}

// Standing is where a restaurant stands after a decision.
type Standing struct {
	Document  event.Integration // the status document
	ErrorText string
}

// Connection is what a restaurant is connected to after a decision.
type Connection struct {
	Status             ConnectionStatus
	Run                int
	WabaID             event.WabaID
	BusinessID         event.BusinessID
	PhoneNumberID      event.PhoneNumberID
	DisplayPhoneNumber string
	Strategy           event.Strategy
	ReadyAt            time.Time // zero: the decision did not make the connection
}

// ConnectionStatus is whether a restaurant is connected.
type ConnectionStatus string

// The statuses of a connection.
const (
	Connected    ConnectionStatus = "connected"
	Disconnected ConnectionStatus = "disconnected"
	Unauthorized ConnectionStatus = "reauth_required"
)

// Bare returns an entry that every database can store, for one that a database has
// refused: it says only where the event itself can be read.
func (e Entry) Bare() Entry {
	return Entry{Log: Log{
		EventID:      event.DeriveID("unstorable", e.Stream, formatSeq(e.StreamSeq)),
		EventType:    "unstorable",
		Stream:       e.Stream,
		StreamSeq:    e.StreamSeq,
		Step:         event.StepFlow,
		ErrorMessage: "unstorable",
		Details:      `{}`,
		Time:         e.Time,
	}}
}
