package event

// DisconnectStarted opens the run that disconnects a restaurant. It names what will
// be undone at Meta; the token is destroyed in the end, whatever Meta says.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type DisconnectStarted struct {
	Run           int           `json:"run"`
	Reason        string        `json:"reason,omitempty"`
	By            string        `json:"by,omitempty"`              // principal
	PhoneNumberID PhoneNumberID `json:"phone_number_id,omitempty"` // to be deregistered
	WabaID        WabaID        `json:"waba_id,omitempty"`         // to be unsubscribed from
}

// PhoneDeregistered says that the number is no longer registered on the Cloud API,
// or with a Code, why it may be.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type PhoneDeregistered struct {
	PhoneNumberID PhoneNumberID `json:"phone_number_id"`
	// LeftAlone: there was nothing to ask Meta for. The number was not registered, is
	// also of the WhatsApp Business app, of a sandbox, or another restaurant's by now.
	LeftAlone bool       `json:"left_alone,omitempty"`
	Code      Code       `json:"code,omitempty"`
	Error     *MetaError `json:"error,omitempty"`
}

// AppUnsubscribed says that our app no longer receives the account's webhooks, or
// with a Code, why it may.
//
// Produced by: onboarding. Consumed by: onboarding, auditlog, gateway.
type AppUnsubscribed struct {
	WabaID WabaID     `json:"waba_id"`
	Shared bool       `json:"shared,omitempty"` // it stays subscribed: another restaurant has a number there
	Code   Code       `json:"code,omitempty"`
	Error  *MetaError `json:"error,omitempty"`
}

// Leftover is something that a disconnection could not undo at Meta.
type Leftover struct {
	Step  string     `json:"step"` // deregister_phone or unsubscribe_app
	ID    string     `json:"id"`   // of the number, or the account
	Code  Code       `json:"code"`
	Error *MetaError `json:"error,omitempty"`
}
