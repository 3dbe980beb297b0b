package seal

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Secret is text that must not be seen: a token, a code, a PIN, an app secret.
// However it is printed, logged, marshalled or stored, what comes out is
// [Redacted]; only [Secret.Reveal] gives the text. The zero value is an empty
// secret. Compare with [Secret.Equal], not with ==.
type Secret struct {
	hidden
	// A pointer, because fmt prints the unexported fields of a surrounding
	// struct without asking for their methods; of a pointer it prints the address.
	text *string
}

// NewSecret wraps text. NewSecret("") is the zero value.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal returns the text. Call it only where the secret is used: in the request
// that needs it, or in the encryption of it. The linter names the packages that may.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty. JSON's omitzero uses it.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares in constant time, whatever the lengths.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(other.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// UnmarshalText implements [encoding.TextUnmarshaler], so that configuration and
// JSON requests can be read straight into a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
