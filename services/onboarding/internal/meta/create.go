package meta

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// CreateAccount calls one of the strategies that make an account (2A to 2D), with
// the body that the brief gives it. No error means that Meta accepted it; an
// empty id means that the answer names no account for certain, so that it must be
// looked for. After [event.ClassUnanswered], and after any error of Meta's own
// (transient), look before anything else is made.
//
// now goes into the name that strategy 2C gives to an app.
func (c *Client) CreateAccount(ctx context.Context, token seal.Secret, strategy event.Strategy, business event.BusinessID, now time.Time) (_ event.WabaID, err error) {
	ctx, end := c.span(ctx, errcode.OpCreateWaba, "CreateAccount",
		attribute.String("waba.strategy", string(strategy)), attribute.String("waba.business_id", string(business)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(business)) {
		return "", refuse(errcode.OpCreateWaba, ReasonID, event.ClassInvalid)
	}
	path, body, ok := creation(strategy, business, now)
	if !ok {
		return "", refuse(errcode.OpCreateWaba, ReasonStrategy, event.ClassInvalid)
	}
	var got created
	err = c.do(ctx, request{
		op:     errcode.OpCreateWaba,
		method: http.MethodPost,
		path:   path,
		body:   body,
		token:  token,
		proof:  true,
		effect: true,
	}, &got)
	if err != nil {
		return "", err
	}
	return got.account(strategy, business), nil
}

const (
	accountName     = "WhatsApp Business Account"
	accountCategory = "BUSINESS_TO_CUSTOMER"
)

// creation returns the brief's call for a strategy.
func creation(strategy event.Strategy, business event.BusinessID, now time.Time) (path []string, body any, ok bool) {
	switch strategy {
	case event.StrategyClient:
		return []string{string(business), "client_whatsapp_applications"}, clientApplication{
			AppName: accountName,
			Request: creationRequest{Business: business, Category: accountCategory},
		}, true
	case event.StrategyAccounts:
		return []string{string(business), "whatsapp_business_accounts"}, businessAccount{
			Name:     accountName,
			Category: accountCategory,
		}, true
	case event.StrategyApps:
		return []string{string(business), "applications"}, application{
			Name:      "WhatsApp Business App",
			Namespace: "whatsapp_" + strconv.FormatInt(now.UnixMilli(), 10),
			Category:  "BUSINESS",
		}, true
	case event.StrategyOfficial:
		return []string{"whatsapp_business_accounts"}, officialAccount{
			Business: business,
			Name:     accountName,
			Category: accountCategory,
		}, true
	case event.StrategyHint, event.StrategyBusiness, event.StrategyPage, event.StrategyToken,
		event.StrategyWebhook, event.StrategyAttached:
	}
	return nil, nil, false
}

type clientApplication struct {
	AppName string          `json:"app_name"`
	Request creationRequest `json:"waba_creation_request"`
}

type creationRequest struct {
	Business event.BusinessID `json:"business_manager_id"`
	Category string           `json:"category"`
}

type businessAccount struct {
	Name     string `json:"name"`
	Category string `json:"category"`
}

type application struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Category  string `json:"category"`
}

type officialAccount struct {
	Business event.BusinessID `json:"business_manager_id"`
	Name     string           `json:"name"`
	Category string           `json:"category"`
}

// created is the answer to a creation. It is read leniently: that an account was
// made is certain, and its name can be looked up.
type created struct {
	ID          json.RawMessage `json:"id"`
	WabaID      json.RawMessage `json:"waba_id"`
	AccountID   json.RawMessage `json:"whatsapp_business_account_id"`
	Account     json.RawMessage `json:"whatsapp_business_account"` // an object with an id, or the id
	WasAccepted json.RawMessage `json:"success"`
}

func (a *created) complete() bool { return len(a.WasAccepted) == 0 || isTrue(a.WasAccepted) }

// account returns the id that is surely an account's. A plain "id" is one where
// the call makes accounts (2B and 2D); 2A and 2C make apps, so theirs may be an
// app's.
func (a *created) account(strategy event.Strategy, business event.BusinessID) event.WabaID {
	candidates := []json.RawMessage{a.WabaID, a.AccountID, a.Account, nested(a.Account)}
	if strategy == event.StrategyAccounts || strategy == event.StrategyOfficial {
		candidates = append(candidates, a.ID)
	}
	for _, raw := range candidates {
		var found id
		if len(raw) > 0 && found.UnmarshalJSON(raw) == nil && found != "" && string(found) != string(business) {
			return event.WabaID(found)
		}
	}
	return ""
}

// nested returns the raw id inside of an object; nil where there is none.
func nested(raw json.RawMessage) json.RawMessage {
	var inner struct {
		ID json.RawMessage `json:"id"`
	}
	if len(raw) == 0 || json.Unmarshal(raw, &inner) != nil {
		return nil
	}
	return inner.ID
}

// isTrue reads what Meta says for success: true, or "true" in some places.
func isTrue(raw json.RawMessage) bool {
	return string(raw) == "true" || string(raw) == `"true"`
}
