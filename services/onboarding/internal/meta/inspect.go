package meta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Inspection is what Meta says about a token.
type Inspection struct {
	AppID     AppID // the token must be of our app
	Type      string
	Valid     bool
	UserID    event.UserID
	Scopes    []string  // granted, for all objects or for some
	ExpiresAt time.Time // the earlier of the token's end and that of its access to data; zero: none

	WabaIDs     []event.WabaID     // granted by any WhatsApp scope, the newest first
	BusinessIDs []event.BusinessID // granted by business_management
	EveryWaba   bool               // a WhatsApp scope names no accounts: it holds for all

	Error *event.MetaError // why the token is not valid
}

// Inspect asks Meta about a token. A token that is not valid is no error.
func (c *Client) Inspect(ctx context.Context, token seal.Secret) (_ Inspection, err error) {
	ctx, end := c.span(ctx, errcode.OpInspectToken, "Inspect")
	defer func() { end(err) }()
	if !sendable(token) {
		return Inspection{}, refuse(errcode.OpInspectToken, ReasonToken, event.ClassAuthExpired)
	}
	var got inspectAnswer
	err = c.do(ctx, request{
		op:        errcode.OpInspectToken,
		method:    http.MethodGet,
		path:      []string{"debug_token"},
		query:     url.Values{"input_token": {token.Reveal()}},
		token:     c.AppToken(),
		anyStatus: true, // an older form of "not valid" is HTTP 400
	}, &got)
	if err != nil {
		return Inspection{}, err
	}
	return got.Data.inspection(), nil
}

type inspectAnswer struct {
	Data *inspected `json:"data"`
}

func (a *inspectAnswer) complete() bool {
	return a.Data != nil && a.Data.Valid != nil && (!*a.Data.Valid || a.Data.AppID != "")
}

type inspected struct {
	AppID        label       `json:"app_id"`
	Type         label       `json:"type"`
	Valid        *bool       `json:"is_valid"`
	UserID       id          `json:"user_id"`
	ExpiresAt    number      `json:"expires_at"`
	DataAccess   number      `json:"data_access_expires_at"`
	Scopes       []label     `json:"scopes"`
	Granular     []grant     `json:"granular_scopes"`
	InvalidSince *graphError `json:"error"`
}

// grant is one granular scope. Its ids are accounts, businesses or something
// else, depending on the scope.
type grant struct {
	Scope   label           `json:"scope"`
	Targets json.RawMessage `json:"target_ids"`
}

// targets returns the objects that a scope holds for. all says that it names none.
func (g grant) targets() (ids []id, all bool, err error) {
	if len(g.Targets) == 0 || string(g.Targets) == "null" {
		return nil, true, nil
	}
	err = json.Unmarshal(g.Targets, &ids)
	return ids, false, err
}

// forWhatsApp says whether the scope's ids are accounts. Which of the WhatsApp
// scopes carries them has changed, so any does.
func (g grant) forWhatsApp() bool { return strings.HasPrefix(string(g.Scope), "whatsapp_business_") }

func (g grant) forBusinesses() bool { return g.Scope == "business_management" }

// UnmarshalJSON implements [json.Unmarshaler]. Ids that matter here must be ids;
// those of other scopes are not looked at.
func (g *grant) UnmarshalJSON(data []byte) error {
	type plain grant
	if err := json.Unmarshal(data, (*plain)(g)); err != nil {
		return err
	}
	if !g.forWhatsApp() && !g.forBusinesses() {
		return nil
	}
	_, _, err := g.targets()
	return err
}

func (d *inspected) inspection() Inspection {
	found := Inspection{
		AppID:     AppID(d.AppID),
		Type:      string(d.Type),
		Valid:     *d.Valid,
		UserID:    event.UserID(d.UserID),
		ExpiresAt: earliest(d.ExpiresAt, d.DataAccess),
	}
	for _, scope := range d.Scopes {
		found.Scopes = appendNew(found.Scopes, string(scope))
	}
	for _, grant := range d.Granular {
		found.Scopes = appendNew(found.Scopes, string(grant.Scope))
		ids, all, _ := grant.targets() // checked while decoding
		switch {
		case grant.forWhatsApp():
			found.EveryWaba = found.EveryWaba || all
			for _, target := range ids {
				found.WabaIDs = appendNew(found.WabaIDs, event.WabaID(target))
			}
		case grant.forBusinesses():
			for _, target := range ids {
				found.BusinessIDs = appendNew(found.BusinessIDs, event.BusinessID(target))
			}
		}
	}
	if !found.Valid {
		why := event.MetaError{Operation: string(errcode.OpInspectToken), Class: event.ClassAuthExpired}
		if d.InvalidSince != nil {
			why = d.InvalidSince.classify(errcode.OpInspectToken, http.StatusOK)
		}
		found.Error = &why
	}
	return found
}

// earliest returns the first of the ends that are named.
func earliest(ends ...number) time.Time {
	var first time.Time
	for _, end := range ends {
		if at := time.Unix(int64(end), 0).UTC(); end > 0 && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// appendNew appends what is there, once.
func appendNew[T ~string](list []T, item T) []T {
	if item == "" || slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}
