// Package auth says who calls and what they may do, and makes and checks the
// texts that leave the gateway and come back: service keys, OAuth states and
// handles.
package auth

import (
	"errors"
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Scope is what a principal may do with its restaurants.
type Scope string

// The scopes.
const (
	ScopeOnboard Scope = "onboard" // drive an onboarding
	ScopeRead    Scope = "read"    // see status, logs and events
	ScopeAdmin   Scope = "admin"   // see Meta's tokens, where that is switched on
)

// Scopes returns all scopes.
func Scopes() []Scope { return []Scope{ScopeOnboard, ScopeRead, ScopeAdmin} }

// ErrUnauthorized says that a credential is missing or not good, without saying
// in which way.
var ErrUnauthorized = errors.New("no valid credential")

// Principal is who calls. The zero value may do nothing.
type Principal struct {
	ID          string // stands in events: who asked
	all         bool
	restaurants []event.RestaurantID
	scopes      []Scope
}

// Dev is the principal of callers on loopback in the all-in-one binary.
func Dev() Principal {
	return Principal{ID: "dev", all: true, scopes: Scopes()}
}

// May says whether the principal has a scope.
func (p Principal) May(scope Scope) bool { return slices.Contains(p.scopes, scope) }

// Sees says whether a restaurant is the principal's.
func (p Principal) Sees(id event.RestaurantID) bool {
	return p.all || slices.Contains(p.restaurants, id)
}

// Restaurants returns the principal's restaurants; all is true, and the list is
// empty, when it sees every one.
func (p Principal) Restaurants() (list []event.RestaurantID, all bool) {
	return p.restaurants, p.all
}
