package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// StateHeader is the message header in which a decision carries the state after
// it, as JSON: the status document ([Integration]) and what only the state
// machine needs. It is at most [MaxStateHeader] bytes long.
const StateHeader = "Waba-State"

// OutcomeHeader is the message header in which a decision carries the outcome of
// the effect that led to it, as JSON, so that a history can be run through the
// state machine again. Decisions caused by an input or a tick have none.
const OutcomeHeader = "Waba-Outcome"

// MaxStateHeader is the most that a state may take, in bytes.
const MaxStateHeader = 48 << 10

// specVersion is the version of CloudEvents that is spoken here.
const specVersion = "1.0"

// Envelope is a CloudEvents 1.0 event in structured JSON.
type Envelope struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         RestaurantID    `json:"subject"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	CorrelationID   IntegrationID   `json:"correlationid,omitempty"`
	CausationID     string          `json:"causationid,omitempty"`
	Sequence        uint64          `json:"sequence,omitempty"`
	TraceParent     string          `json:"traceparent,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// Event is something that happened or was asked for. Every event of this package
// is a plain struct that survives JSON unchanged.
type Event interface {
	// Name returns the stable name, which is the last token of the subject.
	Name() Name
}

// Meta is what an envelope says beside the event.
type Meta struct {
	ID           string // unique for ever; see [DeriveID]
	Source       string // the service that writes it, as in "waba/gateway"
	Restaurant   RestaurantID
	Time         time.Time
	CausationID  string
	Sequence     uint64 // the restaurant's decision number, for decisions only
	TraceParent  string
	CorrelatedTo IntegrationID // empty: the restaurant's own
}

// Encode returns the JSON of an event in its envelope.
func Encode(meta Meta, e Event) ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Name(), err)
	}
	correlation := meta.CorrelatedTo
	if correlation == "" {
		correlation = IntegrationOf(meta.Restaurant)
	}
	body, err := json.Marshal(Envelope{
		SpecVersion:     specVersion,
		ID:              meta.ID,
		Source:          meta.Source,
		Type:            e.Name().Type(),
		Subject:         meta.Restaurant,
		Time:            meta.Time.UTC(),
		DataContentType: "application/json",
		CorrelationID:   correlation,
		CausationID:     meta.CausationID,
		Sequence:        meta.Sequence,
		TraceParent:     meta.TraceParent,
		Data:            data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode envelope of %s: %w", e.Name(), err)
	}
	return body, nil
}

// Unknown is an event of a kind, or of a version, that this build does not know:
// written by a newer service. It is kept and passed on, never acted upon.
type Unknown struct {
	Kind Name
	Type string
	Data json.RawMessage
}

// Name implements [Event].
func (u Unknown) Name() Name { return u.Kind }

// MarshalJSON returns the data as it came.
func (u Unknown) MarshalJSON() ([]byte, error) {
	if len(u.Data) == 0 {
		return []byte("null"), nil
	}
	return u.Data, nil
}

// ErrMalformed says that a message is no event of ours: it cannot be decoded,
// however often it is tried.
var ErrMalformed = errors.New("malformed event")

// Decode reads an event. Fields that it does not know are ignored, and a kind
// that it does not know becomes [Unknown]. All errors wrap [ErrMalformed].
func Decode(body []byte) (Envelope, Event, error) {
	if envelope, ok := scan(body); ok {
		if e, err := envelope.open(); err == nil {
			return envelope, e, nil
		}
	}
	var envelope Envelope
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Envelope{}, nil, fmt.Errorf("%w: envelope: %w", ErrMalformed, err)
	}
	e, err := envelope.open()
	if err != nil {
		return envelope, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return envelope, e, nil
}

// open returns the event in the envelope.
func (e Envelope) open() (Event, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	name, version := splitType(e.Type)
	kind, known := kinds[name]
	if !known || version != "v1" {
		if len(e.Data) > 0 && !json.Valid(e.Data) { // as [scan] leaves it
			return nil, fmt.Errorf("data of %s is no JSON", name)
		}
		return Unknown{Kind: name, Type: e.Type, Data: e.Data}, nil
	}
	happened, err := kind.decode(e.Data)
	if err != nil {
		return nil, fmt.Errorf("data of %s: %w", name, err)
	}
	return happened, nil
}

func (e Envelope) check() error {
	switch {
	case e.SpecVersion != specVersion:
		return fmt.Errorf("specversion is not %s", specVersion)
	case e.ID == "" || len(e.ID) > 200:
		return errors.New("id is missing or longer than 200 bytes")
	case e.Time.IsZero():
		return errors.New("time is missing")
	}
	if id, err := ParseRestaurantID(string(e.Subject)); err != nil || id != e.Subject {
		return ErrRestaurantID
	}
	if name, version := splitType(e.Type); name == "" || version == "" {
		return errors.New("type is not waba.<Name>.<version>")
	}
	return nil
}

// splitType takes "waba.WabaReady.v1" apart.
func splitType(text string) (name Name, version string) {
	rest, ok := strings.CutPrefix(text, "waba.")
	if !ok {
		return "", ""
	}
	before, after, ok := strings.Cut(rest, ".")
	if !ok {
		return "", ""
	}
	return Name(before), after
}
