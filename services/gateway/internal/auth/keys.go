package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Key is a service key as the key file keeps it: without its secret.
type Key struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	SHA256      string    `json:"sha256"`      // of the whole text of the key, in hex
	Restaurants []string  `json:"restaurants"` // ids, or "*"
	Scopes      []Scope   `json:"scopes"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"` // zero: never
}

const (
	keyPrefix   = "waba_"
	maxKeyText  = 200
	maxKeyFile  = 4 << 20
	reloadAfter = time.Second
)

var keyID = regexp.MustCompile(`^[a-z0-9]{4,32}$`)

// lowerBase32 spells secrets in lower case without "_", which separates the parts.
var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewKey makes a service key. The text is shown to its owner once; only its hash
// is kept.
func NewKey(name string, restaurants []string, scopes []Scope, expires time.Time) (seal.Secret, Key, error) {
	random := make([]byte, 40)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the process instead
	id := lowerBase32.EncodeToString(random[32:])[:8]
	text := keyPrefix + id + "_" + lowerBase32.EncodeToString(random[:32])
	key := Key{ID: id, Name: name, SHA256: hashKey(text), Restaurants: restaurants, Scopes: scopes, ExpiresAt: expires}
	if _, err := key.check(); err != nil {
		return seal.Secret{}, Key{}, err
	}
	return seal.NewSecret(text), key, nil
}

// Keys are the service keys of a file. A change of the file is noticed within a
// second; one that cannot be read leaves the keys as they were. Safe for
// concurrent use.
type Keys struct {
	path   string
	logger *slog.Logger

	mu      sync.Mutex
	known   map[string]entry
	stamp   stamp
	checked time.Time
}

// entry is a key that has been checked.
type entry struct {
	hash      []byte
	principal Principal
	expires   time.Time
}

// stamp tells one version of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

// OpenKeys reads a key file. An error names the entry that is wrong, never a hash.
func OpenKeys(path string, logger *slog.Logger) (*Keys, error) {
	k := &Keys{path: path, logger: logger}
	at, err := stampOf(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if k.known, err = loadKeys(path); err != nil {
		return nil, err
	}
	k.stamp = at
	return k, nil
}

// Authenticate returns the principal of a key's text, or [ErrUnauthorized].
func (k *Keys) Authenticate(ctx context.Context, text string, now time.Time) (Principal, error) {
	rest, ok := strings.CutPrefix(text, keyPrefix)
	id, _, found := strings.Cut(rest, "_")
	if !ok || !found || len(text) > maxKeyText {
		return Principal{}, ErrUnauthorized
	}
	sum := sha256.Sum256([]byte(text))
	key, known := k.current(ctx, now)[id]
	if !known { // it is compared too, so that it takes as long as a wrong secret
		key.hash = make([]byte, sha256.Size)
	}
	same := subtle.ConstantTimeCompare(sum[:], key.hash) == 1
	if !known || !same || !key.expires.IsZero() && !now.Before(key.expires) {
		return Principal{}, ErrUnauthorized
	}
	return key.principal, nil
}

func (k *Keys) current(ctx context.Context, now time.Time) map[string]entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.checked) < reloadAfter {
		return k.known
	}
	k.checked = now
	at, err := stampOf(k.path)
	if err == nil && at == k.stamp {
		return k.known
	}
	var known map[string]entry
	if err == nil {
		known, err = loadKeys(k.path)
	}
	if err != nil {
		k.logger.ErrorContext(ctx, "key file is not reloaded", "error", err)
		return k.known
	}
	k.known, k.stamp = known, at
	k.logger.InfoContext(ctx, "key file is reloaded", "keys", len(known))
	return k.known
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{modified: info.ModTime(), size: info.Size()}, nil
}

func loadKeys(path string) (map[string]entry, error) {
	file, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	known, err := index(file)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return known, nil
}

func index(file keyFile) (map[string]entry, error) {
	known := make(map[string]entry, len(file.Keys))
	for i, key := range file.Keys {
		checked, err := key.check()
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if _, twice := known[key.ID]; twice {
			return nil, fmt.Errorf("entry %d: id is there twice", i)
		}
		known[key.ID] = checked
	}
	return known, nil
}

// check turns a key into what requests are compared with.
func (k Key) check() (entry, error) {
	if !keyID.MatchString(k.ID) {
		return entry{}, errors.New("id is not 4 to 32 lower-case letters and digits")
	}
	hash, err := hex.DecodeString(k.SHA256)
	if err != nil || len(hash) != sha256.Size {
		return entry{}, errors.New("sha256 is not 64 hexadecimal digits")
	}
	principal := Principal{ID: "key:" + k.ID, scopes: slices.Clone(k.Scopes)}
	for _, scope := range k.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return entry{}, errors.New("scopes has one that is not onboard, read or admin")
		}
	}
	for _, text := range k.Restaurants {
		if text == "*" {
			principal.all = true
			continue
		}
		id, err := event.ParseRestaurantID(text)
		if err != nil {
			return entry{}, fmt.Errorf("restaurants: %w", err)
		}
		principal.restaurants = append(principal.restaurants, id)
	}
	if !principal.all && len(principal.restaurants) == 0 {
		return entry{}, errors.New(`restaurants is empty: name some, or "*"`)
	}
	if principal.all {
		principal.restaurants = nil
	}
	return entry{hash: hash, principal: principal, expires: k.ExpiresAt}, nil
}

func hashKey(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
