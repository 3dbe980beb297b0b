package effect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// errNumberElsewhere says that a claimed number is in none of the accounts.
var errNumberElsewhere = errors.New("the claimed number is of no account that the token can use")

// prove keeps the accounts whose numbers a call with the token shows, and of them the
// one that has the claimed number. An account that a business lists and that the token
// may not use is there all the same: where nothing else is found the error is Meta's
// refusal, lest another be made beside it, or the number be said to be nowhere.
func (q *search) prove(ctx context.Context, s machine.State, found []machine.Account) ([]machine.Account, error) {
	claimed := s.Claims.PhoneNumberID
	var proved []machine.Account
	var unusable error
	for _, account := range found {
		if claimed == "" && len(proved) == machine.MostChoices {
			break
		}
		before := q.withheld
		phones, refusal := q.graph.PhoneNumbers(ctx, q.token, account.ID)
		ok, err := q.look(account.Strategy, "phone_numbers", string(account.ID), 1, refusal)
		if err != nil {
			return nil, err
		}
		if !ok {
			listed := account.Strategy == event.StrategyBusiness || account.Strategy == event.StrategyPage
			e, _ := errors.AsType[*meta.Error](refusal)
			switch {
			case listed && e.Class == event.ClassPermission && unusable == nil:
				unusable = refusal
			case !listed && e.Class != event.ClassPermission:
				q.withheld = before // what the token names may be no account at all
			}
			continue
		}
		for _, phone := range phones {
			account.Numbers = append(account.Numbers, number(account.ID, phone))
		}
		if i := slices.IndexFunc(account.Numbers, func(n machine.Number) bool { return n.ID == claimed }); i >= 0 {
			account.Numbers = account.Numbers[i : i+1]
			return []machine.Account{account}, nil
		}
		proved = append(proved, account)
	}
	switch {
	case unusable != nil && (len(proved) == 0 || claimed != ""):
		return nil, unusable
	case len(proved) > 1 && claimed != "":
		return nil, errNumberElsewhere
	}
	return proved, nil
}

// shown returns a name of Meta's as it may stand on a page or a terminal.
func shown(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, name)
}

// inVain turns a claim that the search has disproved into the reason for which the
// run goes no further.
func inVain(o machine.Outcome, err error) (machine.Outcome, error) {
	switch {
	case errors.Is(err, errNotGranted):
		o.Code = event.CodeWabaNotGranted
	case errors.Is(err, errNumberElsewhere):
		o.Code = event.CodePhoneNotInWaba
	default:
		return o, err
	}
	return o, nil
}

func number(waba event.WabaID, phone meta.Phone) machine.Number {
	return machine.Number{
		WabaID:     waba,
		ID:         phone.ID,
		Display:    phone.Display,
		State:      phone.State(),
		Managed:    phone.Managed(),
		Verified:   phone.Verified(),
		NameStatus: phone.NameStatus,
		Sandbox:    phone.AccountMode == "SANDBOX",
	}
}
