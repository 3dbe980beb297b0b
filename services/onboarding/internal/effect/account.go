package effect

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// create calls one strategy, once for each intent.
func (p *Performer) create(ctx context.Context, s machine.State) (machine.Outcome, error) {
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	call, cancel, stale, err := p.claim(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	defer cancel()
	if stale {
		return machine.Outcome{Error: &event.MetaError{Operation: "create_waba", Class: event.ClassUnanswered}}, nil
	}
	strategy := s.Strategies[len(s.Strategies)-1].Strategy
	id, err := p.Graph.CreateAccount(call, token, strategy, s.BusinessID, p.Now())
	return machine.Outcome{Waba: id}, err
}

// look looks for an account that was, or may have been, made. One whose id is known
// is asked for itself, which no list can answer better.
func (p *Performer) look(ctx context.Context, s machine.State) (machine.Outcome, error) {
	if s.BusinessID == "" { // nothing was proved yet
		return p.discover(ctx, s)
	}
	token, err := p.token(ctx, s)
	if err != nil {
		return machine.Outcome{}, err
	}
	q := &search{graph: p.Graph, token: token}
	found := []machine.Account{{ID: s.Wanted(), Business: s.BusinessID, Strategy: event.StrategyBusiness}}
	if s.Wanted() == "" {
		if found, err = q.accountsOf(ctx, s.BusinessID, event.StrategyBusiness); err != nil {
			return machine.Outcome{Looks: q.looks}, err
		}
	}
	if found, err = q.prove(ctx, s, found); err == nil && len(found) == 0 && s.Stage == event.StageCreation {
		err = q.withheld // the next call would make an account beside one that could not be seen
	}
	return inVain(machine.Outcome{Looks: q.looks, Found: found}, err)
}
