package meta

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// PageID names a Facebook page.
type PageID string

// Account is a WhatsApp Business Account in a list.
type Account struct {
	ID           event.WabaID
	Name         string
	ReviewStatus string // as Meta writes it; it may be a value that is new
}

// ClientBusiness returns the business that gave the token, which a token of
// Embedded Signup knows without business_management; "" where it knows none.
func (c *Client) ClientBusiness(ctx context.Context, token seal.Secret) (_ event.BusinessID, err error) {
	ctx, end := c.span(ctx, errcode.OpClientBusiness, "ClientBusiness")
	defer func() { end(err) }()
	var got clientBusiness
	err = c.do(ctx, request{
		op:     errcode.OpClientBusiness,
		method: http.MethodGet,
		path:   []string{"me"},
		query:  fields("client_business_id"),
		token:  token,
		proof:  true,
	}, &got)
	return event.BusinessID(got.Business), err
}

type clientBusiness struct {
	Business id `json:"client_business_id"`
}

func (*clientBusiness) complete() bool { return true }

// Businesses returns the businesses of the user behind the token.
func (c *Client) Businesses(ctx context.Context, token seal.Secret) (_ []event.BusinessID, err error) {
	ctx, end := c.span(ctx, errcode.OpListBusinesses, "Businesses")
	defer func() { end(err) }()
	rows, err := list[object](ctx, c, request{
		op:     errcode.OpListBusinesses,
		method: http.MethodGet,
		path:   []string{"me", "businesses"},
		query:  fields("id"),
		token:  token,
		proof:  true,
	})
	return idsOf[event.BusinessID](rows), err
}

// OwnedAccounts returns the accounts that a business owns.
func (c *Client) OwnedAccounts(ctx context.Context, token seal.Secret, business event.BusinessID) ([]Account, error) {
	return c.accounts(ctx, token, errcode.OpListOwned, "OwnedAccounts", business, "owned_whatsapp_business_accounts")
}

// ClientAccounts returns the accounts that are shared with a business.
func (c *Client) ClientAccounts(ctx context.Context, token seal.Secret, business event.BusinessID) ([]Account, error) {
	return c.accounts(ctx, token, errcode.OpListClients, "ClientAccounts", business, "client_whatsapp_business_accounts")
}

func (c *Client) accounts(ctx context.Context, token seal.Secret, op errcode.Operation, name string, business event.BusinessID, edge string) (_ []Account, err error) {
	ctx, end := c.span(ctx, op, name, attribute.String("waba.business_id", string(business)))
	defer func() { end(err) }()
	if !event.IsMetaID(string(business)) {
		return nil, refuse(op, ReasonID, event.ClassInvalid)
	}
	rows, err := list[accountRow](ctx, c, request{
		op:     op,
		method: http.MethodGet,
		path:   []string{string(business), edge},
		query:  fields("id,name,account_review_status"),
		token:  token,
		proof:  true,
	})
	if err != nil {
		return nil, err
	}
	found := make([]Account, 0, len(rows))
	for _, row := range rows {
		twice := slices.ContainsFunc(found, func(a Account) bool { return a.ID == event.WabaID(row.ID) })
		if row.ID != "" && !twice {
			found = append(found, Account{ID: event.WabaID(row.ID), Name: row.Name, ReviewStatus: string(row.ReviewStatus)})
		}
	}
	return found, nil
}

type accountRow struct {
	ID           id     `json:"id"`
	Name         string `json:"name"`
	ReviewStatus label  `json:"account_review_status"`
}

// Pages returns the pages of the user behind the token.
func (c *Client) Pages(ctx context.Context, token seal.Secret) (_ []PageID, err error) {
	ctx, end := c.span(ctx, errcode.OpListPages, "Pages")
	defer func() { end(err) }()
	rows, err := list[object](ctx, c, request{
		op:     errcode.OpListPages,
		method: http.MethodGet,
		path:   []string{"me", "accounts"},
		query:  fields("id"),
		token:  token,
		proof:  true,
	})
	return idsOf[PageID](rows), err
}

// PageBusiness returns the business that a page belongs to; "" where the token
// may not see it, or there is none.
func (c *Client) PageBusiness(ctx context.Context, token seal.Secret, page PageID) (_ event.BusinessID, err error) {
	ctx, end := c.span(ctx, errcode.OpPageBusiness, "PageBusiness")
	defer func() { end(err) }()
	if !event.IsMetaID(string(page)) {
		return "", refuse(errcode.OpPageBusiness, ReasonID, event.ClassInvalid)
	}
	var got pageOwner
	err = c.do(ctx, request{
		op:     errcode.OpPageBusiness,
		method: http.MethodGet,
		path:   []string{string(page)},
		query:  fields("business,owner_business"),
		token:  token,
		proof:  true,
	}, &got)
	if got.Business.ID != "" {
		return event.BusinessID(got.Business.ID), err
	}
	return event.BusinessID(got.Owner.ID), err
}

type pageOwner struct {
	Business object `json:"business"`
	Owner    object `json:"owner_business"`
}

func (*pageOwner) complete() bool { return true }

func fields(names string) url.Values { return url.Values{"fields": {names}} }
