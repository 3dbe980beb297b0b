package intake

import (
	"cmp"
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
	ID     string       // of the input; empty where Seq is 0
	Joined bool         // it was there before
	Stops  []event.Stop // with which the code was first sent
}

const (
	maxUsedStates = 100
	maxUsedCodes  = 100 // more: the oldest are forgotten, which Meta knows all the same
	codesFor      = 24 * time.Hour
	maxTries      = 50 // each lost race is another's progress
)

// Accept puts a code on the bus, once: the same code again joins what is there, and
// for a day is refused in later runs, whatever its state. Each input has an id of
// its own, also when a code comes again after it was forgotten. It fails with [ErrStateUsed], [ErrTooManyStates], [ErrBusy] or [ErrCodeSpent],
// and then nothing is published. After any other error the code may or may not
// have been accepted; sending it again is safe.
func (i *Intake) Accept(ctx context.Context, code Code) (Accepted, error) {
	codeHash := event.HashOf(code.Restaurant, event.PurposeCode, code.Code.Reveal())
	var stateHash event.Hash
	if !code.Reusable {
		stateHash = hashState(code.Restaurant, code.State)
	}
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
		now := i.now()
		states, codes := last.usedStates(now), last.usedCodes(now)
		accepted, joins, err := join(last, states, codes, head.Snapshot, codeHash, stateHash)
		if joins {
			return accepted, nil
		}
		if err := cmp.Or(i.denied(ctx, code.Restaurant, stateHash), err); err != nil {
			return Accepted{}, err
		}
		if len(states) >= maxUsedStates {
			return Accepted{}, ErrTooManyStates
		}
		if !stored {
			if err := i.put(ctx, code.Restaurant, event.PurposeCode, ref, code.Code); err != nil {
				return Accepted{}, err
			}
			stored = true
		}
		id := NewID()
		seq, err := i.publish(ctx, code, id, last.seq, event.OAuthCodeReceived{
			CodeRef: ref, CodeHash: codeHash, StateHash: stateHash,
			UsedStates: stateUsed(states, codeHash, stateHash, code.Until), UsedCodes: codeUsed(codes, codeHash, code.Until, now),
			RedirectURI: code.RedirectURI, Claims: code.Claims, RestaurantName: code.Name,
			Stops: code.Stops, Principal: code.Principal,
		})
		if errors.Is(err, bus.ErrLost) || errors.Is(err, bus.ErrDuplicate) {
			continue // to judge by what is there now
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
	id   string
	code event.OAuthCodeReceived
}

func (i *Intake) lastCode(ctx context.Context, id event.RestaurantID) (lastCode, error) {
	input, ok, err := i.history.LastCode(ctx, id)
	if err != nil || !ok {
		return lastCode{}, err
	}
	code, _ := input.Event.(event.OAuthCodeReceived) // one that cannot be read holds its place, and nothing else
	return lastCode{seq: input.Seq, id: input.Envelope.ID, code: code}, nil
}

// usedStates returns the states that were used and are not expired by themselves.
func (l lastCode) usedStates(now time.Time) []event.UsedState {
	return slices.DeleteFunc(slices.Clone(l.code.UsedStates), func(u event.UsedState) bool { return !now.Before(u.Until) })
}

// usedCodes returns the codes that are remembered.
func (l lastCode) usedCodes(now time.Time) []event.UsedCode {
	return slices.DeleteFunc(slices.Clone(l.code.UsedCodes), func(u event.UsedCode) bool { return !now.Before(u.Until) })
}

func stateUsed(used []event.UsedState, code, state event.Hash, until time.Time) []event.UsedState {
	if state == "" {
		return used
	}
	return append(used, event.UsedState{StateHash: state, CodeHash: code, Until: until.UTC()})
}

// codeUsed remembers a code for a day, or for as long as its state could be used.
func codeUsed(used []event.UsedCode, code event.Hash, stateUntil, now time.Time) []event.UsedCode {
	until := now.Add(codesFor)
	if stateUntil.After(until) {
		until = stateUntil
	}
	used = append(used, event.UsedCode{CodeHash: code, Until: until.UTC()})
	return used[max(0, len(used)-maxUsedCodes):]
}

// join says whether a code is there already, or must not be accepted.
func join(last lastCode, states []event.UsedState, codes []event.UsedCode, head event.Snapshot, code, state event.Hash) (Accepted, bool, error) {
	waiting := last.seq > head.InputSeq && last.code.CodeHash != "" // sent, and not decided upon yet
	switch {
	case slices.ContainsFunc(states, func(u event.UsedState) bool { return u.StateHash == state && state != "" && u.CodeHash != code }):
		return Accepted{}, false, ErrStateUsed
	case last.code.CodeHash == code && (waiting || head.CodeHash == code):
		return Accepted{Seq: last.seq, ID: last.id, Joined: true, Stops: last.code.Stops}, true, nil
	case head.CodeHash == code:
		accepted := Accepted{Joined: true}
		if head.RestsBefore != "" {
			accepted.Stops = []event.Stop{head.RestsBefore}
		}
		return accepted, true, nil
	case waiting, head.Status == event.StatusInProgress && head.RestsBefore == "":
		return Accepted{}, false, ErrBusy
	case last.code.CodeHash == code, slices.ContainsFunc(codes, func(u event.UsedCode) bool { return u.CodeHash == code }):
		return Accepted{}, false, ErrCodeSpent
	}
	return Accepted{}, false, nil
}
