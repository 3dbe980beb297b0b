package meta

import (
	"net/http"

	"github.com/waba-platform/onboarding/pkg/errcode"
)

// Repeat says when a call may be made again whose outcome is not a refusal.
type Repeat string

// The rules.
const (
	Once      Repeat = "once"       // never: not even when it was not answered
	LookFirst Repeat = "look first" // after a look at what the last one has left
	Freely    Repeat = "repeat"     // it only reads, or is harmless twice
)

// Sure says how sure we are that Meta answers as we believe.
type Sure string

// How sure.
const (
	Documented Sure = "documented"
	Seen       Sure = "seen"     // by others, in code or reports; no page of Meta's has it
	Unlikely   Sure = "unlikely" // the brief asks for it; no page of Meta's has it, or only as gated
)

// Route is one call that we make: what it needs, and who says so. The tests hold it
// to the requests that the simulator sees.
type Route struct {
	Op         errcode.Operation
	Method     string
	Path       string // below the version; {…} is an id
	Permission string // of the token; empty: none
	For        string // what needs it
	Repeat     Repeat
	Sure       Sure
	Source     string
}

const (
	docs       = "https://developers.facebook.com/docs/"
	whatsapp   = "https://developers.facebook.com/documentation/business-messaging/whatsapp/"
	openAPI    = "https://github.com/facebook/openapi"
	codegen    = "https://github.com/facebook/facebook-business-sdk-codegen"
	login      = "https://developers.facebook.com/documentation/facebook-login/"
	management = "whatsapp_business_management"
	both       = "whatsapp_business_management, whatsapp_business_messaging"
	forAccount = "a restaurant without an account (strategy "
	brief      = "the plan of this system"
)

// Routes are all of them, in the order of a run.
var Routes = []Route{
	{errcode.OpExchangeCode, http.MethodGet, "oauth/access_token", "", "every code", Once, Documented, whatsapp + "embedded-signup/onboarding-customers-as-a-tech-provider"},
	{errcode.OpInspectToken, http.MethodGet, "debug_token", "the app's own token", "every token", Freely, Documented, docs + "graph-api/reference/debug_token"},
	{errcode.OpClientBusiness, http.MethodGet, "me", "", "the search, with a business's token", Freely, Documented, login + "facebook-login-for-business"},
	{errcode.OpListBusinesses, http.MethodGet, "me/businesses", "business_management", "the search, with a person's token", Freely, Documented, codegen},
	{errcode.OpListOwned, http.MethodGet, "{business}/owned_whatsapp_business_accounts", management, "the search", Freely, Documented, openAPI},
	{errcode.OpListClients, http.MethodGet, "{business}/client_whatsapp_business_accounts", management, "the search", Freely, Documented, whatsapp + "solution-providers/manage-accounts"},
	{errcode.OpListPages, http.MethodGet, "me/accounts", "pages_show_list", "the search, with a person's token", Freely, Documented, codegen},
	{errcode.OpPageBusiness, http.MethodGet, "{page}", "pages_read_engagement, business_management", "the search, with a person's token", Freely, Documented, codegen},
	{errcode.OpListNumbers, http.MethodGet, "{waba}/phone_numbers", management, "the proof of every account; what is left when one disconnects", Freely, Documented, whatsapp + "business-phone-numbers/phone-numbers"},
	{errcode.OpCreateWaba, http.MethodPost, "{business}/client_whatsapp_applications", "", forAccount + "2A)", LookFirst, Unlikely, brief},
	{errcode.OpCreateWaba, http.MethodPost, "{business}/whatsapp_business_accounts", "business_management", forAccount + "2B)", LookFirst, Unlikely, whatsapp + "reference/business/whatsapp-business-accounts-api"},
	{errcode.OpCreateWaba, http.MethodPost, "{business}/applications", "", forAccount + "2C)", LookFirst, Unlikely, brief},
	{errcode.OpCreateWaba, http.MethodPost, "whatsapp_business_accounts", "", forAccount + "2D)", LookFirst, Unlikely, brief},
	{errcode.OpListSubscribers, http.MethodGet, "{waba}/subscribed_apps", management, "the subscription, and the final check", Freely, Documented, openAPI},
	{errcode.OpSubscribeApp, http.MethodPost, "{waba}/subscribed_apps", management, "an account of which the app gets no webhooks", LookFirst, Documented, whatsapp + "embedded-signup/onboarding-customers-as-a-tech-provider"},
	{errcode.OpReadNumber, http.MethodGet, "{phone}", management, "a number that is unclear, and the final check", Freely, Documented, whatsapp + "business-phone-numbers/phone-numbers"},
	{errcode.OpRequestCode, http.MethodPost, "{phone}/request_code", management, "a number that is not verified, when somebody asks", Once, Documented, whatsapp + "solution-providers/registering-phone-numbers"},
	{errcode.OpVerifyCode, http.MethodPost, "{phone}/verify_code", management, "a code that somebody has typed", LookFirst, Documented, whatsapp + "solution-providers/registering-phone-numbers"},
	{errcode.OpSetPin, http.MethodPost, "{phone}", management, "a number whose PIN nobody knows, with consent", Freely, Documented, whatsapp + "business-phone-numbers/two-step-verification"},
	{errcode.OpRegisterNumber, http.MethodPost, "{phone}/register", both, "a number that is verified and not registered", LookFirst, Documented, whatsapp + "business-phone-numbers/registration"},
	{errcode.OpDeregister, http.MethodPost, "{phone}/deregister", both, "a restaurant that disconnects", LookFirst, Documented, whatsapp + "business-phone-numbers/registration"},
	{errcode.OpUnsubscribeApp, http.MethodDelete, "{waba}/subscribed_apps", management, "a restaurant that disconnects, the last of its account", Freely, Documented, openAPI},
}

// Unconfirmed is what only the real Meta can confirm: our calls rest on it, and no
// page of Meta's says it for certain.
var Unconfirmed = []string{
	"Subcodes 36007, 36008 and 36009 of code 100, and code 1 for a wrong app secret, at the code exchange: no page has them.",
	"Strategies 2A, 2C and 2D: no page has these calls. 2B: one page has it, another says that it is not possible.",
	"How long the code of the classic dialog lives. That of Embedded Signup lives 30 s.",
	"Which granular scope carries the accounts: since June 2026 others than `whatsapp_business_management` do.",
	"Whether a customer's token may read `client_whatsapp_business_accounts`, which is written for partners.",
	"The HTTP status of an error: pages differ from each other and from what is seen. The code decides.",
	"`Retry-After`: documented nowhere. It is obeyed where it comes.",
	"The `type` of WhatsApp in `X-Business-Use-Case-Usage`: any is read.",
	"All values of a number's `status` and an account's `status`: a word that is new is unclear, and nothing is written on it.",
	"How long a code to a number lives (ten minutes are told), how many there may be (five in 12 hours are asked for), and how long 136024 lasts (4 hours are waited).",
	"That `verify_code` and `request_code` take their parameters in a JSON body: Meta's OpenAPI file says so, its guide shows the query string.",
	"How long 133008 locks a PIN: Meta says it in a text only. 12 hours are waited.",
	"Whether failed registrations count against ten in 72 hours at once: all are counted.",
	"Versions after v26.0, and the end of v26.0.",
}
