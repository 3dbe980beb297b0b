package effect

import (
	"slices"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// Call is a call at Meta that an effect makes. All that we call stands in [Calls].
type Call struct {
	Effect  machine.Effect
	Op      errcode.Operation
	Stage   event.Stage // in which the effect is called for
	Refused Refused
}

// Refused is what follows when Meta definitely refuses a call.
type Refused string

// What follows.
const (
	// Decides: what the machine says of the error's code and class.
	Decides Refused = "decides"
	// GoesOn: no obstacle to the next look of the search.
	GoesOn Refused = "goes_on"
	// Withholds: no obstacle to the next look. When no other finds an account it
	// decides, lest one be made beside an account that could not be seen.
	Withholds Refused = "withholds"
)

// Calls are all of them, in the order of a run.
var Calls = []Call{
	{machine.ExchangeCode, errcode.OpExchangeCode, event.StageExchange, Decides},
	{machine.CheckToken, errcode.OpInspectToken, event.StageExchange, Decides},
	{machine.Discover, errcode.OpClientBusiness, event.StageDiscovery, GoesOn}, // a user's token has no such field
	{machine.Discover, errcode.OpListBusinesses, event.StageDiscovery, GoesOn}, // the brief's scopes do not list them
	{machine.Discover, errcode.OpListOwned, event.StageDiscovery, Withholds},
	{machine.Discover, errcode.OpListClients, event.StageDiscovery, GoesOn}, // for partners' tokens
	{machine.Discover, errcode.OpListPages, event.StageDiscovery, GoesOn},
	{machine.Discover, errcode.OpPageBusiness, event.StageDiscovery, GoesOn},
	{machine.Discover, errcode.OpListNumbers, event.StageDiscovery, Withholds},
	{machine.CreateWaba, errcode.OpCreateWaba, event.StageCreation, Decides},
	{machine.LookForWaba, errcode.OpListOwned, event.StageCreation, Withholds}, // after an unknown outcome
	{machine.LookForWaba, errcode.OpListNumbers, event.StageCreation, Withholds},
	{machine.LookForWaba, errcode.OpListOwned, event.StagePolling, GoesOn},
	{machine.LookForWaba, errcode.OpListClients, event.StagePolling, GoesOn},
	{machine.LookForWaba, errcode.OpListNumbers, event.StagePolling, GoesOn},
	{machine.SubscribeApp, errcode.OpListSubscribers, event.StageSubscription, Decides},
	{machine.SubscribeApp, errcode.OpSubscribeApp, event.StageSubscription, Decides},
	{machine.ReadNumber, errcode.OpReadNumber, event.StageRegistration, Decides}, // where the list was unclear
	{machine.SetPin, errcode.OpSetPin, event.StageRegistration, Decides},
	{machine.RegisterPhone, errcode.OpRegisterNumber, event.StageRegistration, Decides},
	{machine.RegisterPhone, errcode.OpReadNumber, event.StageRegistration, Decides}, // after an unknown outcome
	{machine.RequestCode, errcode.OpRequestCode, event.StageVerification, Decides},
	{machine.VerifyCode, errcode.OpVerifyCode, event.StageVerification, Decides},
	{machine.VerifyCode, errcode.OpReadNumber, event.StageVerification, Decides}, // after an unknown outcome
	{machine.ReadBack, errcode.OpReadNumber, event.StageFinalCheck, Decides},
	{machine.ReadBack, errcode.OpListSubscribers, event.StageFinalCheck, Decides},
	{machine.DeregisterPhone, errcode.OpReadNumber, event.StageDone, Decides},
	{machine.DeregisterPhone, errcode.OpDeregister, event.StageDone, Decides},
	{machine.UnsubscribeApp, errcode.OpListNumbers, event.StageDone, Decides}, // whose they are
	{machine.UnsubscribeApp, errcode.OpUnsubscribeApp, event.StageDone, Decides},
	{machine.UnsubscribeApp, errcode.OpSubscribeApp, event.StageDone, Decides}, // for a restaurant that came in between
}

// Passes says whether a search goes on after an error of this call.
func (c Call) Passes(class event.Class) bool { return c.Refused != Decides && definite(class) }

// Verdict returns what an error of this call leads to in a run that starts now,
// where it decides.
func (c Call) Verdict(e event.MetaError) machine.Verdict {
	v := machine.VerdictOf(machine.PresentEdition, c.Effect, &e)
	if v.Do == machine.NotYet && c.Stage == event.StageCreation {
		return machine.LookVerdict(machine.PresentEdition, &e)
	}
	return v
}

// refusedLook returns what follows when Meta refuses a look of a search: in
// discovery, as in later looks for an account that was made.
func refusedLook(op string) Refused {
	i := slices.IndexFunc(Calls, func(c Call) bool { return c.Effect == machine.Discover && string(c.Op) == op })
	if i < 0 {
		return Decides
	}
	return Calls[i].Refused
}

// definite says whether Meta refuses what was asked: it did answer, and the token and
// the app may go on.
func definite(class event.Class) bool {
	switch class {
	case event.ClassPermission, event.ClassInvalid, event.ClassConflict, event.ClassNotFound:
		return true
	case event.ClassTransient, event.ClassRateLimit, event.ClassAuthExpired, event.ClassBlocked,
		event.ClassUnreachable, event.ClassUnanswered:
	}
	return false
}
