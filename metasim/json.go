package metasim

import (
	"encoding/json"
	"strconv"
)

// object writes one JSON object, key by key, in the order in which they come.
type object struct{ b []byte }

func newObject() object { return object{append(make([]byte, 0, 256), '{')} }

func (o *object) key(name string) {
	if len(o.b) > 1 {
		o.b = append(o.b, ',')
	}
	o.b = appendString(o.b, name)
	o.b = append(o.b, ':')
}

func (o *object) text(name, value string) {
	o.key(name)
	o.b = appendString(o.b, value)
}

func (o *object) number(name string, value int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, value, 10)
}

func (o *object) truth(name string, value bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, value)
}

// raw adds a value that is JSON already.
func (o *object) raw(name, value string) {
	o.key(name)
	o.b = append(o.b, value...)
}

// end returns the finished object.
func (o *object) end() []byte { return append(o.b, '}') }

// appendString writes text as a JSON string, in ASCII as Meta does.
func appendString(b []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			plain = false
			break
		}
	}
	if plain {
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(text)
	if err != nil { // a string always marshals
		return append(b, `""`...)
	}
	for _, r := range string(quoted) {
		switch {
		case r < 0x80:
			b = append(b, byte(r))
		case r < 0x10000:
			b = appendEscape(b, uint16(r))
		default:
			r -= 0x10000
			b = appendEscape(b, 0xd800|uint16(r>>10))
			b = appendEscape(b, 0xdc00|uint16(r&0x3ff))
		}
	}
	return b
}

func appendEscape(b []byte, unit uint16) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}

func quoted(text string) string { return string(appendString(nil, text)) }
