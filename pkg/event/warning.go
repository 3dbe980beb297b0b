package event

// Warning is something that a connected restaurant should know, or what a
// disconnection has left at Meta.
type Warning string

// The warnings.
const (
	WarningNameInReview     Warning = "display_name_in_review"
	WarningNameDeclined     Warning = "display_name_declined"
	WarningSandbox          Warning = "sandbox_number"
	WarningNumberRegistered Warning = "number_still_registered"
	WarningAppSubscribed    Warning = "app_still_subscribed"
)
