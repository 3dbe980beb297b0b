package seal

import (
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// The suite of [SealTo]: RFC 9180 base mode. Another suite is another version.
const (
	sealedVersion    = "s1"
	publicKeyVersion = "waba-seal-public-1"
)

func kem() hpke.KEM   { return hpke.DHKEM(ecdh.X25519()) }
func kdf() hpke.KDF   { return hpke.HKDFSHA256() }
func aead() hpke.AEAD { return hpke.AES256GCM() }

// PublicKey seals secrets that only the holder of its [Keyring] can open. It is
// not secret itself.
type PublicKey struct {
	id  string
	key hpke.PublicKey
}

// ID names the key in what it seals: a fingerprint, 16 hexadecimal digits.
func (p PublicKey) ID() string { return p.id }

// IsZero reports whether there is no key.
func (p PublicKey) IsZero() bool { return p.key == nil }

// String returns the key as [ParsePublicKey] reads it.
func (p PublicKey) String() string {
	if p.IsZero() {
		return ""
	}
	return publicKeyVersion + "." + p.id + "." + encode(p.key.Bytes())
}

// MarshalText implements [encoding.TextMarshaler].
func (p PublicKey) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *PublicKey) UnmarshalText(text []byte) error {
	parsed, err := ParsePublicKey(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// ParsePublicKey reads what [PublicKey.String] wrote; surrounding white space is
// ignored. A key that does not match its own id is refused.
func ParsePublicKey(text string) (PublicKey, error) {
	ids, raw, ok := split(strings.TrimSpace(text), publicKeyVersion, 1)
	if !ok {
		return PublicKey{}, errors.New("seal: not a public key of this version")
	}
	key, err := kem().NewPublicKey(raw)
	if err != nil {
		return PublicKey{}, fmt.Errorf("seal: parse public key: %w", err)
	}
	public := newPublicKey(key)
	if public.id != ids[0] {
		return PublicKey{}, errors.New("seal: public key does not match its id")
	}
	return public, nil
}

func newPublicKey(key hpke.PublicKey) PublicKey {
	sum := sha256.Sum256(key.Bytes())
	return PublicKey{id: hex.EncodeToString(sum[:idBytes]), key: key}
}

// SealTo encrypts a secret to pub and returns URL-safe text, about 130 bytes
// longer than the secret. It opens only with the same purpose and restaurant.
func SealTo(pub PublicKey, purpose, restaurant string, s Secret) (string, error) {
	if pub.IsZero() {
		return "", errors.New("seal: no public key")
	}
	sealed, err := hpke.Seal(pub.key, kdf(), aead(), sealedInfo(pub.id, purpose, restaurant), []byte(s.Reveal()))
	if err != nil {
		return "", fmt.Errorf("seal: %s for %s: %w", purpose, restaurant, err)
	}
	return sealedVersion + "." + pub.id + "." + encode(sealed), nil
}

// PrivateKey opens what was sealed to its public key.
type PrivateKey struct {
	hidden
	id  string
	key hpke.PrivateKey
}

// NewPrivateKey generates a key.
func NewPrivateKey() (PrivateKey, error) {
	key, err := kem().GenerateKey()
	if err != nil {
		return PrivateKey{}, fmt.Errorf("seal: generate key: %w", err)
	}
	return PrivateKey{id: newPublicKey(key.PublicKey()).id, key: key}, nil
}

// parsePrivateKey reads the bytes of a private key and checks them against id.
func parsePrivateKey(id string, raw []byte) (PrivateKey, error) {
	key, err := kem().NewPrivateKey(raw)
	if err != nil {
		return PrivateKey{}, fmt.Errorf("seal: parse private key %s: %w", id, err)
	}
	if newPublicKey(key.PublicKey()).id != id {
		return PrivateKey{}, fmt.Errorf("seal: private key %s does not match its id", id)
	}
	return PrivateKey{id: id, key: key}, nil
}

// ID returns the id of the public key.
func (k PrivateKey) ID() string { return k.id }

// PublicKey returns the key to seal with.
func (k PrivateKey) PublicKey() PublicKey { return newPublicKey(k.key.PublicKey()) }

// Open returns the secret that [SealTo] sealed to this key for the same purpose
// and restaurant. It fails with [ErrWrongKey] or [ErrTampered].
func (k PrivateKey) Open(purpose, restaurant, sealed string) (Secret, error) {
	return openSealed([]PrivateKey{k}, purpose, restaurant, sealed)
}

func openSealed(keys []PrivateKey, purpose, restaurant, sealed string) (Secret, error) {
	ids, body, ok := split(sealed, sealedVersion, 1)
	if !ok {
		return Secret{}, fmt.Errorf("seal: open %s for %s: %w", purpose, restaurant, ErrTampered)
	}
	for _, k := range keys {
		if k.id != ids[0] {
			continue
		}
		text, err := hpke.Open(k.key, kdf(), aead(), sealedInfo(k.id, purpose, restaurant), body)
		if err != nil {
			return Secret{}, fmt.Errorf("seal: open %s for %s: %w", purpose, restaurant, ErrTampered)
		}
		return NewSecret(string(text)), nil
	}
	return Secret{}, fmt.Errorf("seal: open %s for %s with key %s: %w", purpose, restaurant, ids[0], ErrWrongKey)
}

func sealedInfo(id, purpose, restaurant string) []byte {
	return frame("waba/sealed", sealedVersion, id, purpose, restaurant)
}
