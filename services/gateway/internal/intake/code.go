package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Code is an OAuth code and what came with it, checked.
type Code struct {
	Restaurant  event.RestaurantID
	Code        seal.Secret
	State       string
	Reusable    bool      // the state may be used any number of times
	Until       time.Time // after this the state is refused anyway
	RedirectURI string
	Claims      event.Claims
	Name        string // of the restaurant
	Stops       []event.Stop
	Principal   string
}

// Accepted is a code that has, or had, its place on the bus.
type Accepted struct {
	Seq    uint64       // place in WABA_IN; 0: it is not known any more, because the run is under way
	ID     string       // of the input
	Joined bool         // it was there before
	Stops  []event.Stop // with which the code was first sent
}

const (
	maxUsedStates = 100
	maxTries      = 50 // each lost race is another's progress
)

// Accept puts a code on the bus, once: the same code again joins what is there.
// It fails with [ErrStateUsed], [ErrTooManyStates], [ErrBusy] or [ErrCodeSpent],
// and then nothing is published. After any other error the code may or may not
// have been accepted; sending it again is safe.
func (i *Intake) Accept(ctx context.Context, code Code) (Accepted, error) {
	codeHash := event.HashOf(code.Restaurant, PurposeCode, code.Code.Reveal())
	var stateHash event.Hash
	if !code.Reusable {
		stateHash = event.HashOf(code.Restaurant, "oauth_state", code.State)
	}
	id := event.DeriveID("code", string(code.Restaurant), string(codeHash))
	ref := event.SecretRef(event.DeriveID("code_ref", string(code.Restaurant), string(codeHash)))
	stored := false
	for range maxTries {
		last, err := i.lastCode(ctx, code.Restaurant)
		if err != nil {
			return Accepted{}, err
		}
		head, err := i.story.Head(ctx, code.Restaurant)
		if err != nil {
			return Accepted{}, err
		}
		used := last.used(i.now())
		if accepted, joins, err := join(last, used, head.Snapshot, codeHash, stateHash); joins || err != nil {
			accepted.ID = id
			return accepted, err
		}
		if len(used) >= maxUsedStates {
			return Accepted{}, ErrTooManyStates
		}
		if !stored {
			if err := i.put(ctx, code.Restaurant, PurposeCode, ref, code.Code); err != nil {
				return Accepted{}, err
			}
			stored = true
		}
		seq, err := i.publish(ctx, code, id, last.seq, event.OAuthCodeReceived{
			CodeRef: ref, CodeHash: codeHash, StateHash: stateHash, UsedStates: append(used, usedNow(codeHash, stateHash, code.Until)...),
			RedirectURI: code.RedirectURI, Claims: code.Claims, RestaurantName: code.Name,
			Stops: code.Stops, Principal: code.Principal,
		})
		if errors.Is(err, bus.ErrLost) {
			continue
		}
		return Accepted{Seq: seq, ID: id, Stops: code.Stops}, err
	}
	return Accepted{}, fmt.Errorf("accept code for %s: %w", code.Restaurant, bus.ErrLost)
}

func (i *Intake) publish(ctx context.Context, code Code, id string, last uint64, input event.OAuthCodeReceived) (uint64, error) {
	ctx, cancel := durable(ctx)
	defer cancel()
	return bus.PublishCode(ctx, i.js, i.meta(ctx, code.Restaurant, id), input, last)
}

// lastCode is the restaurant's last code on the bus; the zero value: there is none.
type lastCode struct {
	seq  uint64
	code event.OAuthCodeReceived
}

func (i *Intake) lastCode(ctx context.Context, id event.RestaurantID) (lastCode, error) {
	input, ok, err := i.history.LastCode(ctx, id)
	if err != nil || !ok {
		return lastCode{}, err
	}
	code, _ := input.Event.(event.OAuthCodeReceived) // one that cannot be read holds its place, and nothing else
	return lastCode{seq: input.Seq, code: code}, nil
}

// used returns the states that were used and are not expired by themselves.
func (l lastCode) used(now time.Time) []event.UsedState {
	return slices.DeleteFunc(slices.Clone(l.code.UsedStates), func(u event.UsedState) bool { return !now.Before(u.Until) })
}

func usedNow(code, state event.Hash, until time.Time) []event.UsedState {
	if state == "" {
		return nil
	}
	return []event.UsedState{{StateHash: state, CodeHash: code, Until: until.UTC()}}
}

// join says whether a code is there already, or must not be accepted.
func join(last lastCode, used []event.UsedState, head event.Snapshot, code, state event.Hash) (Accepted, bool, error) {
	waiting := last.seq > head.InputSeq && last.code.CodeHash != "" // sent, and not decided upon yet
	switch {
	case slices.ContainsFunc(used, func(u event.UsedState) bool { return u.StateHash == state && state != "" && u.CodeHash != code }):
		return Accepted{}, false, ErrStateUsed
	case last.code.CodeHash == code && (waiting || head.CodeHash == code):
		return Accepted{Seq: last.seq, Joined: true, Stops: last.code.Stops}, true, nil
	case head.CodeHash == code:
		accepted := Accepted{Joined: true}
		if head.RestsBefore != "" {
			accepted.Stops = []event.Stop{head.RestsBefore}
		}
		return accepted, true, nil
	case waiting, head.Status == event.StatusInProgress && head.RestsBefore == "":
		return Accepted{}, false, ErrBusy
	case last.code.CodeHash == code, slices.ContainsFunc(used, func(u event.UsedState) bool { return u.CodeHash == code }):
		return Accepted{}, false, ErrCodeSpent
	}
	return Accepted{}, false, nil
}
