package errcode

import "github.com/waba-platform/onboarding/pkg/event"

// whatsappErrors are the codes of WhatsApp's own calls. Codes about messages
// stand here too, since health checks and webhooks carry them.
var whatsappErrors = []MetaError{
	{
		Code: 80000, Name: "Business use case limit (ads insights)", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "A limit of one hour is used up. Wait as long as the usage header says.", Source: rateLimits,
	},
	{
		Code: 80007, Name: "WhatsApp Business Account rate limit", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "This account has used up its hour. Pause its calls; other accounts may go on.", Source: whatsappCodes,
	},
	{
		Code: 80007, Subcode: 2446079, Name: "WABA rate limit (OpenAPI sample)", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "This account has used up its hour. Pause its calls.", Source: openAPI,
	},
	{
		Code: 80008, Name: "WhatsApp Business Management API limit", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "This account has used up its hour; another name for 80007.", Source: rateLimits,
	},
	{
		Code: 130403, Name: "Business has blocked this end user", Class: event.ClassBlocked,
		Remedy: "The business blocked this person. Unblock them first.", Source: whatsappCodes,
	},
	{
		Code: 130429, Name: "Throughput limit", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "Messages go out too fast. Slow down.", Source: whatsappCodes,
	},
	{
		Code: 130472, Name: "User in experiment", Class: event.ClassBlocked,
		Remedy: "The person is in an experiment of Meta's: the message is not delivered.", Source: whatsappCodes,
	},
	{
		Code: 130497, Name: "Country restriction", Class: event.ClassBlocked,
		Remedy: "The account may not write to people in that country.", Source: whatsappCodes,
	},
	{
		Code: 131000, Name: "Something went wrong", Class: event.ClassTransient, Retryable: true,
		Remedy: "A fault of Meta. Try up to three times, then ask support with the trace id.", Source: whatsappCodes,
	},
	{
		Code: 131005, Name: "Access denied", Class: event.ClassPermission,
		Remedy: "A WhatsApp permission is missing. Compare the token's scopes and ask again.", Source: whatsappCodes,
	},
	{
		Code: 131008, Name: "Required parameter missing", Class: event.ClassInvalid,
		Remedy: "A parameter is missing. Fix the request.", Source: whatsappCodes,
	},
	{
		Code: 131009, Name: "Parameter value not valid", Class: event.ClassInvalid,
		Remedy: "A value is not valid, such as a PIN that is not six digits. Fix it.", Source: whatsappCodes,
	},
	{
		Code: 131016, Name: "Service unavailable", Class: event.ClassTransient, Retryable: true,
		Remedy: "Meta is down. Back off and look at its status page.", Source: whatsappCodes,
	},
	{
		Code: 131021, Name: "Recipient is the sender", Class: event.ClassInvalid,
		Remedy: "Sender and recipient are the same number. Use another.", Source: whatsappCodes,
	},
	{
		Code: 131026, Name: "Message undeliverable", Class: event.ClassInvalid,
		Remedy: "The recipient cannot be reached on WhatsApp.", Source: whatsappCodes,
	},
	{
		Code: 131031, Name: "Account locked (or stored data mismatch such as PIN)", Class: event.ClassBlocked,
		Remedy: "The account is locked, or the PIN is not the stored one. Read its health status; a person must act.", Source: whatsappCodes,
	},
	{
		Code: 131037, Name: "Display name approval needed (555 number)", Class: event.ClassConflict,
		Remedy: "The display name has to be approved first.", Source: whatsappCodes,
	},
	{
		Code: 131042, Name: "Business eligibility / payment issue", Class: event.ClassBlocked,
		Remedy: "No means of payment, or the account is suspended. A person must fix the billing.", Source: whatsappCodes,
	},
	{
		Code: 131045, Name: "Incorrect certificate / registration fault", Class: event.ClassConflict,
		Remedy: "The registration is damaged. Register the number again.", Source: whatsappCodes,
	},
	{
		Code: 131047, Name: "Re-engagement (24 h window)", Class: event.ClassInvalid,
		Remedy: "More than 24 hours since the person wrote. Send a template.", Source: whatsappCodes,
	},
	{
		Code: 131048, Name: "Spam rate limit", Class: event.ClassBlocked,
		Remedy: "The number is restricted for its quality. Stop sending.", Source: whatsappCodes,
	},
	{
		Code: 131049, Name: "Not delivered to keep ecosystem healthy", Class: event.ClassBlocked,
		Remedy: "Not delivered, to keep people from being flooded. Wait at least a day.", Source: whatsappCodes,
	},
	{
		Code: 131050, Name: "User opted out of marketing", Class: event.ClassBlocked,
		Remedy: "The person wants no marketing. Do not send it again.", Source: whatsappCodes,
	},
	{
		Code: 131051, Name: "Unsupported message type", Class: event.ClassInvalid,
		Remedy: "No such type of message. Fix the type.", Source: whatsappCodes,
	},
	{
		Code: 131052, Name: "Media download error", Class: event.ClassInvalid,
		Remedy: "The media could not be fetched. Check the file.", Source: whatsappCodes,
	},
	{
		Code: 131053, Name: "Media upload error", Class: event.ClassInvalid,
		Remedy: "The media could not be uploaded. Check its type.", Source: whatsappCodes,
	},
	{
		Code: 131055, Name: "Method not allowed (MM API, non-marketing template)", Class: event.ClassInvalid,
		Remedy: "Only marketing templates can be sent this way.", Source: whatsappCodes,
	},
	{
		Code: 131056, Name: "Pair rate limit", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "Too many messages between the same two numbers. Slow down for this pair.", Source: whatsappCodes,
	},
	{
		Code: 131057, Name: "Account in maintenance mode", Class: event.ClassTransient, Retryable: true,
		Remedy: "The account is in maintenance. Try again after some minutes.", Source: whatsappCodes,
	},
	{
		Code: 131063, Name: "Marketing templates disabled on Cloud API for this WABA", Class: event.ClassConflict,
		Remedy: "Marketing templates are switched off for this account here. Use the other API.", Source: whatsappCodes,
	},
	{
		Code: 131064, Name: "Template classification limit reached", Class: event.ClassBlocked,
		Remedy: "Too many templates were filed under the wrong category. Correct them and wait.", Source: whatsappCodes,
	},
	{
		Code: 132000, Name: "Template parameter count", Class: event.ClassInvalid,
		Remedy: "The template has another number of parameters. Fix the message.", Source: whatsappCodes,
	},
	{
		Code: 132001, Name: "Template does not exist", Class: event.ClassNotFound,
		Remedy: "No such template. Check its name, language and approval.", Source: whatsappCodes,
	},
	{
		Code: 133000, Name: "Incomplete deregistration", Class: event.ClassConflict,
		Remedy: "An earlier deregistration stopped half-way. Deregister, then register once.", Source: whatsappCodes,
	},
	{
		Code: 133004, Name: "Server temporarily unavailable", Class: event.ClassTransient, Retryable: true,
		Remedy: "Meta's registration is down. Back off; every try counts against 10 in 72 hours.", Source: whatsappCodes,
	},
	{
		Code: 133005, Name: "Two-step PIN mismatch", Class: event.ClassInvalid,
		Remedy: "The number has another PIN. Ask its owner, or set a new one; never guess.", Source: whatsappCodes,
	},
	{
		Code: 133006, Name: "Phone number needs verification", Class: event.ClassConflict,
		Remedy: "The number has to be verified by SMS or voice first.", Source: whatsappCodes,
	},
	{
		Code: 133008, Name: "Too many PIN guesses", Class: event.ClassBlocked,
		Remedy: "Too many wrong PINs: locked for hours. Get the right PIN meanwhile.", Source: whatsappCodes,
	},
	{
		Code: 133009, Name: "PIN guessed too fast", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "PINs were tried too fast. Wait five minutes at least, and use a PIN that is known to be right.", Source: whatsappCodes,
	},
	{
		Code: 133010, Name: "Phone number not registered", Class: event.ClassConflict,
		Remedy: "The number has to be registered first.", Source: whatsappCodes,
	},
	{
		Code: 133015, Name: "Recently deleted number still being removed", Class: event.ClassTransient, Retryable: true,
		Remedy: "The number was deleted just now. Try again in five minutes.", Source: whatsappCodes,
	},
	{
		Code: 133016, Name: "Register/deregister limit (10 per 72 h per number)", Class: event.ClassRateLimit,
		Remedy: "Ten registrations in 72 hours are used up. Wait 72 hours.", Source: whatsappCodes,
	},
	{
		Code: 134011, Name: "Payments terms not accepted", Class: event.ClassConflict,
		Remedy: "The terms for payments must be accepted first.", Source: whatsappCodes,
	},
	{
		Code: 135000, Name: "Generic user error", Class: event.ClassInvalid,
		Remedy: "Meta names no cause. Ask support with the trace id.", Source: whatsappCodes,
	},
	{
		Code: 136024, Name: "Request code error", Class: event.ClassInvalid,
		Remedy: "Meta would not send a code to this number. Wait for hours before another try.", Source: "https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status/request_code/",
	},
	{
		Code: 136025, Name: "Verify code error", Class: event.ClassInvalid,
		Remedy: "The code from the SMS is wrong or older than ten minutes. Ask for it again.", Source: "https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account-to-number-current-status/verify_code/",
	},
	{
		Code: 138024, Name: "health_status entry: SIP not enabled", Class: event.ClassConflict,
		Remedy: "About calls only. Nothing to do here.", Source: healthStatus,
	},
	{
		Code: 138025, Name: "health_status entry: app has no SIP server", Class: event.ClassConflict,
		Remedy: "About calls only. Nothing to do here.", Source: healthStatus,
	},
	{
		Code: 141002, Name: "health_status entry: template not approved", Class: event.ClassConflict,
		Remedy: "Stands in a health status only. Show what Meta proposes.", Source: healthStatus,
	},
	{
		Code: 200005, Name: "Template insights unavailable", Class: event.ClassInvalid,
		Remedy: "About template statistics. Nothing to do here.", Source: whatsappCodes,
	},
	{
		Code: 1609005, Name: "Error posting link (scrape failed)", Class: event.ClassInvalid,
		Remedy: "About posts with links. Nothing to do here.", Source: graphCodes,
	},
	{
		Code: 1752041, Name: "Duplicate request (MM API onboarding)", Class: event.ClassConflict,
		Remedy: "The business was invited already: done.", Source: whatsappCodes,
	},
	{
		Code: 2388001, Name: "Ownership not confirmed or two-step still on (migration)", Class: event.ClassConflict,
		Remedy: "The number's owner is not confirmed, or its two-step PIN is on. Confirm, or switch it off.", Source: whatsappCodes,
	},
	{
		Code: 2388012, Name: "Number already in this account", Class: event.ClassConflict,
		Remedy: "The number is in this account already. List the numbers and use it.", Source: whatsappCodes,
	},
	{
		Code: 2388019, Name: "Template count limit", Class: event.ClassConflict,
		Remedy: "The account has all the templates it may have.", Source: whatsappCodes,
	},
	{
		Code: 2388091, Name: "Number not eligible for code request (not migrating)", Class: event.ClassInvalid,
		Remedy: "No code can be asked for a number that is not moving. Register it in the usual way.", Source: whatsappCodes,
	},
	{
		Code: 2388093, Name: "Number not eligible for code verification (not migrating)", Class: event.ClassInvalid,
		Remedy: "No code can be checked for a number that is not moving. Register it in the usual way.", Source: whatsappCodes,
	},
	{
		Code: 2388103, Name: "Cannot migrate phone number (many causes)", Class: event.ClassConflict,
		Remedy: "The number cannot be moved here. A person must read the reason in WhatsApp Manager.", Source: whatsappCodes,
	},
	{
		Code: 2494100, Name: "Phone number in maintenance mode", Class: event.ClassTransient, Retryable: true,
		Remedy: "The number is in maintenance. Try again after some minutes.", Source: whatsappCodes,
	},
	{
		Code: 2593079, Name: "WABA already marked for migration (OBO)", Class: event.ClassConflict,
		Remedy: "The account is being moved already. Ask Meta's support.", Source: whatsappCodes,
	},
	{
		Code: 2593085, Name: "WABA not eligible for OBO mobility", Class: event.ClassInvalid,
		Remedy: "Accounts are no longer made on behalf of others. Use Embedded Signup.", Source: whatsappCodes,
	},
	{
		Code: 2593107, Name: "Coexistence sync limit exceeded", Class: event.ClassConflict,
		Remedy: "The history of the business app can be fetched once. Disconnect and connect again.", Source: whatsappCodes,
	},
	{
		Code: 2593108, Name: "Coexistence sync outside 24 h window", Class: event.ClassConflict,
		Remedy: "The history of the business app can be fetched for 24 hours only. Disconnect and connect again.", Source: whatsappCodes,
	},
	{
		Code: 2593109, Name: "Coexistence: business turned history sharing off", Class: event.ClassConflict,
		Remedy: "The business does not share its history. Go on without it.", Source: "https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users",
	},
}
