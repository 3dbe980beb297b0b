package seal

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
)

var (
	// ErrWrongKey says that a text was sealed under a key that is not here.
	// Another keyring may open it.
	ErrWrongKey = errors.New("sealed under an unknown key")

	// ErrTampered says that a text is not what was sealed for this purpose, place
	// and restaurant. No key opens it here.
	ErrTampered = errors.New("sealed text is malformed, changed or out of place")
)

// idBytes is the length of a key id; in text it is twice as long.
const idBytes = 8

// newID returns a random key id.
func newID() string {
	id := make([]byte, idBytes)
	_, _ = rand.Read(id) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(id)
}

// validID reports whether id is spelled as [newID] spells one.
func validID(id string) bool {
	raw, err := hex.DecodeString(id)
	return err == nil && len(raw) == idBytes && id == strings.ToLower(id)
}

// frame joins parts so that no two different lists give the same bytes: each is
// preceded by its length.
func frame(parts ...string) []byte {
	var framed []byte
	for _, part := range parts {
		framed = binary.BigEndian.AppendUint64(framed, uint64(len(part)))
		framed = append(framed, part...)
	}
	return framed
}

// encode spells bytes for a text that is safe in URLs, headers and subjects.
func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// decode accepts exactly the spelling of [encode]: the standard decoder also
// takes line breaks and stray trailing bits, which would give one secret many texts.
func decode(text string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return raw, err == nil && encode(raw) == text
}

// split takes "version.id.….body" apart: ids key ids, then the decoded body.
func split(text, version string, ids int) (found []string, body []byte, ok bool) {
	fields := strings.Split(text, ".")
	if len(fields) != ids+2 || fields[0] != version {
		return nil, nil, false
	}
	found = fields[1 : ids+1]
	for _, id := range found {
		if !validID(id) {
			return nil, nil, false
		}
	}
	body, ok = decode(fields[ids+1])
	return found, body, ok
}
