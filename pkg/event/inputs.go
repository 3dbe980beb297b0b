package event

import "time"

// Claims are ids that a caller says are the restaurant's. None is used before a
// call with the restaurant's own token has proved it.
type Claims struct {
	WabaID        WabaID        `json:"waba_id,omitempty"`
	BusinessID    BusinessID    `json:"business_id,omitempty"`
	PhoneNumberID PhoneNumberID `json:"phone_number_id,omitempty"`
}

// Stop names a stage before which a run rests until it is asked to go on.
type Stop string

// The stops of the step endpoints.
const (
	StopDiscovery Stop = "discovery" // after the token, until discovery is asked for
	StopPolling   Stop = "polling"   // after a creation, until polling is asked for
)

// UsedState remembers an OAuth state that has been used, so that it is used once.
type UsedState struct {
	StateHash Hash      `json:"state_hash"`
	CodeHash  Hash      `json:"code_hash"`
	Until     time.Time `json:"until"` // after this the state is expired anyway
}

// UsedCode remembers a code that has been sent, so that it is not sent to Meta
// again in a later run.
type UsedCode struct {
	CodeHash Hash      `json:"code_hash"`
	Until    time.Time `json:"until"` // after this it is forgotten
}

// What a secret on the bus is sealed for: the gateway seals, onboarding opens.
const (
	PurposeCode  = "oauth_code" // under OAuthCodeReceived.CodeRef
	PurposeToken = "meta_token" // under Authority.TokenRef
	PurposePin   = "phone_pin"  // under PinSubmitted.PinRef

	PurposePhoneCode = "phone_code" // under PhoneCodeSubmitted.CodeRef
)

// OAuthCodeReceived asks for a new run with an OAuth code. The code itself waits
// sealed under CodeRef. The event is fenced on its own subject, and carries the
// states and the codes used lately, so that each is used once over all gateways.
//
// Produced by: gateway. Consumed by: onboarding, auditlog, gateway.
type OAuthCodeReceived struct {
	CodeRef        SecretRef   `json:"code_ref"`
	CodeHash       Hash        `json:"code_hash"`
	StateHash      Hash        `json:"state_hash,omitempty"`
	UsedStates     []UsedState `json:"used_states,omitempty"`
	UsedCodes      []UsedCode  `json:"used_codes,omitempty"`   // oldest first, this one last
	RedirectURI    string      `json:"redirect_uri,omitempty"` // byte-identical to the dialog's; empty for Embedded Signup
	Claims         Claims      `json:"claims,omitzero"`
	RestaurantName string      `json:"restaurant_name,omitempty"`
	Stops          []Stop      `json:"stops,omitempty"`
	Principal      string      `json:"principal,omitempty"` // who asked
}

// Authority says by which credential an input speaks. At most one is set; with
// none the run's own credential is meant.
type Authority struct {
	CredentialRef CredentialRef `json:"credential_ref,omitempty"` // from a handle
	TokenRef      SecretRef     `json:"token_ref,omitempty"`      // a Meta token, sealed
}

// DiscoveryRequested lifts the stop before discovery; with AllStops it lifts
// every stop. With a Meta token and no run, it opens one.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type DiscoveryRequested struct {
	Authority Authority `json:"authority,omitzero"`
	Claims    Claims    `json:"claims,omitzero"`
	AllStops  bool      `json:"all_stops,omitempty"`
	Principal string    `json:"principal,omitempty"`
}

// CreationRequested asks for the creation strategies. Discovery comes before
// them all the same: an account that exists is never made twice.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type CreationRequested struct {
	Authority Authority `json:"authority,omitzero"`
	Claims    Claims    `json:"claims,omitzero"`
	Principal string    `json:"principal,omitempty"`
}

// PollingRequested lifts the stop before polling, or opens a run that polls.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type PollingRequested struct {
	Authority   Authority `json:"authority,omitzero"`
	Claims      Claims    `json:"claims,omitzero"`
	MaxAttempts int       `json:"max_attempts,omitempty"` // 1 to 100; 0 is the default
	Principal   string    `json:"principal,omitempty"`
}

// RetryRequested asks that a resting run goes on now.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type RetryRequested struct {
	Reason    string `json:"reason,omitempty"`
	Principal string `json:"principal,omitempty"`
}

// CancelRequested asks that a run ends.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type CancelRequested struct {
	Reason    string `json:"reason,omitempty"`
	Principal string `json:"principal,omitempty"`
}

// DisconnectRequested asks that a connected restaurant is disconnected.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type DisconnectRequested struct {
	Reason    string `json:"reason,omitempty"`
	Principal string `json:"principal,omitempty"`
}

// WabaAttached says that an account was made by hand.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type WabaAttached struct {
	WabaID    WabaID `json:"waba_id"`
	Principal string `json:"principal,omitempty"`
}

// PhoneSelected chooses one of the numbers, or one of the accounts, that the run
// offers. At least one of the two ids is set.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type PhoneSelected struct {
	WabaID        WabaID        `json:"waba_id,omitempty"`
	PhoneNumberID PhoneNumberID `json:"phone_number_id,omitempty"`
	Principal     string        `json:"principal,omitempty"`
}

// PhoneCodeRequested asks that Meta sends its code to the number.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type PhoneCodeRequested struct {
	Method    string `json:"method"` // SMS or VOICE
	Language  string `json:"language,omitempty"`
	Principal string `json:"principal,omitempty"`
}

// PhoneCodeSubmitted brings the code that came by SMS or voice, sealed.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type PhoneCodeSubmitted struct {
	CodeRef   SecretRef `json:"code_ref"`
	Principal string    `json:"principal,omitempty"`
}

// PinSubmitted brings the two-step PIN, sealed.
//
// Produced by: gateway. Consumed by: onboarding, auditlog.
type PinSubmitted struct {
	PinRef    SecretRef `json:"pin_ref"`
	SetAnew   bool      `json:"set_anew,omitempty"` // with consent: set this PIN at Meta, the old one is unknown
	Principal string    `json:"principal,omitempty"`
}

// MetaNotified says that a webhook of Meta concerns this restaurant. It says what
// Meta has sent, not what is true: that is read. The event is fenced on its own
// subject, and carries the restaurant's last ones, so that each change of a webhook is
// published once.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog.
type MetaNotified struct {
	Field         string        `json:"field"`
	Event         string        `json:"event,omitempty"`  // the kind, or the decision, where the field has one
	Detail        string        `json:"detail,omitempty"` // of an event that has more than one meaning
	WabaID        WabaID        `json:"waba_id,omitempty"`
	BusinessID    BusinessID    `json:"business_id,omitempty"`
	PhoneNumberID PhoneNumberID `json:"phone_number_id,omitempty"`
	BodyID        Hash          `json:"body_id"`              // subject of the raw body in WABA_WEBHOOKS
	Change        int           `json:"change,omitempty"`     // place in the body, from 0
	HappenedAt    time.Time     `json:"happened_at,omitzero"` // by Meta
	ReceivedAt    time.Time     `json:"received_at,omitzero"` // by us
	Recent        []string      `json:"recent,omitempty"`     // ids of the last ones, oldest first, this one last
}
