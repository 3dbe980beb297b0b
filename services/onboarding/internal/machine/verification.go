package machine

import (
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A number that Meta does not know to be its owner's is verified: somebody asks for
// Meta's code, which comes by SMS or call, and types it. Each ask sends another code,
// and too many guesses lock the number for hours, so both are counted.

// Verification is what is asked for and brought to verify a number.
type Verification struct {
	Phone     event.PhoneNumberID `json:"phone,omitempty"`
	Method    string              `json:"method,omitempty"` // SMS or VOICE
	Language  string              `json:"language,omitempty"`
	CodeRef   event.SecretRef     `json:"code_ref,omitempty"`  // the code that came, sealed
	Asked     []time.Time         `json:"asked,omitempty"`     // codes that still count, oldest first
	NotBefore time.Time           `json:"not_before,omitzero"` // Meta has put the next one off
}

// limits returns what outlives a run: Meta counts over all of them.
func (v Verification) limits() Verification {
	return Verification{Phone: v.Phone, Asked: v.Asked, NotBefore: v.NotBefore}
}

// freeAt returns when another code may be asked for.
func (v Verification) freeAt() time.Time {
	at := v.NotBefore
	later := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	if n := len(v.Asked); n > 0 {
		later(v.Asked[n-1].Add(codeResend))
	}
	if n := len(v.Asked); n >= codesAsked {
		later(v.Asked[n-codesAsked].Add(codeWindow))
	}
	return at
}

func (s *State) codeRequested(in event.PhoneCodeRequested, now time.Time) event.Event {
	free := s.Verification.freeAt()
	switch {
	case !s.awaits(event.ActionVerifyNumber, event.ActionEnterCode):
		return refuse(in.Name(), event.CodeNotPossibleNow)
	case in.Method != "SMS" && in.Method != "VOICE", in.Language == "", len(in.Language) > longText:
		return refuse(in.Name(), event.CodeUnprocessable)
	case now.Before(free):
		return event.InputRefused{Input: in.Name(), Code: event.CodeTooEarly, AvailableAt: free}
	}
	s.progress(event.StageVerification)
	s.RestedSince = time.Time{}
	s.Verification.Phone, s.Verification.Method, s.Verification.Language = s.PhoneNumberID, in.Method, in.Language
	s.do(RequestCode)
	return event.OnboardingResumed{Stage: s.Stage, By: string(in.Name())}
}

func (s *State) codeSubmitted(in event.PhoneCodeSubmitted, now time.Time) event.Event {
	switch {
	case !s.awaits(event.ActionVerifyNumber, event.ActionEnterCode), s.Number.Code.SentAt.IsZero():
		return refuse(in.Name(), event.CodeNotPossibleNow)
	case len(in.CodeRef) > longRequest:
		return refuse(in.Name(), event.CodeUnprocessable)
	case s.NextAction.Kind == event.ActionEnterCode && now.Before(s.NextAction.AvailableAt):
		return event.InputRefused{Input: in.Name(), Code: event.CodeTooEarly, AvailableAt: s.NextAction.AvailableAt}
	}
	s.progress(event.StageVerification)
	s.RestedSince = time.Time{}
	s.Verification.CodeRef = in.CodeRef
	s.do(VerifyCode)
	return event.OnboardingResumed{Stage: s.Stage, By: string(in.Name())}
}

var (
	enterCode  = act(event.CodePhoneCodeAwaited, event.ActionEnterCode, event.ActorRestaurant)
	unverified = act(event.CodePhoneNotVerified, event.ActionVerifyNumber, event.ActorRestaurant)
)

// unproved rests until somebody has verified the number. A code that is under way is
// waited for.
func (s *State) unproved(e *event.MetaError, now time.Time) event.Event {
	s.Stage = event.StageVerification
	if now.Before(s.Number.Code.ExpiresAt) {
		return s.act(enterCode, e, now)
	}
	s.Number.Code = event.PhoneCode{}
	return s.ask(unverified, e, now)
}

// ask rests until somebody asks for a code, and says from when they may.
func (s *State) ask(v Verdict, e *event.MetaError, now time.Time) event.Event {
	decision := s.act(v, e, now)
	if free := s.Verification.freeAt(); free.After(now) {
		s.NextAction.AvailableAt = free
		decision.NextAction = *s.NextAction
	}
	return decision
}

// codeSent rests until somebody types the code. Meta may have sent one if it did not
// answer.
func (s *State) codeSent(now time.Time, e *event.MetaError) event.Event {
	asked := append(s.Verification.Asked, now)
	asked = slices.DeleteFunc(asked, func(t time.Time) bool { return !now.Before(t.Add(codeWindow)) })
	s.Verification.Asked = asked[max(0, len(asked)-codesAsked):]
	s.Number.Code = event.PhoneCode{
		Method: s.Verification.Method, SentAt: now, ExpiresAt: now.Add(codeLife), ResendAt: s.Verification.freeAt(),
		MaxGuesses: codeGuesses, Uncertain: e != nil,
	}
	rest := s.act(enterCode, e, now)
	return event.PhoneCodeSent{PhoneNumberID: s.PhoneNumberID, Sent: s.Number.Code, Error: e, LookAt: rest.LookAt}
}

// verified goes on with a number that its owner has proved.
func (s *State) verified(now time.Time, already bool) event.Event {
	s.progress(event.StageRegistration)
	for i := range s.Numbers {
		s.Numbers[i].Verified, s.Numbers[i].Unverified = event.ReadingYes, false
	}
	s.Registration = Registration{}
	s.Verification.CodeRef = ""
	s.Number.Code = event.PhoneCode{}
	s.goOnWithNumber(now)
	return event.PhoneVerified{PhoneNumberID: s.PhoneNumberID, Already: already}
}

// unverifiedStill returns what an error leads to that Meta answers to an ask for a
// code, or to a code.
func (s *State) unverifiedStill(o Outcome, v Verdict, now time.Time) event.Event {
	s.Verification.CodeRef = ""
	if o.Number != nil && o.Number.Verified == event.ReadingYes {
		return s.verified(now, true)
	}
	if o.Effect == RequestCode {
		if wait := max(retryAfter(o.Error), v.Wait); wait > 0 && v.Action == event.ActionVerifyNumber {
			s.Verification.NotBefore = now.Add(wait)
		}
		v.Wait = 0 // somebody may have verified it elsewhere: a retry is never too early
		return s.ask(v, withoutWait(o.Error), now)
	}
	if v.Code == event.CodePhoneCodeWrong {
		if s.Number.Code.Guesses++; s.Number.Code.Guesses >= codeGuesses {
			s.Number.Code = event.PhoneCode{}
			v.Action = event.ActionVerifyNumber
			return s.ask(v, o.Error, now)
		}
	}
	return s.act(v, o.Error, now)
}

// withoutWait returns an error whose wait is kept elsewhere.
func withoutWait(e *event.MetaError) *event.MetaError {
	if e == nil || e.RetryAfter == 0 {
		return e
	}
	bare := *e
	bare.RetryAfter = 0
	return &bare
}
