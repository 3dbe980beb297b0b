package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Verdict is what an error of Meta leads to.
type Verdict struct {
	Do     Do               `json:"do,omitempty"`
	Code   event.Code       `json:"code,omitempty"`   // why, for people
	Action event.ActionKind `json:"action,omitempty"` // what must be done, for Act and Fail
	Actor  event.Actor      `json:"actor,omitempty"`
	Wait   time.Duration    `json:"wait,omitempty"` // at least, before the call is made again
	// Tries is how often a call is made again before it counts as refused; 0: while
	// there is patience.
	Tries int `json:"tries,omitempty"`
}

// Do is the kind of a verdict.
type Do string

// The kinds.
const (
	Again       Do = "again"       // the same call, after a growing wait, while there is patience
	WaitUntil   Do = "wait_until"  // the same call, when Meta's limit is over
	LookFirst   Do = "look_first"  // it may have happened: look before anything else
	NextOne     Do = "next"        // the next strategy
	NotYet      Do = "not_yet"     // a poll that found nothing
	Reauthorize Do = "reauthorize" // the token is dead
	Act         Do = "act"         // rest until somebody has acted
	Fail        Do = "fail"        // end the run
	Leave       Do = "leave"       // it cannot be undone, is listed, and the disconnection goes on
	Gone        Do = "gone"        // there is nothing left to undo
)

var (
	again       = Verdict{Do: Again, Code: event.CodeMetaUnavailable}
	waitUntil   = Verdict{Do: WaitUntil, Code: event.CodeRateLimited}
	lookFirst   = Verdict{Do: LookFirst, Code: event.CodeMetaUnavailable}
	next        = Verdict{Do: NextOne, Code: event.CodeWabaNotCreated}
	notYet      = Verdict{Do: NotYet, Code: event.CodeWabaNotVisible}
	reauthorize = Verdict{Do: Reauthorize, Code: event.CodeTokenInvalid}
	permission  = act(event.CodePermissionMissing, event.ActionGrantPermissions, event.ActorRestaurant)
	blocked     = act(event.CodeBlocked, event.ActionResolveBlock, event.ActorRestaurant)
	incapable   = act(event.CodeAppNotPermitted, event.ActionFixConfiguration, event.ActorOperator)
	refused     = act(event.CodeMetaRefused, event.ActionContactSupport, event.ActorOperator)
	badSecret   = misconfigured(event.CodeAppSecretInvalid)
	// The token is in the vault by then: once the secret is right, the run goes on.
	wrongSecret = act(event.CodeAppSecretInvalid, event.ActionFixConfiguration, event.ActorOperator)
)

func act(code event.Code, action event.ActionKind, actor event.Actor) Verdict {
	return Verdict{Do: Act, Code: code, Action: action, Actor: actor}
}

func restart(code event.Code) Verdict {
	return Verdict{Do: Fail, Code: code, Action: event.ActionRestartSignup, Actor: event.ActorRestaurant}
}

func leave(code event.Code) Verdict { return Verdict{Do: Leave, Code: code} }

// gone says that what was to be undone is not there.
var gone = Verdict{Do: Gone, Code: event.CodePhoneMissing}

// leaving says what stays at Meta, and why, in place of ending or resting.
var leaving = map[event.Class]Verdict{
	event.ClassAuthExpired: leave(event.CodeTokenInvalid),
	event.ClassPermission:  leave(event.CodePermissionMissing),
	event.ClassBlocked:     leave(event.CodeBlocked),
	event.ClassInvalid:     leave(event.CodeMetaRefused),
	event.ClassConflict:    leave(event.CodeMetaRefused),
	event.ClassNotFound:    leave(event.CodeMetaRefused),
}

func misconfigured(code event.Code) Verdict {
	return Verdict{Do: Fail, Code: code, Action: event.ActionFixConfiguration, Actor: event.ActorOperator}
}

// limited has whoever waits for a step ask again when Meta's limit is over: it is of no
// use to them hours later.
func limited(action event.ActionKind) Verdict {
	return Verdict{Do: Act, Code: event.CodeRateLimited, Action: action, Actor: event.ActorRestaurant, Wait: shortestLimit}
}

// locked is a number for which Meta takes no PIN for a time, and then the right one.
func locked(wait time.Duration) Verdict {
	return Verdict{Do: Act, Code: event.CodePhonePinLocked, Action: event.ActionProvidePin, Actor: event.ActorRestaurant, Wait: wait}
}

// limit waits for Meta, which allows ten registrations in 72 hours.
func limit(wait time.Duration) Verdict {
	return Verdict{Do: Act, Code: event.CodePhoneRegisterLimit, Action: event.ActionWait, Actor: event.ActorMeta, Wait: wait}
}

// Classes are all classes of errors.
var Classes = []event.Class{
	event.ClassTransient, event.ClassUnreachable, event.ClassUnanswered, event.ClassRateLimit, event.ClassAuthExpired,
	event.ClassPermission, event.ClassBlocked, event.ClassInvalid, event.ClassConflict, event.ClassNotFound,
}

// verdicts says what each class of error leads to, wherever nothing else is said.
var verdicts = map[event.Class]Verdict{
	event.ClassTransient:   again,
	event.ClassUnreachable: again,
	event.ClassUnanswered:  again,
	event.ClassRateLimit:   waitUntil,
	event.ClassAuthExpired: reauthorize,
	event.ClassPermission:  permission,
	event.ClassBlocked:     blocked,
	event.ClassInvalid:     refused,
	event.ClassConflict:    refused,
	event.ClassNotFound:    refused,
}

// verdictsOf says where an effect differs.
var verdictsOf = map[Effect]map[event.Class]Verdict{
	ExchangeCode: { // a code lives 30 seconds and works once: only what was never sent is sent again
		event.ClassTransient:   restart(event.CodeExchangeUnavailable),
		event.ClassUnanswered:  restart(event.CodeExchangeUnanswered),
		event.ClassRateLimit:   restart(event.CodeRateLimited),
		event.ClassAuthExpired: restart(event.CodeCodeExpired),
		event.ClassBlocked:     restart(event.CodeBlocked),
		event.ClassInvalid:     restart(event.CodeCodeRefused),
		event.ClassConflict:    restart(event.CodeCodeUsed),
		event.ClassNotFound:    restart(event.CodeCodeRefused),
		event.ClassPermission:  misconfigured(event.CodeAppNotPermitted),
	},
	CheckToken: { // this call is made as the app: what Meta refuses is the app's
		event.ClassAuthExpired: wrongSecret,
		event.ClassInvalid:     wrongSecret,
		event.ClassPermission:  incapable,
	},
	CreateWaba: {
		event.ClassTransient:  lookFirst,
		event.ClassUnanswered: lookFirst,
		event.ClassPermission: next,
		event.ClassInvalid:    next,
		event.ClassConflict:   next,
		event.ClassNotFound:   next,
	},
	LookForWaba: {
		event.ClassTransient:   notYet,
		event.ClassUnreachable: notYet,
		event.ClassUnanswered:  notYet,
		event.ClassPermission:  notYet,
		event.ClassInvalid:     notYet,
		event.ClassConflict:    notYet,
		event.ClassNotFound:    notYet,
	},
	DeregisterPhone: leaving,
	UnsubscribeApp:  leaving,
	RequestCode: {
		event.ClassUnanswered: enterCode, // it may have been sent
		event.ClassRateLimit:  limited(event.ActionVerifyNumber),
		event.ClassInvalid:    codeNotSent,
		event.ClassConflict:   codeNotSent,
		event.ClassNotFound:   codeNotSent,
	},
	VerifyCode: {
		event.ClassRateLimit: limited(event.ActionEnterCode),
		event.ClassInvalid:   codeNotSent, // another is needed
		event.ClassConflict:  codeNotSent,
		event.ClassNotFound:  codeNotSent,
	},
}

// outOfPatience is what follows when somebody waits for a step, and Meta cannot be
// had: they may ask again.
var outOfPatience = map[Effect]Verdict{
	RequestCode: act(event.CodeMetaUnavailable, event.ActionVerifyNumber, event.ActorRestaurant),
	VerifyCode:  act(event.CodeMetaUnavailable, event.ActionEnterCode, event.ActorRestaurant),
	SetPin:      act(event.CodeMetaUnavailable, event.ActionProvidePin, event.ActorRestaurant),
}

var (
	codeNotSent = act(event.CodePhoneCodeRefused, event.ActionVerifyNumber, event.ActorRestaurant)
	pinMissing  = act(event.CodePhonePinMismatch, event.ActionProvidePin, event.ActorRestaurant)
	noNumber    = act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant)
)

// metaCode is a code of Meta, with any subcode when Subcode is 0.
type metaCode struct {
	Effect  Effect
	Code    int
	Subcode int
}

// verdictsByCode says where one code differs from its class.
var verdictsByCode = map[metaCode]Verdict{
	{ExchangeCode, 1, 0}:       badSecret, // on this endpoint code 1 is a wrong app secret
	{ExchangeCode, 101, 0}:     badSecret,
	{ExchangeCode, 100, 36008}: misconfigured(event.CodeRedirectMismatch),

	{CheckToken, 3, 0}:    incapable,
	{SubscribeApp, 3, 0}:  incapable,
	{RegisterPhone, 3, 0}: incapable,

	{RegisterPhone, 133005, 0}:      act(event.CodePhonePinMismatch, event.ActionProvidePin, event.ActorRestaurant),
	{RegisterPhone, 133006, 0}:      act(event.CodePhoneNotVerified, event.ActionVerifyNumber, event.ActorRestaurant),
	{RegisterPhone, 133008, 0}:      limit(12 * time.Hour),
	{RegisterPhone, 133009, 0}:      act(event.CodePhonePinMismatch, event.ActionProvidePin, event.ActorRestaurant), // guessed too fast: it is not the PIN
	{RegisterPhone, 133016, 0}:      limit(72 * time.Hour),
	{DeregisterPhone, 3, 0}:         leave(event.CodeAppNotPermitted),
	{DeregisterPhone, 33, 0}:        gone,
	{DeregisterPhone, 100, 2207051}: gone,
	{DeregisterPhone, 133010, 0}:    gone,
	{DeregisterPhone, 133016, 0}:    leave(event.CodePhoneRegisterLimit), // ten in 72 hours: nobody waits so long to be rid of us
	{UnsubscribeApp, 3, 0}:          leave(event.CodeAppNotPermitted),

	{RegisterPhone, 33, 0}: act(event.CodePhoneMissing, event.ActionAddNumber, event.ActorRestaurant),

	{RequestCode, 3, 0}:      incapable,
	{RequestCode, 33, 0}:     noNumber,
	{RequestCode, 136024, 0}: {Do: Act, Code: event.CodePhoneCodeRefused, Action: event.ActionVerifyNumber, Actor: event.ActorRestaurant, Wait: codeRefused},
	{VerifyCode, 3, 0}:       incapable,
	{VerifyCode, 33, 0}:      noNumber,
	{VerifyCode, 136025, 0}:  act(event.CodePhoneCodeWrong, event.ActionEnterCode, event.ActorRestaurant),
	{SetPin, 3, 0}:           incapable,
	{SetPin, 33, 0}:          noNumber,
}

// ours is a reason of ours for which an effect was not done, or its outcome is not
// to be had: the effect may be any when Effect is empty.
type ours struct {
	Effect Effect
	Code   event.Code
}

// numberTaken is asked for again at each look, without a call: the number may be
// free by then.
var numberTaken = act(event.CodePhoneConflict, event.ActionContactSupport, event.ActorRestaurant)

// verdictsOfOurs says what follows when it is not Meta that refuses.
var verdictsOfOurs = map[ours]Verdict{
	{"", event.CodeSecretGone}:                   restart(event.CodeSecretGone),
	{ExchangeCode, event.CodeExchangeUnanswered}: restart(event.CodeExchangeUnanswered),
	{Discover, event.CodeWabaNotGranted}:         restart(event.CodeWabaNotGranted),
	{LookForWaba, event.CodeWabaNotGranted}:      restart(event.CodeWabaNotGranted),
	{Discover, event.CodePhoneNotInWaba}:         restart(event.CodePhoneNotInWaba),
	{LookForWaba, event.CodePhoneNotInWaba}:      restart(event.CodePhoneNotInWaba),
	{RegisterPhone, event.CodePhoneConflict}:     numberTaken,
	{ReadBack, event.CodePhoneConflict}:          numberTaken,
	{DeregisterPhone, event.CodePhoneConflict}:   gone,
	{DeregisterPhone, event.CodeSecretGone}:      leave(event.CodeTokenInvalid),
	{UnsubscribeApp, event.CodeSecretGone}:       leave(event.CodeTokenInvalid),
	{SetPin, event.CodePhoneConflict}:            numberTaken,
	{AdoptPin, event.CodeSecretGone}:             pinMissing,
	{AdoptPin, event.CodeUnprocessable}:          pinMissing, // it is no PIN
	{VerifyCode, event.CodeSecretGone}:           enterCode,
}

// verdictOfOurs returns what a reason of ours leads to; one that is not known, of a
// build beside this one, ends the run.
func verdictOfOurs(effect Effect, code event.Code) Verdict {
	for _, key := range []ours{{effect, code}, {"", code}} {
		if v, ok := verdictsOfOurs[key]; ok {
			return v
		}
	}
	if effect == DeregisterPhone || effect == UnsubscribeApp {
		return leave(code)
	}
	return restart(code)
}

// VerdictOf returns what an error leads to: by its code, else by its class at this
// effect, else by its class. A class that is not known is refused by Meta as far
// as we can tell: a person must look, or bring another code.
func VerdictOf(edition Edition, effect Effect, e *event.MetaError) Verdict {
	for _, key := range []metaCode{{effect, e.Code, e.Subcode}, {effect, e.Code, 0}} {
		if v, ok := secondVerdictsByCode[key]; ok && edition >= SecondEdition {
			return v
		}
		if v, ok := verdictsByCode[key]; ok {
			return v
		}
	}
	if v, ok := verdictsOf[effect][e.Class]; ok {
		return v
	}
	if v, ok := verdicts[e.Class]; ok {
		return v
	}
	switch effect {
	case ExchangeCode:
		return restart(event.CodeCodeRefused)
	case DeregisterPhone, UnsubscribeApp:
		return leave(event.CodeMetaRefused)
	default:
		return refused
	}
}
