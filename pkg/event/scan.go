package event

import "strconv"

// scan reads an envelope as [Encode] writes it: no spaces, no escapes, each field
// once, data last. It does so in a fraction of the time that encoding/json takes; ok
// is false for everything else, which encoding/json must judge. The data is what is
// left and has not been looked at: it may be no JSON.
func scan(body []byte) (e Envelope, ok bool) {
	rest := body
	if len(rest) < 2 || rest[0] != '{' || rest[len(rest)-1] != '}' {
		return Envelope{}, false
	}
	rest = rest[1:]
	var seen uint
	for {
		key, after, ok := scanString(rest)
		if !ok || len(after) == 0 || after[0] != ':' {
			return Envelope{}, false
		}
		field, known := envelopeFields[string(key)]
		if !known || seen&(1<<field) != 0 {
			return Envelope{}, false
		}
		seen |= 1 << field
		rest = after[1:]
		if field == fieldData {
			e.Data = rest[:len(rest)-1]
			return e, len(e.Data) > 0
		}
		if rest, ok = e.scanField(field, rest); !ok || len(rest) == 0 || rest[0] != ',' {
			return Envelope{}, false
		}
		rest = rest[1:]
	}
}

// envelopeField is a field of an envelope.
type envelopeField uint

const (
	fieldSpecVersion envelopeField = iota
	fieldID
	fieldSource
	fieldType
	fieldSubject
	fieldTime
	fieldContentType
	fieldCorrelation
	fieldCausation
	fieldSequence
	fieldTrace
	fieldData
)

var envelopeFields = map[string]envelopeField{
	"specversion": fieldSpecVersion, "id": fieldID, "source": fieldSource, "type": fieldType, "subject": fieldSubject,
	"time": fieldTime, "datacontenttype": fieldContentType, "correlationid": fieldCorrelation,
	"causationid": fieldCausation, "sequence": fieldSequence, "traceparent": fieldTrace, "data": fieldData,
}

// scanField reads the value of a field that is not the data.
func (e *Envelope) scanField(field envelopeField, from []byte) (rest []byte, ok bool) {
	if field == fieldSequence {
		end := 0
		for end < len(from) && from[end] >= '0' && from[end] <= '9' {
			end++
		}
		if end == 0 || end > 1 && from[0] == '0' {
			return nil, false
		}
		var err error
		e.Sequence, err = strconv.ParseUint(string(from[:end]), 10, 64)
		return from[end:], err == nil
	}
	value, rest, ok := scanString(from)
	if !ok {
		return nil, false
	}
	switch field {
	case fieldSpecVersion:
		e.SpecVersion = string(value)
	case fieldID:
		e.ID = string(value)
	case fieldSource:
		e.Source = string(value)
	case fieldType:
		e.Type = string(value)
	case fieldSubject:
		e.Subject = RestaurantID(value)
	case fieldTime:
		if err := e.Time.UnmarshalText(value); err != nil {
			return nil, false
		}
	case fieldContentType:
		e.DataContentType = string(value)
	case fieldCorrelation:
		e.CorrelationID = IntegrationID(value)
	case fieldCausation:
		e.CausationID = string(value)
	case fieldTrace:
		e.TraceParent = string(value)
	case fieldSequence, fieldData:
		return nil, false
	}
	return rest, true
}

// scanString reads a string of plain ASCII.
func scanString(from []byte) (value, rest []byte, ok bool) {
	if len(from) == 0 || from[0] != '"' {
		return nil, nil, false
	}
	for i, c := range from[1:] {
		switch {
		case c == '"':
			return from[1 : 1+i], from[2+i:], true
		case c == '\\' || c < ' ' || c > '~':
			return nil, nil, false
		}
	}
	return nil, nil, false
}
