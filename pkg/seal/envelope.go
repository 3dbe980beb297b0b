package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
)

const (
	valueVersion   = "v1"
	wrappedVersion = "w1"
	keyBytes       = 32 // AES-256
)

// rawKey is a key itself. It is held by pointer for the reason that [Secret] is.
type rawKey [keyBytes]byte

// DataKey encrypts the secrets of one restaurant that rest in tables, with
// AES-256-GCM and random nonces: good for 2^32 secrets per key.
type DataKey struct {
	hidden
	id         string
	restaurant string
	aead       cipher.AEAD
}

// ID names the key in what it seals. It is not secret.
func (k *DataKey) ID() string { return k.id }

// Restaurant returns whose secrets the key is for.
func (k *DataKey) Restaurant() string { return k.restaurant }

// Seal encrypts s for one column of one table: "v1.<data key id>.<text>". Where
// two rows of a restaurant must not be exchanged, put the row's key into column.
func (k *DataKey) Seal(table, column string, s Secret) (string, error) {
	sealed := k.aead.Seal(nil, nil, []byte(s.Reveal()), k.place(table, column))
	return valueVersion + "." + k.id + "." + encode(sealed), nil
}

// Open decrypts what [DataKey.Seal] sealed for the same table and column. It
// fails with [ErrWrongKey] or [ErrTampered].
func (k *DataKey) Open(table, column, text string) (Secret, error) {
	ids, body, ok := split(text, valueVersion, 1)
	if !ok {
		return Secret{}, fmt.Errorf("seal: open %s.%s of %s: %w", table, column, k.restaurant, ErrTampered)
	}
	if ids[0] != k.id {
		return Secret{}, fmt.Errorf("seal: open %s.%s of %s with key %s: %w", table, column, k.restaurant, ids[0], ErrWrongKey)
	}
	opened, err := k.aead.Open(nil, nil, body, k.place(table, column))
	if err != nil {
		return Secret{}, fmt.Errorf("seal: open %s.%s of %s: %w", table, column, k.restaurant, ErrTampered)
	}
	return NewSecret(string(opened)), nil
}

func (k *DataKey) place(table, column string) []byte {
	return frame("waba/value", valueVersion, k.restaurant, table, column, k.id)
}

// encryptionKey is a key-encryption key: it encrypts data keys and nothing else.
type encryptionKey struct {
	hidden
	id  string
	raw *rawKey
}

func newEncryptionKey() encryptionKey {
	return encryptionKey{id: newID(), raw: newKey()}
}

// wrap makes a data key for a restaurant and encrypts it.
func (e encryptionKey) wrap(restaurant string) (string, *DataKey, error) {
	outer, err := newAEAD(e.raw)
	if err != nil {
		return "", nil, fmt.Errorf("seal: key %s: %w", e.id, err)
	}
	raw, id := newKey(), newID()
	inner, err := newAEAD(raw)
	if err != nil {
		return "", nil, fmt.Errorf("seal: new data key for %s: %w", restaurant, err)
	}
	wrapped := outer.Seal(nil, nil, raw[:], wrapPlace(restaurant, e.id, id))
	text := wrappedVersion + "." + e.id + "." + id + "." + encode(wrapped)
	return text, &DataKey{id: id, restaurant: restaurant, aead: inner}, nil
}

// unwrap decrypts the data key with this id.
func (e encryptionKey) unwrap(restaurant, id string, body []byte) (*DataKey, error) {
	outer, err := newAEAD(e.raw)
	if err != nil {
		return nil, fmt.Errorf("seal: key %s: %w", e.id, err)
	}
	raw, err := outer.Open(nil, nil, body, wrapPlace(restaurant, e.id, id))
	if err != nil || len(raw) != keyBytes {
		return nil, fmt.Errorf("seal: open data key of %s: %w", restaurant, ErrTampered)
	}
	inner, err := newAEAD((*rawKey)(raw))
	if err != nil {
		return nil, fmt.Errorf("seal: open data key of %s: %w", restaurant, err)
	}
	return &DataKey{id: id, restaurant: restaurant, aead: inner}, nil
}

func wrapPlace(restaurant, wrappingID, id string) []byte {
	return frame("waba/data-key", wrappedVersion, restaurant, wrappingID, id)
}

func newKey() *rawKey {
	var key rawKey
	_, _ = rand.Read(key[:]) // never fails: crypto/rand ends the process instead
	return &key
}

func newAEAD(key *rawKey) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
