package meta

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// done is the answer to a call that returns nothing else. What does not say that
// it is done is unreadable: it may be done.
type done struct {
	Success json.RawMessage `json:"success"`
}

func (d *done) complete() bool { return isTrue(d.Success) }

// SubscribeApp makes our app receive an account's webhooks. Subscribing twice is
// harmless.
func (c *Client) SubscribeApp(ctx context.Context, token seal.Secret, waba event.WabaID) (err error) {
	ctx, end := c.span(ctx, errcode.OpSubscribeApp, "SubscribeApp", attribute.String("waba.id", string(waba)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(waba)) {
		return refuse(errcode.OpSubscribeApp, ReasonID, event.ClassInvalid)
	}
	var got done
	return c.do(ctx, request{
		op:     errcode.OpSubscribeApp,
		method: http.MethodPost,
		path:   []string{string(waba), "subscribed_apps"},
		token:  token,
		proof:  true,
		effect: true,
	}, &got)
}

// SubscribedApps returns the apps that receive an account's webhooks; "" stands for
// those that Meta does not name.
func (c *Client) SubscribedApps(ctx context.Context, token seal.Secret, waba event.WabaID) (_ []AppID, err error) {
	ctx, end := c.span(ctx, errcode.OpListSubscribers, "SubscribedApps", attribute.String("waba.id", string(waba)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(waba)) {
		return nil, refuse(errcode.OpListSubscribers, ReasonID, event.ClassInvalid)
	}
	rows, err := list[subscriber](ctx, c, request{
		op:     errcode.OpListSubscribers,
		method: http.MethodGet,
		path:   []string{string(waba), "subscribed_apps"},
		token:  token,
		proof:  true,
	})
	if err != nil {
		return nil, err
	}
	apps := make([]AppID, 0, len(rows))
	for _, row := range rows {
		if id := AppID(row.App); !slices.Contains(apps, id) {
			apps = append(apps, id)
		}
	}
	return apps, nil
}

type subscriber struct {
	App subscribedApp `json:"whatsapp_business_api_data"`
}

// subscribedApp is the id of an app; none where Meta gives another form.
type subscribedApp string

// UnmarshalJSON implements [json.Unmarshaler].
func (a *subscribedApp) UnmarshalJSON(data []byte) error {
	var object struct {
		ID label `json:"id"`
	}
	if json.Unmarshal(data, &object) == nil {
		*a = subscribedApp(object.ID)
	}
	return nil
}

// Subscribes says whether our app is among apps. It may be one that is not named.
func (c *Client) Subscribes(apps []AppID) event.Reading {
	switch {
	case slices.Contains(apps, c.appID):
		return event.ReadingYes
	case slices.Contains(apps, ""):
		return event.ReadingUnknown
	}
	return event.ReadingNo
}

// Register registers a number on the Cloud API. pin is the number's two-step PIN;
// where it has none, this sets it. Meta allows ten calls a number in 72 hours,
// refused ones included: read the number before calling it again.
func (c *Client) Register(ctx context.Context, token seal.Secret, phone event.PhoneNumberID, pin seal.Secret) (err error) {
	ctx, end := c.span(ctx, errcode.OpRegisterNumber, "Register", attribute.String("waba.phone_number_id", string(phone)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(phone)) {
		return refuse(errcode.OpRegisterNumber, ReasonID, event.ClassInvalid)
	}
	var got done
	return c.do(ctx, request{
		op:     errcode.OpRegisterNumber,
		method: http.MethodPost,
		path:   []string{string(phone), "register"},
		body:   registration{Product: "whatsapp", PIN: pin.Reveal()},
		token:  token,
		proof:  true,
		effect: true,
	}, &got)
}

type registration struct {
	Product string `json:"messaging_product"`
	PIN     string `json:"pin"`
}
