package event

import "time"

// OnboardingStarted opens a run.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type OnboardingStarted struct {
	Run  int    `json:"run"`
	From Origin `json:"from"`
}

// Origin is what a run was opened with.
type Origin string

// The origins of a run.
const (
	OriginCode  Origin = "code"  // an OAuth code
	OriginToken Origin = "token" // a Meta token that a caller brought
	OriginRetry Origin = "retry" // the credential of the run before
)

// OnboardingResumed says that a rest or a stop is over.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type OnboardingResumed struct {
	Stage Stage  `json:"stage"` // where the run goes on
	By    string `json:"by"`    // name of the input or tick
}

// TokenExchanged says that there is a token, sealed in the vault.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type TokenExchanged struct {
	CredentialRef CredentialRef `json:"credential_ref"`
	TokenType     string        `json:"token_type,omitempty"`
	ExpiresAt     time.Time     `json:"expires_at,omitzero"` // zero: Meta names no end
}

// TokenChecked says that the token is of our app, valid, and allows what is needed.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type TokenChecked struct {
	UserID    UserID    `json:"user_id,omitempty"`
	Type      string    `json:"type,omitempty"`
	Scopes    []string  `json:"scopes,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // earliest of Meta's two ends; zero: none
}

// Look is one look of a search, in the order in which they were made.
type Look struct {
	Strategy Strategy   `json:"strategy"`
	Call     string     `json:"call"`            // operation at Meta
	ID       string     `json:"id,omitempty"`    // the object that was asked
	Found    int        `json:"found"`           // accounts that it showed
	Error    *MetaError `json:"error,omitempty"` // a refusal is no obstacle to the looks after it
}

// WabaDiscovered says that an account exists, proved by a call with the token.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaDiscovered struct {
	WabaID     WabaID     `json:"waba_id"`
	BusinessID BusinessID `json:"business_id,omitempty"`
	Strategy   Strategy   `json:"strategy"`
	Looks      []Look     `json:"looks"`
}

// WabaNotFound says that no account is there.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaNotFound struct {
	BusinessID BusinessID `json:"business_id,omitempty"` // where one can be made
	Looks      []Look     `json:"looks"`
}

// WabaCreationRequested is the intent to call one strategy. It stands before the
// call, so that a crash is followed by a look, not by a second account.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaCreationRequested struct {
	Strategy   Strategy   `json:"strategy"`
	BusinessID BusinessID `json:"business_id,omitempty"`
	Attempt    int        `json:"attempt"`
}

// WabaCreationAttempted is how a strategy, or one call of it, went.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaCreationAttempted struct {
	Strategy Strategy   `json:"strategy"`
	Outcome  Result     `json:"outcome"`
	Attempt  int        `json:"attempt"`
	WabaID   WabaID     `json:"waba_id,omitempty"`
	Error    *MetaError `json:"error,omitempty"`
	RetryAt  time.Time  `json:"retry_at,omitzero"` // the same strategy again; zero: the next one
}

// WabaCreationChecked is what a look found after a call whose outcome is unknown.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaCreationChecked struct {
	Strategy Strategy `json:"strategy"`
	WabaID   WabaID   `json:"waba_id,omitempty"` // empty: it is not there
	Looks    []Look   `json:"looks"`
}

// PollDue says that the wait between two polls is over.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PollDue struct {
	Attempt int `json:"attempt"`
}

// WabaPolled is one poll: whether the account is there.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type WabaPolled struct {
	Attempt     int        `json:"attempt"`
	MaxAttempts int        `json:"max_attempts"`
	Found       bool       `json:"found"`
	WabaID      WabaID     `json:"waba_id,omitempty"`
	Looks       []Look     `json:"looks,omitempty"`
	Error       *MetaError `json:"error,omitempty"`
	NextAt      time.Time  `json:"next_at,omitzero"`
}

// StepDelayed says that a step could not be done now, and when it is tried again.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type StepDelayed struct {
	Step    string     `json:"step"`
	Attempt int        `json:"attempt"`
	Code    Code       `json:"code"`
	Error   *MetaError `json:"error,omitempty"`
	Until   time.Time  `json:"until"`
}

// StepDue says that the wait before a step is over.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type StepDue struct {
	Step    string `json:"step"`
	Attempt int    `json:"attempt"`
}

// AppSubscribed says that our app receives the account's webhooks.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type AppSubscribed struct {
	WabaID  WabaID `json:"waba_id"`
	Already bool   `json:"already,omitempty"` // it did before, and nothing was asked
}

// PhoneChecked says what Meta says of the number before more is asked for it.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhoneChecked struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
	State         NumberState   `json:"state"`
	Verified      Reading       `json:"verified,omitempty"`
	NameStatus    string        `json:"name_status,omitempty"` // Meta's word
}

// PhoneCodeSent says that Meta was asked to send its code to the number. It is a rest:
// somebody types the code.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhoneCodeSent struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
	Sent          PhoneCode     `json:"sent"`            // no digit of it is here
	Error         *MetaError    `json:"error,omitempty"` // Meta did not answer: it may have sent one
	LookAt        time.Time     `json:"look_at,omitzero"`
}

// PhoneVerified says that the number's owner has proved it with Meta's code.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhoneVerified struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
	Already       bool          `json:"already,omitempty"` // it was read, and not asked for
}

// PhonePinStored says that the PIN that came is sealed in the vault, and is the
// number's from now on.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhonePinStored struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
	SetAnew       bool          `json:"set_anew,omitempty"` // it is to be set at Meta, with consent
}

// PhonePinSet says that Meta has the stored PIN in place of one that was not known.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhonePinSet struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
}

// PhoneRegistered says that the number is registered on the Cloud API, or that it
// was connected already and was left alone.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhoneRegistered struct {
	PhoneNumberID      PhoneNumberID `json:"phone_number_id"`
	DisplayPhoneNumber string        `json:"display_phone_number,omitempty"`
	AlreadyConnected   bool          `json:"already_connected,omitempty"`
}

// WabaReady says that a restaurant can send and receive: its number is connected
// and our app is subscribed, both read back from Meta after they were set up.
// It ends a run.
//
// Produced by: onboarding. Consumed by: auditlog, gateway, any other service.
//
// The access token never travels in an event: CredentialRef names the sealed copy.
type WabaReady struct {
	RestaurantID       RestaurantID  `json:"restaurant_id"`
	IntegrationID      IntegrationID `json:"integration_id"`
	Run                int           `json:"run"`
	WabaID             WabaID        `json:"waba_id"`
	BusinessID         BusinessID    `json:"business_id,omitempty"`
	PhoneNumberID      PhoneNumberID `json:"phone_number_id"`
	DisplayPhoneNumber string        `json:"display_phone_number"`
	Strategy           Strategy      `json:"strategy"`
	CredentialRef      CredentialRef `json:"credential_ref"`
	Warnings           []Warning     `json:"warnings,omitempty"`
	ReadyAt            time.Time     `json:"ready_at"` // UTC
}

// AwaitingWabaCreation says that no strategy made an account: one must be made by
// hand. It is a rest; the run looks again by request and by timer.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type AwaitingWabaCreation struct {
	Code    Code      `json:"code"`
	RetryAt time.Time `json:"retry_at"` // not before this by request; by timer at LookAt
	LookAt  time.Time `json:"look_at"`
	Rests   int       `json:"rests"` // how often the run has rested
}

// ActionRequired says that somebody must act. It is a rest.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type ActionRequired struct {
	Code       Code       `json:"code"`
	NextAction NextAction `json:"next_action"`
	Error      *MetaError `json:"error,omitempty"`
	LookAt     time.Time  `json:"look_at,omitzero"` // when the run looks again by itself
	Rests      int        `json:"rests"`
}

// InputRefused says that an input changed nothing, and why.
//
// Produced by: onboarding. Consumed by: auditlog, gateway.
type InputRefused struct {
	Input       Name      `json:"input"`
	Code        Code      `json:"code"`
	AvailableAt time.Time `json:"available_at,omitzero"` // for too_early
}

// OnboardingFailed ends a run.
//
// Produced by: onboarding. Consumed by: auditlog, gateway.
type OnboardingFailed struct {
	Code       Code       `json:"code"`
	Error      *MetaError `json:"error,omitempty"`
	NextAction NextAction `json:"next_action"`
}

// OnboardingCancelled ends a run because somebody asked for it.
//
// Produced by: onboarding. Consumed by: auditlog, gateway.
type OnboardingCancelled struct {
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"` // principal
}

// OnboardingExpired ends a run that rested for 30 days.
//
// Produced by: onboarding. Consumed by: auditlog, gateway.
type OnboardingExpired struct {
	RestedSince time.Time `json:"rested_since"`
}

// ReauthorizationRequired ends a run whose token is dead: the restaurant must
// authorize again.
//
// Produced by: onboarding. Consumed by: auditlog, gateway, any other service.
type ReauthorizationRequired struct {
	Code  Code       `json:"code"`
	Error *MetaError `json:"error,omitempty"`
}

// IntegrationDisconnected says that a restaurant is no longer connected.
//
// Produced by: onboarding. Consumed by: auditlog, gateway, any other service.
type IntegrationDisconnected struct {
	Reason string     `json:"reason,omitempty"`
	By     string     `json:"by,omitempty"`     // principal
	Undone []string   `json:"undone,omitempty"` // steps that could not be undone at Meta: those of Left
	Left   []Leftover `json:"left,omitempty"`   // the same, and why
}
