package meta

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// RequestCode has Meta send its code to the number. method is SMS or VOICE, language
// as in pt_BR. Each call sends another one.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/solution-providers/registering-phone-numbers
func (c *Client) RequestCode(ctx context.Context, token seal.Secret, phone event.PhoneNumberID, method, language string) error {
	return c.ofNumber(ctx, errcode.OpRequestCode, "RequestCode", token, phone, "request_code", codeWanted{Method: method, Language: language})
}

// VerifyCode gives Meta the code that came. It stands in the body, where no log of
// addresses has it.
func (c *Client) VerifyCode(ctx context.Context, token seal.Secret, phone event.PhoneNumberID, code seal.Secret) error {
	return c.ofNumber(ctx, errcode.OpVerifyCode, "VerifyCode", token, phone, "verify_code", codeGiven{Code: code.Reveal()})
}

// IsPin says whether a text can be a two-step PIN.
func IsPin(pin seal.Secret) bool {
	text := pin.Reveal()
	return len(text) == 6 && strings.Trim(text, "0123456789") == ""
}

// SetPin sets the number's two-step PIN; the one before need not be known. Twice is
// harmless.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/two-step-verification
func (c *Client) SetPin(ctx context.Context, token seal.Secret, phone event.PhoneNumberID, pin seal.Secret) error {
	return c.ofNumber(ctx, errcode.OpSetPin, "SetPin", token, phone, "", pinSet{PIN: pin.Reveal()})
}

type (
	codeWanted struct {
		Method   string `json:"code_method"`
		Language string `json:"language"`
	}
	codeGiven struct {
		Code string `json:"code"`
	}
	pinSet struct {
		PIN string `json:"pin"`
	}
)

// ofNumber asks for something that changes a number. An empty edge is the number
// itself.
func (c *Client) ofNumber(
	ctx context.Context, op errcode.Operation, name string, token seal.Secret, phone event.PhoneNumberID, edge string, body any,
) (err error) {
	ctx, end := c.span(ctx, op, name, attribute.String("waba.phone_number_id", string(phone)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(phone)) {
		return refuse(op, ReasonID, event.ClassInvalid)
	}
	path := []string{string(phone)}
	if edge != "" {
		path = append(path, edge)
	}
	var got done
	return c.do(ctx, request{op: op, method: http.MethodPost, path: path, body: body, token: token, proof: true, effect: true}, &got)
}
