package effect

import (
	"context"
	"errors"
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// An id from a browser is a claim. It is proved with the token or it ends the run;
// nothing is searched or made in its place.

// errNotGranted says that a claimed account or business is not one that the token
// can see.
var errNotGranted = errors.New("what was claimed is not granted")

// byHint takes the claimed account. A business that is claimed with it must be one
// that the token can see, too.
func (q *search) byHint(ctx context.Context, s machine.State) ([]machine.Account, error) {
	found, err := q.prove(ctx, s, []machine.Account{{ID: s.Claims.WabaID, Strategy: event.StrategyHint}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNotGranted
	}
	if found, err = q.withBusiness(ctx, found); err != nil {
		return nil, err
	}
	claimed := s.Claims.BusinessID
	if claimed == "" || claimed == found[0].Business {
		return found, nil
	}
	listed, err := q.listedIn(ctx, s, claimed)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(listed, func(a machine.Account) bool { return a.ID == found[0].ID }) {
		found[0].Business = claimed
	}
	return found, nil
}

// byTokenThere takes the accounts that the token itself names, if its business is
// the claimed one.
func (q *search) byTokenThere(ctx context.Context, s machine.State) ([]machine.Account, error) {
	named, err := q.byToken(ctx, s)
	if err != nil || len(named) == 0 || named[0].Business != s.Claims.BusinessID {
		return nil, err
	}
	return named, nil
}

// byListThere takes what the claimed business lists. Of that the accounts count that
// the token itself names, if it names any; and where nothing is listed, those that
// may be the business's for all that is known.
func (q *search) byListThere(ctx context.Context, s machine.State) ([]machine.Account, error) {
	unknown := len(s.GrantedWabas) > 0 && q.business == ""
	listed, err := q.listedIn(ctx, s, s.Claims.BusinessID)
	if err != nil {
		return nil, err
	}
	if len(listed) == 0 && unknown {
		return q.named(s), nil
	}
	named := slices.DeleteFunc(slices.Clone(listed), func(a machine.Account) bool { return !slices.Contains(s.GrantedWabas, a.ID) })
	if len(named) > 0 {
		return named, nil
	}
	return listed, nil
}

// listedIn returns the accounts of a claimed business, if the token can see it, and
// otherwise [errNotGranted]. That Meta refuses its lists proves nothing yet: the
// token may know the business all the same. What Meta could not answer is an error.
func (q *search) listedIn(ctx context.Context, s machine.State, claimed event.BusinessID) ([]machine.Account, error) {
	q.business = "" // no other is taken in its place
	before := q.withheld
	listed, err := q.accountsOf(ctx, claimed, event.StrategyBusiness)
	q.withheld = before // whoever names the business wants the account there, be it seen or made
	if err != nil || q.business != "" {
		return listed, err
	}
	known := slices.Contains(s.GrantedBusinesses, claimed)
	for _, ask := range []func(context.Context) ([]event.BusinessID, error){q.clientBusiness, q.businesses} {
		if known {
			break
		}
		businesses, err := ask(ctx)
		if err != nil {
			return nil, err
		}
		known = slices.Contains(businesses, claimed)
	}
	if !known {
		return nil, errNotGranted
	}
	q.know(claimed)
	return nil, nil
}
