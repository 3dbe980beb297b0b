package seal

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Keyring holds the private keys that open what crossed the bus and the keys
// that wrap the restaurants' data keys. The first of each kind is current; the
// others only open what is older. A Keyring never changes: [Keyring.Rotated]
// gives another.
type Keyring struct {
	hidden
	private []PrivateKey
	wrap    []encryptionKey
}

// NewKeyring generates a keyring with one key of each kind.
func NewKeyring() (*Keyring, error) {
	private, err := NewPrivateKey()
	if err != nil {
		return nil, err
	}
	return &Keyring{private: []PrivateKey{private}, wrap: []encryptionKey{newEncryptionKey()}}, nil
}

// Rotated returns a keyring with fresh current keys that still opens all that
// this one opens.
func (k *Keyring) Rotated() (*Keyring, error) {
	fresh, err := NewKeyring()
	if err != nil {
		return nil, err
	}
	return &Keyring{
		private: slices.Concat(fresh.private, k.private),
		wrap:    slices.Concat(fresh.wrap, k.wrap),
	}, nil
}

// PublicKey returns the key that others seal with, the current one.
func (k *Keyring) PublicKey() PublicKey { return k.private[0].PublicKey() }

// Open returns the secret that [SealTo] sealed to any key of the ring for the
// same purpose and restaurant. It fails with [ErrWrongKey] or [ErrTampered].
func (k *Keyring) Open(purpose, restaurant, sealed string) (Secret, error) {
	return openSealed(k.private, purpose, restaurant, sealed)
}

// Opens says whether what is sealed to a public key can be opened.
func (k *Keyring) Opens(public PublicKey) bool { return k.has(public.id) }

// OpensSealed says whether the key that [SealTo] sealed a text to is in the ring. It
// does not say that the text is whole.
func (k *Keyring) OpensSealed(sealed string) bool {
	ids, _, ok := split(sealed, sealedVersion, 1)
	return ok && k.has(ids[0])
}

func (k *Keyring) has(id string) bool {
	return slices.ContainsFunc(k.private, func(private PrivateKey) bool { return private.id == id })
}

// NewDataKey makes a data key for a restaurant. wrapped is what to store: it
// opens with this keyring, for this restaurant only.
func (k *Keyring) NewDataKey(restaurant string) (wrapped string, key *DataKey, err error) {
	return k.wrap[0].wrap(restaurant)
}

// OpenDataKey returns the data key that [Keyring.NewDataKey] made for the same
// restaurant. It fails with [ErrWrongKey] or [ErrTampered].
func (k *Keyring) OpenDataKey(restaurant, wrapped string) (*DataKey, error) {
	ids, body, ok := split(wrapped, wrappedVersion, 2)
	if !ok {
		return nil, fmt.Errorf("seal: open data key of %s: %w", restaurant, ErrTampered)
	}
	i := slices.IndexFunc(k.wrap, func(e encryptionKey) bool { return e.id == ids[0] })
	if i < 0 {
		return nil, fmt.Errorf("seal: open data key of %s with key %s: %w", restaurant, ids[0], ErrWrongKey)
	}
	return k.wrap[i].unwrap(restaurant, ids[1], body)
}

// keyringFile is a keyring as it lies on disk. In each list the current key is first.
type keyringFile struct {
	Version int       `json:"version"`
	Private []fileKey `json:"hpke_private_keys"`
	Wrap    []fileKey `json:"key_encryption_keys"`
}

type fileKey struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// LoadKeyring reads a keyring from a file that only its owner can read.
func LoadKeyring(path string) (*Keyring, error) {
	raw, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("seal: load keyring: %w", err)
	}
	keyring, err := parseKeyring(raw)
	if err != nil {
		return nil, fmt.Errorf("seal: load keyring %s: %w", path, err)
	}
	return keyring, nil
}

// Save writes the keyring to a new file with mode 0600. It refuses to overwrite
// a file ([fs.ErrExist]): a lost key is lost data. [Keyring.Replace] rotates.
func (k *Keyring) Save(path string) error { return k.write(path, createPrivate) }

// Replace writes the keyring over the file at path in one step, so that a reader
// or a crash sees the old keyring or the new one.
func (k *Keyring) Replace(path string) error { return k.write(path, replacePrivate) }

func (k *Keyring) write(path string, write func(string, []byte) error) error {
	file := keyringFile{Version: 1}
	for _, private := range k.private {
		raw, err := private.key.Bytes()
		if err != nil {
			return fmt.Errorf("seal: save keyring: key %s: %w", private.id, err)
		}
		file.Private = append(file.Private, fileKey{ID: private.id, Key: encode(raw)})
	}
	for _, wrap := range k.wrap {
		file.Wrap = append(file.Wrap, fileKey{ID: wrap.id, Key: encode(wrap.raw[:])})
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return fmt.Errorf("seal: save keyring: %w", err)
	}
	if err := write(path, append(raw, '\n')); err != nil {
		return fmt.Errorf("seal: save keyring: %w", err)
	}
	return nil
}

// parseKeyring checks everything that can be wrong with a file made by hand. Its
// errors name ids, never keys.
func parseKeyring(raw []byte) (*Keyring, error) {
	var file keyringFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, errors.New("not a keyring: the JSON is malformed") // the cause may quote a key
	}
	if file.Version != 1 {
		return nil, fmt.Errorf("keyring version %d is unknown", file.Version)
	}
	if len(file.Private) == 0 || len(file.Wrap) == 0 {
		return nil, errors.New("a keyring needs a key of each kind")
	}
	var keyring Keyring
	seen := map[string]bool{}
	for _, entry := range file.Private {
		bytes, err := entry.bytes(seen)
		if err != nil {
			return nil, err
		}
		private, err := parsePrivateKey(entry.ID, bytes)
		if err != nil {
			return nil, err
		}
		keyring.private = append(keyring.private, private)
	}
	for _, entry := range file.Wrap {
		bytes, err := entry.bytes(seen)
		if err != nil {
			return nil, err
		}
		keyring.wrap = append(keyring.wrap, encryptionKey{id: entry.ID, raw: (*rawKey)(bytes)})
	}
	return &keyring, nil
}

// bytes returns the decoded key and notes its id in seen.
func (f fileKey) bytes(seen map[string]bool) ([]byte, error) {
	raw, ok := decode(f.Key)
	switch {
	case !validID(f.ID):
		return nil, fmt.Errorf("key id %q is not %d hexadecimal digits", f.ID, 2*idBytes)
	case seen[f.ID]:
		return nil, fmt.Errorf("key id %s stands twice", f.ID)
	case !ok || len(raw) != keyBytes:
		return nil, fmt.Errorf("key %s is not %d bytes in base64", f.ID, keyBytes)
	}
	seen[f.ID] = true
	return raw, nil
}
