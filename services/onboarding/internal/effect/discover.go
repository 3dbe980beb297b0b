package effect

import (
	"context"
	"errors"
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// search is one search for accounts. It keeps every look, in order. A look that
// Meta refuses is no obstacle to the next; one that Meta could not answer ends the
// search, since "not found" must be true. What each refusal means stands in [Calls].
type search struct {
	graph    *meta.Client
	token    seal.Secret
	looks    []event.Look
	searched []event.BusinessID
	business event.BusinessID // the first that the token knows
	withheld error            // the first refusal for which an account may be there unseen
}

// discover searches for the restaurant's account: by hint, by the ids in the
// token, by business, by page.
func (p *Performer) discover(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	q := &search{graph: p.Graph, token: token}
	found, err := q.run(ctx, s)
	outcome := machine.Outcome{Looks: q.looks, Found: found, MakeIn: q.business}
	return inVain(outcome, err)
}

// run returns the account, or those among which somebody must choose. It is
// [errNotGranted] when one was claimed in vain.
func (q *search) run(ctx context.Context, s machine.State) ([]machine.Account, error) {
	if s.Claims.WabaID != "" && !s.Chosen {
		return q.byHint(ctx, s)
	}
	looks := []func(context.Context, machine.State) ([]machine.Account, error){q.byToken, q.byBusiness, q.byPage}
	if s.Claims.BusinessID != "" { // there, or nowhere
		looks = []func(context.Context, machine.State) ([]machine.Account, error){q.byTokenThere, q.byListThere}
	}
	for _, look := range looks {
		found, err := look(ctx, s)
		if err != nil {
			return nil, err
		}
		if found, err = q.prove(ctx, s, meant(s, found)); err != nil || len(found) > 0 {
			return found, err
		}
	}
	if q.withheld == nil && s.Claims.WabaID != "" { // it was offered, and nothing is taken in its place
		return nil, errNotGranted
	}
	return nil, q.withheld
}

// meant keeps the account that was chosen among those that were offered, or the one
// that was made for this restaurant.
func meant(s machine.State, found []machine.Account) []machine.Account {
	only := func(id event.WabaID) []machine.Account {
		return slices.DeleteFunc(slices.Clone(found), func(a machine.Account) bool { return a.ID != id })
	}
	if s.Chosen {
		return only(s.Claims.WabaID)
	}
	if made := only(s.Made); len(made) > 0 {
		return made
	}
	return found
}

// byToken takes the accounts that the token itself names.
func (q *search) byToken(ctx context.Context, s machine.State) ([]machine.Account, error) {
	named := q.named(s)
	if len(named) == 0 {
		return nil, nil
	}
	q.looks = append(q.looks, event.Look{Strategy: event.StrategyToken, Call: "debug_token", Found: len(named)})
	return q.withBusiness(ctx, named)
}

// named returns the accounts that the token itself names.
func (q *search) named(s machine.State) []machine.Account {
	var named []machine.Account
	for _, id := range s.GrantedWabas {
		named = append(named, machine.Account{ID: id, Strategy: event.StrategyToken})
	}
	return named
}

// withBusiness names the business of accounts that were found without one, where
// the token knows it.
func (q *search) withBusiness(ctx context.Context, found []machine.Account) ([]machine.Account, error) {
	businesses, err := q.clientBusiness(ctx)
	if err != nil {
		return nil, err
	}
	for _, business := range businesses {
		q.know(business)
		for i := range found {
			found[i].Business = business
		}
	}
	return found, nil
}

// byBusiness searches the businesses that the token knows.
func (q *search) byBusiness(ctx context.Context, s machine.State) ([]machine.Account, error) {
	businesses, err := q.clientBusiness(ctx)
	if err != nil {
		return nil, err
	}
	if found, err := q.accountsOfAll(ctx, businesses, event.StrategyBusiness); err != nil || len(found) > 0 {
		return found, err
	}
	if businesses, err = q.businesses(ctx); err != nil {
		return nil, err
	}
	return q.accountsOfAll(ctx, append(slices.Clone(s.GrantedBusinesses), businesses...), event.StrategyBusiness)
}

// clientBusiness returns the business that gave the token; none where Meta names none.
func (q *search) clientBusiness(ctx context.Context) ([]event.BusinessID, error) {
	business, err := q.graph.ClientBusiness(ctx, q.token)
	if ok, err := q.look(event.StrategyBusiness, "client_business", "", 0, err); err != nil || !ok || business == "" {
		return nil, err
	}
	return []event.BusinessID{business}, nil
}

// businesses returns those of the user behind the token; none where Meta refuses.
func (q *search) businesses(ctx context.Context) ([]event.BusinessID, error) {
	businesses, err := q.graph.Businesses(ctx, q.token)
	if ok, err := q.look(event.StrategyBusiness, "businesses", "", 0, err); err != nil || !ok {
		return nil, err
	}
	return businesses, nil
}

// byPage searches the businesses behind the user's pages: no page names an
// account itself.
func (q *search) byPage(ctx context.Context, _ machine.State) ([]machine.Account, error) {
	pages, err := q.graph.Pages(ctx, q.token)
	if _, err := q.look(event.StrategyPage, "pages", "", 0, err); err != nil {
		return nil, err
	}
	var businesses []event.BusinessID
	for _, page := range pages {
		business, err := q.graph.PageBusiness(ctx, q.token, page)
		if _, err := q.look(event.StrategyPage, "page_business", string(page), 0, err); err != nil {
			return nil, err
		}
		if business != "" && !slices.Contains(businesses, business) {
			businesses = append(businesses, business)
		}
	}
	return q.accountsOfAll(ctx, businesses, event.StrategyPage)
}

func (q *search) accountsOfAll(ctx context.Context, businesses []event.BusinessID, strategy event.Strategy) ([]machine.Account, error) {
	var found []machine.Account
	for _, business := range businesses {
		q.know(business)
		more, err := q.accountsOf(ctx, business, strategy)
		if err != nil {
			return nil, err
		}
		found = fold(found, more)
	}
	return found, nil
}

// accountsOf returns what a business owns and what is shared with it. A business
// is searched once.
func (q *search) accountsOf(ctx context.Context, business event.BusinessID, strategy event.Strategy) ([]machine.Account, error) {
	if slices.Contains(q.searched, business) {
		return nil, nil
	}
	q.searched = append(q.searched, business)
	var found []machine.Account
	for _, edge := range []struct {
		call string
		list func(context.Context, seal.Secret, event.BusinessID) ([]meta.Account, error)
	}{
		{"owned_accounts", q.graph.OwnedAccounts},
		{"client_accounts", q.graph.ClientAccounts},
	} {
		accounts, err := edge.list(ctx, q.token, business)
		ok, err := q.look(strategy, edge.call, string(business), len(accounts), err)
		if err != nil {
			return nil, err
		}
		if ok {
			q.know(business) // a claimed business that answers is proved
		}
		for _, account := range accounts {
			found = fold(found, []machine.Account{{ID: account.ID, Name: shown(account.Name), Business: business, Strategy: strategy}})
		}
	}
	return found, nil
}

// look records a look. ok is false when Meta refused it; the error is that of a
// call that Meta did not answer, or that says that the token or the app is stopped.
func (q *search) look(strategy event.Strategy, call, id string, found int, err error) (ok bool, _ error) {
	look := event.Look{Strategy: strategy, Call: call, ID: id, Found: found}
	if err == nil {
		q.looks = append(q.looks, look)
		return true, nil
	}
	refusal, isMeta := errors.AsType[*meta.Error](err)
	if !isMeta {
		return false, err
	}
	look.Found, look.Error = 0, &refusal.MetaError
	q.looks = append(q.looks, look)
	switch {
	case !definite(refusal.Class):
		return false, err
	case refusedLook(refusal.Operation) == Withholds && q.withheld == nil:
		q.withheld = err
	}
	return false, nil
}

func (q *search) know(business event.BusinessID) {
	if q.business == "" {
		q.business = business
	}
}

// fold appends the accounts that are not there yet.
func fold(found, more []machine.Account) []machine.Account {
	for _, account := range more {
		if !slices.ContainsFunc(found, func(a machine.Account) bool { return a.ID == account.ID }) {
			found = append(found, account)
		}
	}
	return found
}
