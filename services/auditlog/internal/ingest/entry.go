package ingest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

// message is what is needed of a message of the bus.
type message struct {
	stream  string
	seq     uint64
	subject string
	body    []byte
	state   []byte    // event.StateHeader; nil: it is no decision
	stored  time.Time // when the bus stored it
}

// details is what the column of that name holds: what no other column says. What
// only the machines need is in the event itself.
type details struct {
	CausationID string      `json:"causation_id,omitempty"`
	Sequence    uint64      `json:"sequence,omitempty"`
	Data        event.Event `json:"data"`
}

// trouble is why a message is not as it should be; empty: it is.
type trouble string

const (
	notDecoded      trouble = "malformed"
	notConsistent   trouble = "subject_and_body_disagree" // rights are given by subject
	stateUnreadable trouble = "state_unreadable"          // the event is fine
	unstorable      trouble = "unstorable"                // the database refused it
)

// read turns a message into an entry: every message makes one, and the same message
// always makes the same one. What is in trouble makes an entry without a restaurant,
// except where only the state is.
func read(m message) (store.Entry, trouble) {
	envelope, happened, err := event.Decode(m.body)
	if err != nil {
		return malformed(m, notDecoded), notDecoded
	}
	if !agree(m.subject, envelope, happened) {
		return malformed(m, notConsistent), notConsistent
	}
	snapshot, odd := readSnapshot(m.state, envelope.Subject)
	facts := event.Audit(happened, snapshot.Stage)
	text, err := describe(envelope, happened)
	if err != nil {
		return malformed(m, notDecoded), notDecoded
	}
	entry := store.Entry{
		Log: store.Log{
			EventID:      envelope.ID,
			EventType:    envelope.Type,
			Stream:       m.stream,
			StreamSeq:    m.seq,
			Step:         facts.Step,
			Strategy:     facts.Strategy,
			Success:      facts.Success,
			ErrorMessage: facts.ErrorMessage,
			Details:      text,
			Run:          snapshot.Run,
			TraceID:      traceID(envelope.TraceParent),
			Time:         plausible(envelope.Time, m.stored),
		},
		Restaurant: envelope.Subject,
	}
	if code, ok := happened.(event.OAuthCodeReceived); ok {
		entry.Name = code.RestaurantName
	}
	if m.state != nil && odd == "" {
		entry.Standing = standing(snapshot.Integration)
		entry.Connection = connection(happened, snapshot.Integration)
	}
	return entry, odd
}

// malformed returns the entry of a message that cannot be decoded. It repeats nothing
// of the body: nobody knows what is in there.
func malformed(m message, why trouble) store.Entry {
	text, _ := json.Marshal(map[string]any{"subject": m.subject, "bytes": len(m.body)}) // cannot fail
	clean, err := store.CleanJSON(text)
	if err != nil {
		clean = `{}`
	}
	return store.Entry{Log: store.Log{
		EventID:      event.DeriveID("broken", m.stream, fmt.Sprint(m.seq)), // as the bus names it
		EventType:    "malformed",
		Stream:       m.stream,
		StreamSeq:    m.seq,
		Step:         event.StepFlow,
		ErrorMessage: string(why),
		Details:      clean,
		Time:         m.stored.UTC(),
	}}
}

// agree says whether a body says what its subject says.
func agree(subject string, envelope event.Envelope, happened event.Event) bool {
	family, restaurant, name, ok := event.ParseSubject(subject)
	if !ok || restaurant != envelope.Subject || name != happened.Name() {
		return false
	}
	known, ok := event.FamilyOf(name)
	return !ok || known == family
}

// readSnapshot reads the state that a decision carries; the zero one for others.
func readSnapshot(state []byte, restaurant event.RestaurantID) (event.Snapshot, trouble) {
	if state == nil {
		return event.Snapshot{}, ""
	}
	var snapshot event.Snapshot
	if err := json.Unmarshal(state, &snapshot); err != nil || snapshot.RestaurantID != restaurant {
		return event.Snapshot{}, stateUnreadable
	}
	return snapshot, ""
}

func describe(envelope event.Envelope, happened event.Event) (string, error) {
	if code, ok := happened.(event.OAuthCodeReceived); ok {
		code.UsedCodes = nil // each has a row of its own
		happened = code
	}
	raw, err := json.Marshal(details{CausationID: envelope.CausationID, Sequence: envelope.Sequence, Data: happened})
	if err != nil {
		return "", err
	}
	return store.CleanJSON(raw)
}

func standing(document event.Integration) *store.Standing {
	s := &store.Standing{Document: document}
	if document.Error != nil {
		s.ErrorText = document.Error.Text()
	}
	return s
}

// connection returns what a decision says about the connection, nil for most. A run
// that needs a new authorization says something only if it knew an account: one that
// never came so far had no connection to lose.
func connection(happened event.Event, document event.Integration) *store.Connection {
	c := &store.Connection{
		Run:                document.Run,
		WabaID:             document.WabaID,
		BusinessID:         document.BusinessID,
		PhoneNumberID:      document.PhoneNumberID,
		DisplayPhoneNumber: document.DisplayPhoneNumber,
		Strategy:           document.Strategy,
	}
	switch e := happened.(type) {
	case event.WabaReady:
		c.Status = store.Connected
		c.WabaID, c.BusinessID, c.PhoneNumberID = e.WabaID, e.BusinessID, e.PhoneNumberID
		c.DisplayPhoneNumber = e.DisplayPhoneNumber
		c.Strategy, c.ReadyAt = e.Strategy, e.ReadyAt
	case event.IntegrationDisconnected:
		c.Status = store.Disconnected
	case event.ReauthorizationRequired:
		if document.WabaID == "" {
			return nil
		}
		c.Status = store.Unauthorized
	default:
		return nil
	}
	return c
}

// traceID takes the trace's id out of a traceparent, which is
// version-traceid-parentid-flags; empty where it is none.
func traceID(traceparent string) string {
	parts := strings.Split(traceparent, "-")
	if len(parts) != 4 || len(parts[1]) != 32 || strings.Trim(parts[1], "0123456789abcdef") != "" {
		return ""
	}
	return parts[1]
}

// plausible returns the event's time, or the bus's where the event's own is one that
// cannot be: databases differ in what they make of such years.
func plausible(at, stored time.Time) time.Time {
	if at = at.UTC(); at.Year() < 2000 || at.Year() > 9999 {
		return stored.UTC()
	}
	return at
}
