package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a body may nest. No body that is asked for is deeper than 2.
const maxDepth = 16

// Why a body is not the JSON that is asked for. The texts go to the caller, so
// they repeat nothing of the body.
var (
	errNotUTF8    = errors.New("the body is not UTF-8")
	errNotJSON    = errors.New("the body is not JSON")
	errNotObject  = errors.New("the body is not a JSON object")
	errTrailing   = errors.New("there is something after the JSON object")
	errTooDeep    = errors.New("the body is nested too deeply")
	errRepeated   = errors.New("a key is there twice")
	errFieldNames = errors.New("a field name is not spelled in lower case")
)

// readObject reads one JSON object and refuses what readers of JSON disagree
// about: repeated keys (in any case), trailing data, invalid UTF-8.
func readObject(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	value, err := readValue(decoder, 0)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errNotObject
	}
	return object, nil
}

func readValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch token := token.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return nil, errTooDeep
		}
		if token == '[' {
			return readArray(decoder, depth+1)
		}
		return readMap(decoder, depth+1)
	case json.Number:
		number, err := token.Float64()
		if err != nil {
			return nil, errNotJSON
		}
		return number, nil
	default:
		return token, nil
	}
}

func readArray(decoder *json.Decoder, depth int) (any, error) {
	list := []any{}
	for decoder.More() {
		value, err := readValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, closing(decoder)
}

func readMap(decoder *json.Decoder, depth int) (any, error) {
	object, seen := map[string]any{}, map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, errNotJSON
		}
		folded := strings.ToLower(key)
		if seen[folded] {
			return nil, errRepeated
		}
		seen[folded] = true
		if object[key], err = readValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	return object, closing(decoder)
}

func closing(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return errNotJSON
	}
	return nil
}
