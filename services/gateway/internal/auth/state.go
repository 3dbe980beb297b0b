package auth

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Why a state is not accepted. Whoever sent it learns no more than that.
var (
	ErrStateUnknown = errors.New("state was not issued here")
	ErrStateForeign = errors.New("state was issued for another restaurant or caller")
	ErrStateExpired = errors.New("state is expired")
)

// DevState is the state that is accepted, any number of times, from callers on
// loopback in the all-in-one binary.
const DevState = "dev"

const (
	statePurpose = "oauth_state"
	maxState     = 512
	stateBytes   = 32
)

// States issues and checks OAuth states. Single use is not its matter: whoever
// accepts a code remembers the states that were used.
type States struct {
	Key    seal.SigningKey
	Life   time.Duration
	Caller bool // any text is accepted: the caller makes and checks its own
	Dev    bool // [DevState] is accepted from the principal dev
}

// State is a state that has been checked, and what it was issued for.
type State struct {
	Restaurant  event.RestaurantID
	Principal   string
	Until       time.Time // after this it is refused anyway
	RedirectURI string    // of the dialog that it was issued for
	ReturnURL   string
	Issued      bool // by us: RedirectURI is what the dialog was opened with, even when it is empty
	Reusable    bool // it may be used any number of times
}

// signedState is what is signed. Names are short because it stands in a URL.
type signedState struct {
	Restaurant  event.RestaurantID `json:"r"`
	Principal   string             `json:"p"`
	Nonce       []byte             `json:"n"`
	Expires     int64              `json:"e"` // Unix seconds
	RedirectURI string             `json:"d,omitempty"`
	ReturnURL   string             `json:"u,omitempty"`
}

// Issue returns a state for one restaurant and one principal, and when it ends.
func (s States) Issue(restaurant event.RestaurantID, principal, redirectURI, returnURL string, now time.Time) (text string, expires time.Time, err error) {
	expires = now.Add(s.Life).Truncate(time.Second)
	nonce := make([]byte, stateBytes)
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the process instead
	payload, err := json.Marshal(signedState{
		Restaurant: restaurant, Principal: principal, Nonce: nonce, Expires: expires.Unix(),
		RedirectURI: redirectURI, ReturnURL: returnURL,
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue state: %w", err)
	}
	return s.Key.Sign(statePurpose, payload), expires, nil
}

// Check says whether a state may be used by a principal for a restaurant.
func (s States) Check(text string, restaurant event.RestaurantID, principal Principal, now time.Time) (State, error) {
	if s.Dev && text == DevState && principal.ID == Dev().ID {
		return State{Restaurant: restaurant, Principal: principal.ID, Reusable: true}, nil
	}
	state, err := s.Read(text, now)
	switch {
	case err == nil && state.Restaurant == restaurant && state.Principal == principal.ID:
		return state, nil
	case err == nil:
		return State{}, ErrStateForeign
	case s.Caller && errors.Is(err, ErrStateUnknown) && text != "" && len(text) <= maxState:
		return State{Restaurant: restaurant, Principal: principal.ID, Until: now.Add(s.Life)}, nil
	}
	return State{}, err
}

// Read returns what a state was issued for. It is meant for Meta's redirect,
// which brings nothing else that could be trusted.
func (s States) Read(text string, now time.Time) (State, error) {
	if len(text) > 4<<10 {
		return State{}, ErrStateUnknown
	}
	payload, err := s.Key.Verify(statePurpose, text)
	if err != nil {
		return State{}, ErrStateUnknown
	}
	var signed signedState
	if err := json.Unmarshal(payload, &signed); err != nil {
		return State{}, ErrStateUnknown
	}
	state := State{
		Restaurant: signed.Restaurant, Principal: signed.Principal, Until: time.Unix(signed.Expires, 0),
		RedirectURI: signed.RedirectURI, ReturnURL: signed.ReturnURL, Issued: true,
	}
	if !now.Before(state.Until) {
		return State{}, ErrStateExpired
	}
	return state, nil
}
