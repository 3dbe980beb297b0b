package meta

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Deregister takes a number off the Cloud API. Meta allows ten calls a number in 72
// hours, refused ones included, and refuses it for a number that is also used in the
// WhatsApp Business app (business-phone-numbers/registration): read the number before.
func (c *Client) Deregister(ctx context.Context, token seal.Secret, phone event.PhoneNumberID) (err error) {
	ctx, end := c.span(ctx, errcode.OpDeregister, "Deregister", attribute.String("waba.phone_number_id", string(phone)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(phone)) {
		return refuse(errcode.OpDeregister, ReasonID, event.ClassInvalid)
	}
	var got done
	return c.do(ctx, request{
		op:     errcode.OpDeregister,
		method: http.MethodPost,
		path:   []string{string(phone), "deregister"},
		token:  token,
		proof:  true,
		effect: true,
	}, &got)
}

// UnsubscribeApp stops our app, and no other, from receiving an account's webhooks.
// Twice is harmless.
func (c *Client) UnsubscribeApp(ctx context.Context, token seal.Secret, waba event.WabaID) (err error) {
	ctx, end := c.span(ctx, errcode.OpUnsubscribeApp, "UnsubscribeApp", attribute.String("waba.id", string(waba)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(waba)) {
		return refuse(errcode.OpUnsubscribeApp, ReasonID, event.ClassInvalid)
	}
	var got done
	return c.do(ctx, request{
		op:     errcode.OpUnsubscribeApp,
		method: http.MethodDelete,
		path:   []string{string(waba), "subscribed_apps"},
		token:  token,
		proof:  true,
		effect: true,
	}, &got)
}
