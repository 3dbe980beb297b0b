package errcode

import "github.com/waba-platform/onboarding/pkg/event"

// Where the rows come from.
const (
	graphCodes    = "https://developers.facebook.com/docs/graph-api/guides/error-handling/"
	rateLimits    = "https://developers.facebook.com/docs/graph-api/overview/rate-limiting/"
	whatsappCodes = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
	healthStatus  = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/health-status"
	openAPI       = "https://github.com/facebook/openapi"
	seen          = "seen" // no page of Meta's has it; others met it
)

// graphErrors are the codes of the Graph API as a whole.
var graphErrors = []MetaError{
	{
		Code: 0, Name: "AuthException", Class: event.ClassAuthExpired,
		Remedy: "The token cannot be used. Drop it and have the restaurant sign in again.", Source: whatsappCodes,
	},
	{
		Code: 1, Name: "API Unknown", Class: event.ClassTransient, Retryable: true,
		Remedy: "A fault of Meta or a request it cannot read. Try up to three times, then give up.", Source: graphCodes,
	},
	{
		Code: 1, Subcode: 33, Only: []Operation{OpExchangeCode}, Name: "Error validating client secret", Class: event.ClassInvalid,
		Remedy: "The app secret is wrong. Set FACEBOOK_APP_SECRET; the restaurant can do nothing.", Source: seen,
	},
	{
		Code: 2, Name: "API Service", Class: event.ClassTransient, Retryable: true,
		Remedy: "Meta is down or busy. Back off; look before a write is repeated.", Source: graphCodes,
	},
	{
		Code: 3, Name: "Application lacks the capability", Class: event.ClassPermission,
		Remedy: "The app itself may not do this. Raise its access level or its partner tier.", Source: graphCodes,
	},
	{
		Code: 4, Name: "API Too Many Calls (app-level)", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "The app has used up its hour. Pause every call; calls made now prolong it.", Source: graphCodes,
	},
	{
		Code: 4, Subcode: 2446079, Name: "Application request limit reached", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "The app has used up its hour. Pause every call.", Source: openAPI,
	},
	{
		Code: 4, Subcode: 2446080, Name: "Phone number creation rate limit exceeded", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "Too many numbers were added. Wait for hours, not minutes.", Source: openAPI,
	},
	{
		Code: 10, Name: "Permission denied", Class: event.ClassPermission,
		Remedy: "A permission is missing or was taken back. Compare the token's scopes and ask again.", Source: graphCodes,
	},
	{
		Code: 10, Subcode: 2018218, Name: "App not allowed on this solution", Class: event.ClassPermission,
		Remedy: "The app is not part of this multi-partner solution. Have it added.", Source: openAPI,
	},
	{
		Code: 17, Name: "API User Too Many Calls", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "This token has used up its hour. Others may go on.", Source: graphCodes,
	},
	{
		Code: 17, Subcode: 2446079, Name: "User request limit reached (business use case)", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "This token has used up its hour. Wait as long as the usage header says.", Source: rateLimits,
	},
	{
		Code: 32, Name: "Page request limit reached", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "The page has used up its hour. Pause calls about it.", Source: rateLimits,
	},
	{
		Code: 33, Name: "Parameter value is not valid (number deleted)", Class: event.ClassNotFound,
		Remedy: "The number was deleted. List the numbers again.", Source: whatsappCodes,
	},
	{
		Code: 100, Name: "Invalid parameter", Class: event.ClassInvalid,
		Remedy: "A parameter is wrong, missing or unknown. Fix the request; never repeat it.", Source: graphCodes,
	},
	{
		Code: 100, Subcode: 33, Name: "Object missing, not loadable with this token, or operation unsupported", Class: event.ClassNotFound,
		Remedy: "No such object, or not for this token, or no such call. Check the id and the scopes.", Source: graphCodes,
	},
	{
		Code: 100, Subcode: 36007, Name: "Authorization code expired", Class: event.ClassAuthExpired,
		Remedy: "The code came too late: it lives 30 seconds. Start the signup again.", Source: seen,
	},
	{
		Code: 100, Subcode: 36008, Name: "redirect_uri differs from the dialog's", Class: event.ClassInvalid,
		Remedy: "The redirect address differs from the dialog's. Make both the same, byte by byte.", Source: seen,
	},
	{
		Code: 100, Subcode: 36009, Name: "Authorization code already used", Class: event.ClassConflict,
		Remedy: "A code works once, and this one has been used. Start the signup again.", Source: seen,
	},
	{
		Code: 100, Subcode: 2207013, Name: "WhatsApp parameter error (OpenAPI sample)", Class: event.ClassInvalid,
		Remedy: "A WhatsApp parameter is wrong. Fix the request.", Source: openAPI,
	},
	{
		Code: 100, Subcode: 2207051, Name: "Phone number not registered on the platform (deregister)", Class: event.ClassConflict,
		Remedy: "The number was not registered: nothing is left to undo.", Source: openAPI,
	},
	{
		Code: 102, Name: "API Session", Class: event.ClassAuthExpired,
		Remedy: "The session behind the token has ended. Sign in again.", Source: graphCodes,
	},
	{
		Code: 104, Name: "Access token missing", Class: event.ClassAuthExpired,
		Remedy: "The request came without a usable token. Check the token and appsecret_proof.", Source: openAPI,
	},
	{
		Code: 190, Name: "Access token expired or invalid", Class: event.ClassAuthExpired,
		Remedy: "The token is dead. Have the restaurant sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 458, Name: "App not installed", Class: event.ClassAuthExpired,
		Remedy: "The user removed the app. Have the restaurant connect it again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 459, Name: "User checkpointed", Class: event.ClassAuthExpired,
		Remedy: "The user must pass a check at facebook.com, then sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 460, Name: "Password changed / session invalidated", Class: event.ClassAuthExpired,
		Remedy: "The password was changed. Sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 463, Name: "Token expired", Class: event.ClassAuthExpired,
		Remedy: "The token's life is over. Sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 464, Name: "Unconfirmed user", Class: event.ClassAuthExpired,
		Remedy: "The user must confirm the account at facebook.com, then sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 467, Name: "Invalid access token", Class: event.ClassAuthExpired,
		Remedy: "The token was revoked or is damaged. Sign in again.", Source: graphCodes,
	},
	{
		Code: 190, Subcode: 492, Name: "Invalid session (page role lost)", Class: event.ClassAuthExpired,
		Remedy: "The user lost the role on the page. Give it back, then sign in again.", Source: graphCodes,
	},
	{
		Code: 200, Name: "Permissions error (200-299 family)", Class: event.ClassPermission,
		Remedy: "A permission or an asset task is missing. Compare scopes and ask again.", Source: graphCodes,
	},
	{
		Code: 200, Subcode: 1349174, Name: "No permission on this resource", Class: event.ClassPermission,
		Remedy: "The token's business has no access to this object. Grant it, then sign in again.", Source: openAPI,
	},
	{
		Code: 200, Subcode: 1349175, Name: "Phone-number cap reached, or app not linked to the owning WABA", Class: event.ClassConflict,
		Remedy: "While adding a number: the business has all the numbers it may have. Remove one or verify the business.", Source: openAPI,
	},
	{
		Code: 200, Subcode: 1349176, Name: "whatsapp_business_messaging or _management permission missing", Class: event.ClassPermission,
		Remedy: "Both WhatsApp permissions are needed. Ask for them again.", Source: openAPI,
	},
	{
		Code: 299, Name: "API permission family (upper bound of 200-299)", Class: event.ClassPermission,
		Remedy: "A permission is missing or was taken back. Ask for it again.", Source: graphCodes,
	},
	{
		Code: 341, Name: "Application limit reached", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "Meta slows the app down for a while. Back off.", Source: graphCodes,
	},
	{
		Code: 368, Name: "Temporarily blocked for policy violations", Class: event.ClassBlocked,
		Remedy: "Meta has blocked the account or the user for a time. A person must look at the policy page.", Source: graphCodes,
	},
	{
		Code: 506, Name: "Duplicate post", Class: event.ClassConflict,
		Remedy: "Already done. Read it back.", Source: graphCodes,
	},
	{
		Code: 613, Name: "Calls to this API have exceeded the rate limit", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "Too many calls of this kind. Back off.", Source: rateLimits,
	},
	{
		Code: 613, Subcode: 1996, Name: "Inconsistent call volume", Class: event.ClassRateLimit, Retryable: true,
		Remedy: "The traffic changed too suddenly. Smooth it and back off.", Source: rateLimits,
	},
	{
		Code: 803, Name: "Object does not exist", Class: event.ClassNotFound,
		Remedy: "No such object. Check the id.", Source: graphCodes,
	},
	{
		Code: 2200, Name: "Callback verification failed", Class: event.ClassInvalid,
		Remedy: "Meta called our webhook and did not get its challenge back. Check the address and the verify token.", Source: seen,
	},
	{
		Code: 2500, Name: "Unknown path components / no active token for 'me'", Class: event.ClassInvalid,
		Remedy: "No such call, or no user behind the token. Do not repeat it.", Source: seen,
	},
	{
		Code: 1, Only: []Operation{OpExchangeCode}, Name: "Error validating client secret", Class: event.ClassInvalid,
		Remedy: "The app secret is wrong. Set FACEBOOK_APP_SECRET; the restaurant can do nothing.", Source: seen,
	},
	{
		Code: 200, Subcode: 1349175, Only: []Operation{OpReadNumber, OpRegisterNumber}, Name: "App not linked to the account that owns the number", Class: event.ClassPermission,
		Remedy: "The app has no part in this account. Subscribe it, or connect the restaurant again.", Source: openAPI,
	},
}
