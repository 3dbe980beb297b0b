package httpapi

import (
	"strings"
	"unicode"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Claims are ids that a caller may add. Each is proved with the token before use.
// The name is exported because what is embedded under another is left out of the
// schema.
type Claims struct {
	WabaID        string `json:"waba_id,omitempty" doc:"Embedded Signup names it."`
	PhoneNumberID string `json:"phone_number_id,omitempty" doc:"Embedded Signup names it."`
	BusinessID    string `json:"business_id,omitempty" doc:"Embedded Signup names it."`
}

// codeBody is the body of exchange-token and complete-flow.
type codeBody struct {
	_            struct{} `additionalProperties:"true"`
	Code         string   `json:"code" minLength:"1" maxLength:"4096" doc:"The code that Meta gave. It lives 30 seconds and works once."`
	State        string   `json:"state" minLength:"1" maxLength:"4096" doc:"The state that came back with the code."`
	RestaurantID string   `json:"restaurant_id" doc:"A UUID."`
	Claims
	RestaurantName string `json:"restaurant_name,omitempty" maxLength:"200"`
	RedirectURI    string `json:"redirect_uri,omitempty" maxLength:"2048" doc:"Byte for byte that of the dialog. Unset: the one that the state was issued with."`
}

// discoverBody is the body of discover-or-create.
type discoverBody struct {
	_            struct{} `additionalProperties:"true"`
	AccessToken  string   `json:"access_token" minLength:"1" maxLength:"4096" doc:"A handle from exchange-token, or a token of Meta."`
	RestaurantID string   `json:"restaurant_id" doc:"A UUID."`
	Claims
}

// createBody is the body of create-strategies.
type createBody struct {
	_            struct{} `additionalProperties:"true"`
	AccessToken  string   `json:"access_token" minLength:"1" maxLength:"4096" doc:"A handle from exchange-token, or a token of Meta."`
	RestaurantID string   `json:"restaurant_id" doc:"A UUID."`
	ClaimsInBusiness
}

// pollBody is the body of polling-system.
type pollBody struct {
	_            struct{} `additionalProperties:"true"`
	AccessToken  string   `json:"access_token" minLength:"1" maxLength:"4096" doc:"A handle from exchange-token, or a token of Meta."`
	RestaurantID string   `json:"restaurant_id" doc:"A UUID."`
	MaxAttempts  *int     `json:"max_attempts,omitempty" minimum:"1" maximum:"100" doc:"Unset: 10."`
	ClaimsInBusiness
}

// ClaimsInBusiness are claims of which the business is not left out.
type ClaimsInBusiness struct {
	BusinessID    string `json:"business_id" minLength:"1" doc:"The business in which the account is, or is to be made."`
	WabaID        string `json:"waba_id,omitempty" doc:"Embedded Signup names it."`
	PhoneNumberID string `json:"phone_number_id,omitempty" doc:"Embedded Signup names it."`
}

// reasonBody is the body of retry and cancel.
type reasonBody struct {
	_      struct{} `additionalProperties:"true"`
	Reason string   `json:"reason,omitempty" maxLength:"500" doc:"Stands in the audit log."`
}

// selectBody is the body of phone/select.
type selectBody struct {
	_             struct{} `additionalProperties:"true"`
	PhoneNumberID string   `json:"phone_number_id,omitempty" doc:"The number that was chosen."`
	WabaID        string   `json:"waba_id,omitempty" doc:"The account that was chosen, where it is accounts that are offered. At least one of the two is needed."`
}

// startBody is the body of oauth/start.
type startBody struct {
	_            struct{} `additionalProperties:"true"`
	RestaurantID string   `json:"restaurant_id" doc:"A UUID."`
	ReturnURL    string   `json:"return_url,omitempty" maxLength:"2048" doc:"Where the browser goes after Meta's dialog. From an allow-list."`
	Rerequest    bool     `json:"rerequest,omitempty" doc:"Ask again for permissions that were declined."`
}

func (b Claims) check() (event.Claims, error) {
	for _, id := range []struct{ field, value string }{
		{"waba_id", b.WabaID}, {"phone_number_id", b.PhoneNumberID}, {"business_id", b.BusinessID},
	} {
		if id.value != "" && !event.IsMetaID(id.value) {
			return event.Claims{}, invalid(id.field, "is not an id of Meta: 5 to 25 digits")
		}
	}
	return event.Claims{
		WabaID:        event.WabaID(b.WabaID),
		BusinessID:    event.BusinessID(b.BusinessID),
		PhoneNumberID: event.PhoneNumberID(b.PhoneNumberID),
	}, nil
}

func (b ClaimsInBusiness) check() (event.Claims, error) {
	return Claims{WabaID: b.WabaID, PhoneNumberID: b.PhoneNumberID, BusinessID: b.BusinessID}.check()
}

// checkText refuses control characters, which have no place in a name or a reason,
// and which databases and terminals choke on.
func checkText(field, text string) error {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return invalid(field, "has a control character")
	}
	return nil
}

// checkCredential refuses what cannot be a code or a token: these are carried in
// headers and URLs.
func checkCredential(field, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return invalid(field, "has a character that is not printable ASCII")
	}
	return nil
}
