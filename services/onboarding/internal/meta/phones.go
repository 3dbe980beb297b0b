package meta

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Phone is a number of an account. Its words are Meta's, in capitals; any of them
// may be a value that is new.
type Phone struct {
	ID               event.PhoneNumberID
	Display          string // as in "+55 11 90000-0000"
	VerifiedName     string
	Status           string // CONNECTED, PENDING, …
	PlatformType     string // CLOUD_API, NOT_APPLICABLE, …
	CodeVerification string // VERIFIED, NOT_VERIFIED, EXPIRED
	NameStatus       string
	QualityRating    string
	AccountMode      string // LIVE, SANDBOX
	OnBizApp         bool
	PinEnabled       bool
}

// Connected says whether the number can send: it is registered on the Cloud API
// and in service.
func (p Phone) Connected() bool { return p.Status == "CONNECTED" && p.PlatformType == "CLOUD_API" }

// Unregistered says that the number is certainly not registered on the Cloud API.
func (p Phone) Unregistered() bool {
	return p.PlatformType == "NOT_APPLICABLE" || p.PlatformType == "ON_PREMISE"
}

// Coexists says whether the number is also used in the WhatsApp Business app. Such
// a number is registered already and must not be registered again.
func (p Phone) Coexists() bool { return p.OnBizApp && p.PlatformType == "CLOUD_API" }

// Sandbox says whether it is one of Meta's test numbers, which need no registration.
func (p Phone) Sandbox() bool { return p.AccountMode == "SANDBOX" }

// Verified says whether the number's owner has proved it by SMS or voice.
func (p Phone) Verified() bool { return p.CodeVerification == "VERIFIED" }

const phoneFields = "id,display_phone_number,verified_name,status,platform_type,code_verification_status," +
	"name_status,quality_rating,account_mode,is_on_biz_app,is_pin_enabled"

// PhoneNumbers returns the numbers of an account. That it answers proves that the
// token may use the account.
func (c *Client) PhoneNumbers(ctx context.Context, token seal.Secret, waba event.WabaID) (_ []Phone, err error) {
	ctx, end := c.span(ctx, errcode.OpListNumbers, "PhoneNumbers", attribute.String("waba.id", string(waba)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(waba)) {
		return nil, refuse(errcode.OpListNumbers, ReasonID, event.ClassInvalid)
	}
	rows, err := list[phoneRow](ctx, c, request{
		op:     errcode.OpListNumbers,
		method: http.MethodGet,
		path:   []string{string(waba), "phone_numbers"},
		query:  fields(phoneFields),
		token:  token,
		proof:  true,
	})
	if err != nil {
		return nil, err
	}
	found := make([]Phone, 0, len(rows))
	for _, row := range rows {
		twice := slices.ContainsFunc(found, func(p Phone) bool { return p.ID == event.PhoneNumberID(row.ID) })
		if row.ID != "" && !twice {
			found = append(found, row.phone())
		}
	}
	return found, nil
}

// Phone reads one number.
func (c *Client) Phone(ctx context.Context, token seal.Secret, phone event.PhoneNumberID) (_ Phone, err error) {
	ctx, end := c.span(ctx, errcode.OpReadNumber, "Phone", attribute.String("waba.phone_number_id", string(phone)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(phone)) {
		return Phone{}, refuse(errcode.OpReadNumber, ReasonID, event.ClassInvalid)
	}
	var got phoneRow
	err = c.do(ctx, request{
		op:     errcode.OpReadNumber,
		method: http.MethodGet,
		path:   []string{string(phone)},
		query:  fields(phoneFields),
		token:  token,
		proof:  true,
	}, &got)
	if err != nil {
		return Phone{}, err
	}
	return got.phone(), nil
}

type phoneRow struct {
	ID               id     `json:"id"`
	Display          string `json:"display_phone_number"`
	VerifiedName     string `json:"verified_name"`
	Status           label  `json:"status"`
	PlatformType     label  `json:"platform_type"`
	CodeVerification label  `json:"code_verification_status"`
	NameStatus       label  `json:"name_status"`
	QualityRating    label  `json:"quality_rating"`
	AccountMode      label  `json:"account_mode"`
	OnBizApp         bool   `json:"is_on_biz_app"`
	PinEnabled       bool   `json:"is_pin_enabled"`
}

func (r *phoneRow) complete() bool { return r.ID != "" }

func (r *phoneRow) phone() Phone {
	return Phone{
		ID:               event.PhoneNumberID(r.ID),
		Display:          r.Display,
		VerifiedName:     r.VerifiedName,
		Status:           capitals(r.Status),
		PlatformType:     capitals(r.PlatformType),
		CodeVerification: capitals(r.CodeVerification),
		NameStatus:       capitals(r.NameStatus),
		QualityRating:    capitals(r.QualityRating),
		AccountMode:      capitals(r.AccountMode),
		OnBizApp:         r.OnBizApp,
		PinEnabled:       r.PinEnabled,
	}
}

func capitals(text label) string { return strings.ToUpper(string(text)) }
