// Package effect performs what the state machine asks for: the calls at Meta, and
// the vault beside them. Each effect makes at most one call that changes
// anything, and happens once however often it is asked for:
//
//   - An exchange is claimed by its code before the call and stored before it is
//     reported. A claim whose owner died ends the run: the code may be spent.
//   - A creation is claimed by its intent. A claim whose owner died is an unknown
//     outcome: the machine looks before it asks for another.
//   - A registration is claimed, its PIN is sealed before the call, and after an
//     unknown outcome the number is read before it is registered again.
//   - A number is made the restaurant's before it is registered and before it is
//     read back, so that no two restaurants become ready with it.
//   - Asking Meta to send a code to the number is claimed. A claim whose owner died may
//     have sent one. A code that was given to Meta and not answered is looked for, in
//     the number, before it is given again.
//   - A PIN that came is sealed before it is used.
//   - A deregistration is claimed, and the number is read before it. Our app is
//     unsubscribed from an account only where no other restaurant has a number.
//   - Everything else only reads, or is harmless twice.
package effect

//go:generate go test -run ^TestTheDocumentOfCallsIsDrawnFromTheTables$ -update .

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

// Performer performs effects. It is safe for concurrent use.
type Performer struct {
	Graph   *meta.Client
	Vault   *vault.Vault
	Secrets *bus.SecretStore
	Keyring *seal.Keyring
	AppID   string        // ours, which a token must be of
	Pin     seal.Secret   // for every number; zero: a random one each
	Limit   time.Duration // longest that a claimed call may take, and that a claim lives
	// StepLimit is the longest that one effect may take, all its calls together.
	StepLimit time.Duration
	Now       func() time.Time
}

// Perform does what the state calls for. See engine.Performer.
func (p *Performer) Perform(ctx context.Context, s machine.State) (machine.Outcome, error) {
	perform, ok := map[machine.Effect]func(context.Context, machine.State) (machine.Outcome, error){
		machine.ExchangeCode:  p.exchange,
		machine.AdoptToken:    p.adopt,
		machine.CheckToken:    p.check,
		machine.Discover:      p.discover,
		machine.CreateWaba:    p.create,
		machine.LookForWaba:   p.look,
		machine.SubscribeApp:  p.subscribe,
		machine.ReadNumber:    p.readNumber,
		machine.AdoptPin:      p.adoptPin,
		machine.SetPin:        p.setPin,
		machine.RequestCode:   p.requestCode,
		machine.VerifyCode:    p.verifyCode,
		machine.RegisterPhone: p.register,
		machine.ReadBack:      p.readBack,

		machine.DeregisterPhone: p.deregister,
		machine.UnsubscribeApp:  p.unsubscribe,
		machine.DestroyToken:    p.destroyToken,
	}[s.Todo.Effect]
	if !ok {
		return machine.Outcome{}, fmt.Errorf("effect %q is not known to this version", s.Todo.Effect)
	}
	step, cancel := context.WithTimeout(ctx, p.StepLimit)
	defer cancel()
	step = meta.For(step, &meta.Errand{Waba: cmp.Or(s.WabaID, s.Wanted()), Background: s.OfItself()})
	outcome, err := perform(step, s)
	if err != nil && ctx.Err() != nil {
		return machine.Outcome{}, err // we were stopped; Meta said nothing
	}
	if err != nil && step.Err() != nil { // many calls, each in time, and all together too slow
		err = &meta.Error{MetaError: event.MetaError{Operation: string(s.Todo.Effect), Class: event.ClassTransient}, Reason: meta.ReasonTimeout}
	}
	outcome.Effect = s.Todo.Effect
	if refusal, ok := errors.AsType[*meta.Error](err); ok {
		outcome.Error = &refusal.MetaError
		return outcome, nil
	}
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, bus.ErrSecretGone) || errors.Is(err, errSealedElsewhere) {
		return machine.Outcome{Effect: s.Todo.Effect, Code: event.CodeSecretGone}, nil
	}
	if errors.Is(err, vault.ErrNumberTaken) {
		return machine.Outcome{Effect: s.Todo.Effect, Code: event.CodePhoneConflict}, nil
	}
	return outcome, err
}

// claimKey names the claim for the effect that the state calls for.
func claimKey(s machine.State) string {
	return event.DeriveID("claim", runOf(s), string(s.Todo.Effect), fmt.Sprint(s.Todo.Number))
}

// runOf names a run for ever. Numbers begin again when the log is lost and the
// database is not; no two runs of a restaurant begin in the same nanosecond.
func runOf(s machine.State) string {
	return event.DeriveID("run", string(s.RestaurantID), s.CreatedAt.UTC().Format(time.RFC3339Nano), string(s.SecretRef))
}

// claim takes that claim. stale says that somebody had it before and did not say
// how it went, so that the call may have been made.
func (p *Performer) claim(ctx context.Context, s machine.State) (_ context.Context, _ context.CancelFunc, stale bool, err error) {
	claim, err := p.Vault.Claim(ctx, claimKey(s), s.RestaurantID, p.Limit)
	if err != nil {
		return nil, nil, false, err
	}
	return p.within(ctx, claim)
}

// within returns a context that ends shortly before the claim does, so that a
// process that was stopped for long makes no call that another has given up.
func (p *Performer) within(ctx context.Context, claim vault.Claim) (_ context.Context, _ context.CancelFunc, stale bool, err error) {
	if claim.Held == vault.Busy {
		wait := max(claim.Until.Sub(p.Now()), 0) + 50*time.Millisecond
		return nil, nil, false, &fault.Later{After: wait, Reason: "claimed by another"}
	}
	ctx, cancel := context.WithDeadline(ctx, claim.Until.Add(-p.Limit/10))
	return ctx, cancel, claim.Held == vault.Stale, nil
}

// token returns the run's token.
func (p *Performer) token(ctx context.Context, s machine.State) (seal.Secret, error) {
	return p.Vault.Token(ctx, s.CredentialRef, s.RestaurantID)
}

// credentialRef names the credential of a run: the same however often it is asked.
func credentialRef(s machine.State) event.CredentialRef {
	return event.CredentialRef("cred_" + event.DeriveID("credential", runOf(s)))
}

// vaultRun is the run in whose name a number is owned.
func vaultRun(s machine.State) vault.Run {
	return vault.Run{Restaurant: s.RestaurantID, Since: s.CreatedAt}
}

// Reflect writes what the run has come to beside its token, destroys a token that
// Meta has declared dead, and releases numbers that the restaurant does not have.
func (p *Performer) Reflect(ctx context.Context, s machine.State) error {
	if err := p.settleNumbers(ctx, s); err != nil {
		return err
	}
	if s.CredentialRef == "" {
		return nil
	}
	if err := p.settleTokens(ctx, s); err != nil || s.Failed != "" {
		return err
	}
	if s.Status == event.StatusReauth { // a dead token serves nobody but a thief
		if err := p.Vault.Destroy(ctx, s.CredentialRef, s.RestaurantID); err != nil {
			return err
		}
	}
	return p.Vault.Reflect(ctx, s.CredentialRef, s.RestaurantID, vault.Reflection{
		BusinessID:        s.BusinessID,
		WabaID:            cmp.Or(s.WabaID, s.Made), // one that does not show yet is known by its webhooks
		PhoneNumberID:     s.PhoneNumberID,
		DiscoveryAttempts: s.Searches,
		CreationStrategy:  s.Strategy,
		PollingStatus:     pollingStatus(s),
	})
}

// settleNumbers says whose the run's number is when it is over. A rest keeps it.
func (p *Performer) settleNumbers(ctx context.Context, s machine.State) error {
	if s.Undo != nil { // it is given up when it is deregistered
		return nil
	}
	switch s.Status {
	case event.StatusCompleted:
		return p.Vault.KeepNumber(ctx, s.PhoneNumberID, vaultRun(s))
	case event.StatusDisconnected:
		return p.Vault.ReleaseAllNumbers(ctx, vaultRun(s))
	case event.StatusFailed, event.StatusCancelled, event.StatusExpired, event.StatusReauth:
		return p.Vault.ReleaseNumbers(ctx, vaultRun(s))
	case event.StatusInProgress, event.StatusAwaiting, event.StatusAction:
	}
	return nil
}

// settleTokens destroys what a connection has no use for: the tokens of earlier runs,
// once it is proved; the token of a run that came to nothing, once another stands.
func (p *Performer) settleTokens(ctx context.Context, s machine.State) error {
	own := credentialRef(s)
	switch {
	case s.Failed != "" && own != s.CredentialRef:
		return p.Vault.Destroy(ctx, own, s.RestaurantID)
	case s.Status == event.StatusCompleted && s.Failed == "" && s.Run > 1 && own == s.CredentialRef:
		return p.Vault.DestroyOthers(ctx, own, vaultRun(s))
	}
	return nil
}

// pollingStatus is the brief's column: what the polls have come to.
func pollingStatus(s machine.State) string {
	switch {
	case s.Polling.Attempts == 0:
		return "not_needed"
	case s.WabaID != "":
		return "found"
	case s.Polling.Attempts >= s.Polling.MaxAttempts:
		return "not_found"
	}
	return "polling"
}

// errSealedElsewhere says that a sealed input can never be opened here: the
// gateway seals to a key that is not ours.
var errSealedElsewhere = errors.New("sealed to another key")

// open returns a sealed input in clear.
func (p *Performer) open(ctx context.Context, s machine.State, purpose string, ref event.SecretRef) (seal.Secret, error) {
	sealed, err := p.Secrets.Get(ctx, ref)
	if err != nil {
		return seal.Secret{}, err
	}
	secret, err := p.Keyring.Open(purpose, string(s.RestaurantID), sealed)
	if errors.Is(err, seal.ErrWrongKey) || errors.Is(err, seal.ErrTampered) {
		return seal.Secret{}, fmt.Errorf("open secret %s: %w: %w", ref, errSealedElsewhere, err)
	}
	if err != nil {
		return seal.Secret{}, fmt.Errorf("open secret %s: %w", ref, err)
	}
	return secret, nil
}
