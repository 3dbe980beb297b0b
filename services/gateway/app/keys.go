package app

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
)

// APIKey is a service key as the key file keeps it: without its secret.
type APIKey = auth.Key

// NewAPIKey makes a service key for restaurants (ids, or "*") with scopes onboard,
// read or admin; a zero time never ends. The text is shown to its owner once.
func NewAPIKey(name string, restaurants, scopes []string, expires time.Time) (text seal.Secret, key APIKey, err error) {
	list := make([]auth.Scope, len(scopes))
	for i, scope := range scopes {
		list[i] = auth.Scope(scope)
	}
	return auth.NewKey(name, restaurants, list, expires)
}

// AddAPIKey adds a key to a key file, which is made when it is missing. Gateways
// notice it within a second.
func AddAPIKey(path string, key APIKey) error { return auth.AddKey(path, key) }

// ErrNoAPIKey says that a key file has no such key.
var ErrNoAPIKey = auth.ErrNoKey

// ListAPIKeys returns the keys of a key file, in its order.
func ListAPIKeys(path string) ([]APIKey, error) { return auth.ListKeys(path) }

// RevokeAPIKey takes a key out of a key file. Gateways notice it within a second.
func RevokeAPIKey(path, id string) error { return auth.RemoveKey(path, id) }
