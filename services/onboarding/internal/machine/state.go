package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// State is all that is true of a restaurant's onboarding. It is the JSON in the
// header of every decision; fields are added, never renamed. Its lists and texts
// are bounded, so that it stays far below [event.MaxStateHeader].
type State struct {
	event.Snapshot

	Sequence uint64 `json:"sequence,omitempty"` // decisions so far
	Policy   Policy `json:"policy,omitzero"`    // copied in when a run starts
	Todo     Todo   `json:"todo,omitzero"`

	// What the run was opened with, and is asked for.
	Origin      event.Origin    `json:"origin,omitempty"`
	SecretRef   event.SecretRef `json:"secret_ref,omitempty"` // the sealed code, or a caller's sealed token
	RedirectURI string          `json:"redirect_uri,omitempty"`
	Claims      event.Claims    `json:"claims,omitzero"`
	Chosen      bool            `json:"chosen,omitempty"` // the claims are one of the choices that the run offered
	Stops       []event.Stop    `json:"stops,omitempty"`
	Entry       event.Stage     `json:"entry,omitempty"`     // where the run goes on after the token check
	MaxPolls    int             `json:"max_polls,omitempty"` // asked for; 0: the policy's

	// What the token names. Each is proved by a call before it is used.
	GrantedWabas      []event.WabaID     `json:"granted_wabas,omitempty"`
	GrantedBusinesses []event.BusinessID `json:"granted_businesses,omitempty"`

	// The account's numbers, and what became of a registration.
	MadeIn       event.BusinessID `json:"made_in,omitempty"`  // where the account of Snapshot.Made was made
	Searches     int              `json:"searches,omitempty"` // for an account, in this run
	Numbers      []Number         `json:"numbers,omitempty"`
	Registration Registration     `json:"registration,omitzero"`
	Tries        []Try            `json:"tries,omitempty"` // of registering, that still count, oldest first; over all runs

	// What the restaurant is connected with while a later run is under way or has come
	// to nothing, and what a disconnection has to undo.
	Connection *Connection `json:"connection,omitempty"`
	Undo       *Undo       `json:"undo,omitempty"`

	// What somebody brings for the number.
	Pin          PinGiven     `json:"pin,omitzero"`
	Verification Verification `json:"verification,omitzero"`

	// How long things have been tried.
	StepSince  time.Time     `json:"step_since,omitzero"`   // first time that the present step was put off
	LimitedFor time.Duration `json:"limited_for,omitempty"` // of that, waited for Meta's limits
	Calls      int           `json:"calls,omitempty"`       // of the present creation strategy
	WindowEnds time.Time     `json:"window_ends,omitzero"`  // until when that strategy is tried
	Looks      int           `json:"looks,omitempty"`       // read-backs that did not show what they should
	PollSince  time.Time     `json:"poll_since,omitzero"`

	// How long somebody has been waited for.
	Rests       int         `json:"rests,omitempty"` // how often the run has rested
	RestedSince time.Time   `json:"rested_since,omitzero"`
	RestedAt    event.Stage `json:"rested_at,omitempty"` // the furthest stage in which it has rested
	RetryAt     time.Time   `json:"retry_at,omitzero"`   // a retry by request is too early before this
	LookedAt    time.Time   `json:"looked_at,omitzero"`  // when a notice of Meta made the run look last
}

// Policy is what an operator can set. It is copied into the state when a run
// starts, so that a change touches new runs only.
type Policy struct {
	Strategies      []event.Strategy `json:"strategies,omitempty"` // creation, in order; none: never create
	StrategyTimeout time.Duration    `json:"strategy_timeout,omitempty"`
	PollInterval    time.Duration    `json:"poll_interval,omitempty"` // 0: 3 s
	PollMaxAttempts int              `json:"poll_max_attempts,omitempty"`
	PollTimeout     time.Duration    `json:"poll_timeout,omitempty"` // of all polls together; 0: none
	RetryAfter      time.Duration    `json:"retry_after,omitempty"`
	Limits          LimitWaits       `json:"limits,omitzero"`      // waits for Meta's limits
	Edition         Edition          `json:"edition,omitempty"`    // of the verdicts
	ManualURL       string           `json:"manual_url,omitempty"` // where an account is made by hand
}

// Number is a phone number of the account, as far as the rules need it.
type Number struct {
	WabaID  event.WabaID        `json:"waba,omitempty"`
	ID      event.PhoneNumberID `json:"id"`
	Display string              `json:"display,omitempty"`
	// Managed: it is of the WhatsApp Business app or of a sandbox, which are never
	// registered. Verified: Meta's code was entered. NameStatus is Meta's word.
	State      event.NumberState `json:"state,omitempty"`
	Managed    bool              `json:"managed,omitempty"`
	Verified   event.Reading     `json:"verified,omitempty"`
	NameStatus string            `json:"name_status,omitempty"`
	Sandbox    bool              `json:"sandbox,omitempty"` // for tests
	// What stood here before Meta's words had more than two meanings.
	Connected  bool `json:"connected,omitempty"`
	Unverified bool `json:"unverified,omitempty"`
}

// Begin returns the state of a restaurant that nothing is known of.
func Begin(id event.RestaurantID) State {
	return State{Snapshot: event.Snapshot{Integration: event.Integration{
		RestaurantID:  id,
		IntegrationID: event.IntegrationOf(id),
	}}}
}

// None says whether there has been no run yet.
func (s State) None() bool { return s.Run == 0 }

// Wanted returns the one account that is looked for: the claimed one, or the one
// that a creation has answered. Empty: any that is the restaurant's.
func (s State) Wanted() event.WabaID {
	if s.Claims.WabaID != "" {
		return s.Claims.WabaID
	}
	return s.Made
}

// idle says whether a new code may open a run: there is none, it is over, or it
// waits for a person or for a step that is asked for.
func (s State) idle() bool {
	return s.None() || s.Status.Ended() || s.Status.Resting() || s.RestsBefore != ""
}

// clone returns a state that shares no list with s. What its pointers show is
// never changed, only replaced.
func (s State) clone() State {
	s.Policy.Strategies = slices.Clone(s.Policy.Strategies)
	s.Strategies = slices.Clone(s.Strategies)
	s.Warnings = slices.Clone(s.Warnings)
	s.Stops = slices.Clone(s.Stops)
	s.GrantedWabas = slices.Clone(s.GrantedWabas)
	s.GrantedBusinesses = slices.Clone(s.GrantedBusinesses)
	s.Numbers = slices.Clone(s.Numbers)
	s.Tries = slices.Clone(s.Tries)
	s.Verification.Asked = slices.Clone(s.Verification.Asked)
	return s
}

// progress takes the run to a stage and forgets the trouble of the one before.
func (s *State) progress(stage event.Stage) {
	s.Stage = stage
	s.RestsBefore = ""
	s.Error, s.NextAction = nil, nil
	s.RetryAt = time.Time{}
	s.calm()
	s.Calls, s.Looks, s.WindowEnds = 0, 0, time.Time{}
}

// calm forgets how often and how long the present step was put off.
func (s *State) calm() { s.Delays, s.StepSince, s.LimitedFor = 0, time.Time{}, 0 }
