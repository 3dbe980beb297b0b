package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// SigningKey signs what leaves the system and comes back unchanged: OAuth state,
// handles, cursors. All gateways share one. What it signs is not hidden.
type SigningKey struct {
	hidden
	raw *rawKey
}

// NewSigningKey generates a key.
func NewSigningKey() SigningKey { return SigningKey{raw: newKey()} }

// LoadSigningKey reads a key, 32 bytes in base64, from a file that only its
// owner can read.
func LoadSigningKey(path string) (SigningKey, error) {
	text, err := readPrivate(path)
	if err != nil {
		return SigningKey{}, fmt.Errorf("seal: load signing key: %w", err)
	}
	raw, ok := decode(strings.TrimSpace(string(text)))
	if !ok || len(raw) != keyBytes {
		return SigningKey{}, fmt.Errorf("seal: load signing key: %s is not %d bytes in unpadded URL-safe base64", path, keyBytes)
	}
	return SigningKey{raw: (*rawKey)(raw)}, nil
}

// Save writes the key to a new file with mode 0600. It refuses to overwrite a
// file ([fs.ErrExist]).
func (k SigningKey) Save(path string) error {
	if k.IsZero() {
		return errors.New("seal: save signing key: there is none")
	}
	if err := createPrivate(path, []byte(encode(k.raw[:])+"\n")); err != nil {
		return fmt.Errorf("seal: save signing key: %w", err)
	}
	return nil
}

// IsZero reports whether there is no key. Without one nothing verifies.
func (k SigningKey) IsZero() bool { return k.raw == nil }

// Sign returns "payload.mac", both in URL-safe base64. The payload can be read
// by anybody; nobody without the key can make another for the same purpose.
func (k SigningKey) Sign(purpose string, payload []byte) string {
	return encode(payload) + "." + encode(k.mac(purpose, payload))
}

// Verify returns the payload that [SigningKey.Sign] signed for the same purpose,
// or [ErrTampered]. It takes the same time wherever the mistake is.
func (k SigningKey) Verify(purpose, text string) ([]byte, error) {
	encoded, signature, found := strings.Cut(text, ".")
	payload, payloadOK := decode(encoded)
	mac, macOK := decode(signature)
	if k.IsZero() || !found || !payloadOK || !macOK || !hmac.Equal(mac, k.mac(purpose, payload)) {
		return nil, fmt.Errorf("seal: verify %s: %w", purpose, ErrTampered)
	}
	return payload, nil
}

func (k SigningKey) mac(purpose string, payload []byte) []byte {
	mac := hmac.New(sha256.New, k.bytes())
	mac.Write(frame("waba/signed/1", purpose, string(payload)))
	return mac.Sum(nil)
}

func (k SigningKey) bytes() []byte {
	if k.raw == nil {
		return nil
	}
	return k.raw[:]
}
