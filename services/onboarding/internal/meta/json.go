package meta

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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

// maxKeys is how many keys may stand in the objects that are open at one place.
const maxKeys = 1000

// isObject says whether body is one JSON object in which no key stands twice, in
// any spelling that encoding/json takes for the same, and nothing else.
func isObject(body []byte) bool {
	text := strings.TrimLeft(string(body), " \t\r\n")
	if !strings.HasPrefix(text, "{") || !json.Valid(body) {
		return false
	}
	var open []int    // of each open object, where its keys begin; an array: -1
	var keys []string // of all open objects
	key := false      // the next string is one
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			open, key = append(open, len(keys)), true
		case '[':
			open, key = append(open, -1), false
		case '}', ']':
			last := len(open) - 1
			if open[last] >= 0 {
				keys = keys[:open[last]]
			}
			open, key = open[:last], false
		case ',':
			key = open[len(open)-1] >= 0
		case '"':
			end := endOfString(text, i)
			if key {
				name := folded(text[i:end])
				if slices.Contains(keys[open[len(open)-1]:], name) || len(keys) >= maxKeys {
					return false
				}
				keys, key = append(keys, name), false
			}
			i = end - 1
		}
		if len(open) > maxDepth {
			return false
		}
	}
	return true
}

// endOfString returns where the string ends that begins at i, in valid JSON.
func endOfString(text string, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// folded returns a key as all that encoding/json takes for the same have it.
func folded(quoted string) string {
	name := quoted[1 : len(quoted)-1]
	plain := true
	for i := range len(name) {
		plain = plain && name[i] < utf8.RuneSelf && name[i] != '\\'
	}
	if plain {
		return strings.ToLower(name)
	}
	if err := json.Unmarshal([]byte(quoted), &name); err != nil {
		return quoted
	}
	return strings.ToLower(strings.ToUpper(name))
}
