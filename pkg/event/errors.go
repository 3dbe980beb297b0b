package event

// Class says what an error of Meta means for the run. It comes from the code and
// the call, never from the text.
type Class string

// The classes. The first eight are Meta's errors; the last two are answers that
// never came, which matters for calls that change something.
const (
	ClassTransient   Class = "transient"
	ClassRateLimit   Class = "rate_limit"
	ClassAuthExpired Class = "auth_expired"
	ClassPermission  Class = "permission"
	ClassBlocked     Class = "blocked"
	ClassInvalid     Class = "invalid"
	ClassConflict    Class = "conflict"
	ClassNotFound    Class = "not_found"
	ClassUnreachable Class = "unreachable" // the request was never sent: nothing happened at Meta
	ClassUnanswered  Class = "unanswered"  // the request was sent and no readable answer came: it may have happened
)

// MetaError is an error of a Graph call, without its text.
type MetaError struct {
	Operation  string `json:"operation,omitempty"` // as in "create_waba"
	Code       int    `json:"code"`                // 0: not an error object of Meta
	Subcode    int    `json:"subcode,omitempty"`
	Class      Class  `json:"class"`
	HTTPStatus int    `json:"http_status,omitempty"`
	FbtraceID  string `json:"fbtrace_id,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds, where Meta says it
}

// Code is a stable error code of ours. The catalogue (errcode) has its words.
type Code string

// Codes that a run can end or rest with.
const (
	CodeCodeExpired          Code = "code_expired"
	CodeCodeUsed             Code = "code_used"
	CodeCodeRefused          Code = "code_refused"
	CodeRedirectMismatch     Code = "redirect_uri_mismatch"
	CodeAppSecretInvalid     Code = "app_secret_invalid"
	CodeExchangeUnanswered   Code = "exchange_unanswered"
	CodeExchangeUnavailable  Code = "exchange_unavailable"
	CodeSecretGone           Code = "secret_gone"
	CodeTokenAppMismatch     Code = "token_app_mismatch"
	CodeTokenUnsuitable      Code = "token_unsuitable" // of a page or an app: it has no WhatsApp account
	CodeTokenInvalid         Code = "token_invalid"
	CodePermissionMissing    Code = "permission_missing"
	CodeAppNotPermitted      Code = "app_not_permitted"
	CodeRateLimited          Code = "meta_rate_limited"
	CodeBlocked              Code = "meta_blocked"
	CodeMetaUnavailable      Code = "meta_unavailable"
	CodeMetaRefused          Code = "meta_refused"
	CodeMetaUnclear          Code = "meta_unclear" // it answers in words that say neither yes nor no
	CodeWabaNotGranted       Code = "waba_not_granted"
	CodeWabaNotCreated       Code = "waba_not_created"
	CodeWabaNotVisible       Code = "waba_not_visible"
	CodeWabaChoice           Code = "waba_choice"
	CodePhoneChoice          Code = "phone_choice"
	CodePhoneMissing         Code = "phone_missing"
	CodePhoneNotInWaba       Code = "phone_not_in_waba"
	CodeNumberDiffers        Code = "number_differs" // the restaurant is connected with another number
	CodePhoneConflict        Code = "phone_conflict" // the number belongs to another restaurant
	CodePhoneNotVerified     Code = "phone_not_verified"
	CodePhoneCodeAwaited     Code = "phone_code_awaited" // Meta was asked to send it
	CodePhoneCodeWrong       Code = "phone_code_wrong"
	CodePhoneCodeRefused     Code = "phone_code_refused" // Meta sends none
	CodePhonePinMismatch     Code = "phone_pin_mismatch"
	CodePhonePinLocked       Code = "phone_pin_locked"
	CodePhoneBeingDeleted    Code = "phone_being_deleted" // where it was before
	CodePhoneRestricted      Code = "phone_restricted"
	CodePhoneNameReview      Code = "phone_name_review"
	CodePhoneNameDeclined    Code = "phone_name_declined"
	CodePhoneRegisterLimit   Code = "phone_register_limit"
	CodePhoneNotConnected    Code = "phone_not_connected"
	CodeAppNotSubscribed     Code = "app_not_subscribed"
	CodeStrategyWindowClosed Code = "strategy_window_closed"
	CodeCancelled            Code = "cancelled"
	CodeExpired              Code = "expired"
	CodeUnprocessable        Code = "unprocessable"
	CodeDisconnectIncomplete Code = "disconnect_incomplete" // disconnected, and something stayed at Meta
)

// Codes with which an input is refused: it changed nothing.
const (
	CodeBusy              Code = "busy"               // another code is at work
	CodeNotInProgress     Code = "not_in_progress"    // there is no run to act upon
	CodeNotPossibleNow    Code = "not_possible_now"   // the run does not stand where this applies
	CodeTooEarly          Code = "too_early"          // a retry before its time
	CodeCredentialUnknown Code = "credential_unknown" // the handle is of another or a revoked credential
	CodeAlreadyConnected  Code = "already_connected"  // the restaurant is connected
	CodeNotConnected      Code = "not_connected"      // there is nothing to disconnect
	CodeChoiceUnknown     Code = "choice_unknown"     // not one of those that were offered
	CodeUnknownInput      Code = "unknown_input"      // written by a newer service
	CodeNothingToDo       Code = "nothing_to_do"      // a notice of Meta that changes nothing here
)
