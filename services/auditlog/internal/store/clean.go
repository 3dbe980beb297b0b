package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// replacement stands for what PostgreSQL cannot store in a text.
const replacement = "\uFFFD"

// clean returns a text that both databases can store, of at most limit bytes:
// invalid UTF-8 and NUL become the replacement character.
func clean(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, replacement), "\x00", replacement)
}

// CleanJSON returns JSON that both databases can store, equal to raw except for NUL
// and for halves of UTF-16 pairs in its texts, which become the replacement character.
func CleanJSON(raw []byte) (string, error) {
	if utf8.Valid(raw) && !suspect(raw) && json.Valid(raw) {
		return string(raw), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // ids have more digits than a float64
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("store: clean JSON: %w", err)
	}
	clean, err := json.Marshal(cleanValue(value))
	if err != nil {
		return "", fmt.Errorf("store: clean JSON: %w", err)
	}
	return string(clean), nil
}

// suspect says whether JSON may hold an escape that PostgreSQL refuses: \u0000, or
// half of a pair, \ud800 to \udfff. It may be wrong about what is none.
func suspect(raw []byte) bool {
	for {
		_, after, found := bytes.Cut(raw, []byte(`\u`))
		if !found {
			return false
		}
		if bytes.HasPrefix(after, []byte("0000")) || len(after) > 0 && (after[0] == 'd' || after[0] == 'D') {
			return true
		}
		raw = after
	}
}

// cleanValue cleans the texts of a decoded value, keys included. Decoding has made
// them valid UTF-8.
func cleanValue(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", replacement)
	case []any:
		for i := range v {
			v[i] = cleanValue(v[i])
		}
		return v
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, item := range v {
			clean[strings.ReplaceAll(key, "\x00", replacement)] = cleanValue(item)
		}
		return clean
	default:
		return value
	}
}
