package auth

import (
	"errors"
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// ErrHandle says that a handle was not given out here for this restaurant.
var ErrHandle = errors.New("handle is not of this restaurant")

const (
	handlePrefix  = "wat_"
	handlePurpose = "handle"
)

// Handles stand for a restaurant's token where Meta's own must not be seen. A
// handle is good for one restaurant, and for as long as its credential is.
type Handles struct{ Key seal.SigningKey }

// Make returns the handle of a credential.
func (h Handles) Make(restaurant event.RestaurantID, ref event.CredentialRef) string {
	return handlePrefix + h.Key.Sign(handlePurpose, []byte(string(restaurant)+"|"+string(ref)))
}

// IsHandle says whether a text has the form of a handle: it is no token of Meta.
func IsHandle(text string) bool { return strings.HasPrefix(text, handlePrefix) }

// Open returns the credential that a handle stands for, or [ErrHandle].
func (h Handles) Open(restaurant event.RestaurantID, text string) (event.CredentialRef, error) {
	signed, ok := strings.CutPrefix(text, handlePrefix)
	if !ok {
		return "", ErrHandle
	}
	payload, err := h.Key.Verify(handlePurpose, signed)
	if err != nil {
		return "", ErrHandle
	}
	owner, ref, ok := strings.Cut(string(payload), "|")
	if !ok || owner != string(restaurant) || ref == "" {
		return "", ErrHandle
	}
	return event.CredentialRef(ref), nil
}
