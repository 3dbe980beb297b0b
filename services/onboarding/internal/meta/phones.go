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
	AccountMode      string        // LIVE, SANDBOX
	Throughput       string        // STANDARD, HIGH, NOT_APPLICABLE
	OnBizApp         event.Reading // it is used in the WhatsApp Business app
}

const phoneFields = "id,display_phone_number,verified_name,status,platform_type,code_verification_status," +
	"name_status,quality_rating,account_mode,throughput,is_on_biz_app"

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
	got := phoneRow{asked: id(phone)}
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
	asked id // empty: any

	ID               id         `json:"id"`
	Display          string     `json:"display_phone_number"`
	VerifiedName     string     `json:"verified_name"`
	Status           word       `json:"status"`
	PlatformType     word       `json:"platform_type"`
	CodeVerification word       `json:"code_verification_status"`
	NameStatus       word       `json:"name_status"`
	QualityRating    word       `json:"quality_rating"`
	AccountMode      word       `json:"account_mode"`
	Throughput       throughput `json:"throughput"`
	OnBizApp         truth      `json:"is_on_biz_app"`
}

// complete says also that it is the number that was asked for: another one may be
// connected.
func (r *phoneRow) complete() bool { return r.ID != "" && (r.asked == "" || r.ID == r.asked) }

func (r *phoneRow) phone() Phone {
	return Phone{
		ID:               event.PhoneNumberID(r.ID),
		Display:          r.Display,
		VerifiedName:     r.VerifiedName,
		Status:           string(r.Status),
		PlatformType:     string(r.PlatformType),
		CodeVerification: string(r.CodeVerification),
		NameStatus:       string(r.NameStatus),
		QualityRating:    string(r.QualityRating),
		AccountMode:      string(r.AccountMode),
		Throughput:       string(r.Throughput),
		OnBizApp:         r.OnBizApp.read(),
	}
}

func capitals(text label) string { return strings.ToUpper(string(text)) }
