package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
)

var (
	errNoID     = errors.New("not an id")
	errNoNumber = errors.New("not a whole number")
)

// id is an id of Meta's, as a string of digits or as a number of any size; null
// and "" are no id.
type id string

// UnmarshalJSON implements [json.Unmarshaler].
func (v *id) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	if err != nil || text != "" && !event.IsMetaID(text) {
		return errNoID
	}
	*v = id(text)
	return nil
}

// number is a whole number, or one in quotes; null is 0.
type number int64

// UnmarshalJSON implements [json.Unmarshaler].
func (v *number) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	if err != nil {
		return errNoNumber
	}
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errNoNumber
	}
	*v = number(n)
	return nil
}

// label is a short text, or a number, that is compared and never shown.
type label string

// UnmarshalJSON implements [json.Unmarshaler].
func (v *label) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	if err != nil || len(text) > 200 {
		return errors.New("not a short text")
	}
	*v = label(text)
	return nil
}

// scalar returns the text of a string, the digits of a number, or "" for null.
func scalar(data []byte) (string, error) {
	switch c := data[0]; {
	case c == '"':
		var text string
		err := json.Unmarshal(data, &text)
		return text, err
	case c == '-' || c >= '0' && c <= '9':
		return string(data), nil
	case string(data) == "null":
		return "", nil
	}
	return "", errors.New("not a scalar")
}

// maxDepth is how deep an answer may be nested.
const maxDepth = 32

// isObject says whether body is one JSON object in which no key stands twice, in
// any spelling that encoding/json takes for the same, and nothing else.
func isObject(body []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var open []map[string]struct{} // the keys of each open object; nil: an array
	key := false                   // the next token is a key
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, map[string]struct{}{})
		case json.Delim('['):
			if len(open) == 0 {
				return false
			}
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			if len(open) == 0 {
				return onlySpace(body[decoder.InputOffset():])
			}
		default:
			if len(open) == 0 {
				return false
			}
			if text, ok := token.(string); ok && key {
				text = strings.ToLower(strings.ToUpper(text))
				keys := open[len(open)-1]
				if _, twice := keys[text]; twice {
					return false
				}
				keys[text] = struct{}{}
				key = false
				continue
			}
		}
		if len(open) > maxDepth {
			return false
		}
		key = open[len(open)-1] != nil
	}
}

func onlySpace(rest []byte) bool { return len(bytes.TrimLeft(rest, " \t\r\n")) == 0 }
