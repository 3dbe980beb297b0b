// Package judge says what a restaurant's snapshot means for a command: pure
// functions, one for each of the five endpoints and for what is brought for a number,
// and tables.
package judge

import (
	"net/http"
	"slices"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// Command is one of the five endpoints, or of those that bring something for a number.
type Command string

// The commands.
const (
	Exchange Command = "exchange-token"
	Discover Command = "discover-or-create"
	Create   Command = "create-strategies"
	Poll     Command = "polling-system"
	Complete Command = "complete-flow"

	RequestCode Command = "request-code"
	VerifyCode  Command = "verify-code"
	GivePin     Command = "pin"
)

// Kind is what has come of a command.
type Kind string

// The kinds.
const (
	Pending  Kind = "pending"  // not known yet
	Finished Kind = "finished" // what was asked for is there
	Creating Kind = "creating" // nothing was found, and a creation is under way
	Awaiting Kind = "awaiting" // no strategy worked: a person makes the account
	Acting   Kind = "acting"   // somebody must act
	Failed   Kind = "failed"   // it cannot be had: see Code
)

// Outcome is what has come of a command.
type Outcome struct {
	Kind Kind
	Code event.Code // for Failed
}

// Known says whether there is something to answer.
func (o Outcome) Known() bool { return o.Kind != Pending }

func pending() Outcome               { return Outcome{Kind: Pending} }
func finished() Outcome              { return Outcome{Kind: Finished} }
func failed(code event.Code) Outcome { return Outcome{Kind: Failed, Code: code} }

// judges has each command's own question: is what it asks for there? What is
// left open is answered by the run's status.
var judges = map[Command]func(event.Snapshot) Outcome{
	Exchange: func(s event.Snapshot) Outcome {
		if s.CredentialRef != "" && past(s.Stage, event.StageExchange) {
			return finished()
		}
		return pending()
	},
	Discover: func(s event.Snapshot) Outcome {
		switch {
		case s.WabaID != "":
			return finished()
		case s.Status == event.StatusInProgress && (s.Stage == event.StageCreation || s.Stage == event.StagePolling):
			return Outcome{Kind: Creating}
		}
		return pending()
	},
	Create: func(s event.Snapshot) Outcome {
		if _, made := Created(s); made || s.WabaID != "" {
			return finished()
		}
		return pending()
	},
	Poll: func(s event.Snapshot) Outcome {
		if s.WabaID != "" && past(s.Stage, event.StagePolling) {
			return finished()
		}
		return pending()
	},
	Complete: func(s event.Snapshot) Outcome {
		if s.Status == event.StatusCompleted {
			return finished()
		}
		return pending()
	},
	RequestCode: func(s event.Snapshot) Outcome {
		if s.Status == event.StatusAction && problemOf(s) == event.CodePhoneCodeAwaited || proved(s) {
			return finished()
		}
		return pending()
	},
	VerifyCode: func(s event.Snapshot) Outcome {
		if proved(s) {
			return finished()
		}
		return pending()
	},
	GivePin: func(s event.Snapshot) Outcome {
		if past(s.Stage, event.StageVerification) {
			return finished() // it is registered
		}
		return pending()
	},
}

// Judge returns what a snapshot means for the command.
func (c Command) Judge(s event.Snapshot) Outcome {
	if code, over := ended(s); over {
		return failed(code)
	}
	if o := judges[c](s); o.Known() {
		return o
	}
	switch s.Status {
	case event.StatusAwaiting:
		return Outcome{Kind: Awaiting}
	case event.StatusAction:
		// Most rests go on when somebody has acted. Of some there is nothing to tell
		// but the problem: let Meta be, or ask the restaurant for more rights.
		if code := problemOf(s); errcode.Explain(code).HTTPStatus != http.StatusAccepted {
			return failed(code)
		}
		return Outcome{Kind: Acting}
	case event.StatusInProgress, event.StatusCompleted, event.StatusFailed, event.StatusCancelled,
		event.StatusExpired, event.StatusReauth, event.StatusDisconnected:
	}
	return pending()
}

// ended returns why a run is over without having reached its aim.
func ended(s event.Snapshot) (event.Code, bool) {
	if s.Failed != "" { // the restaurant is connected, and not by this run
		return s.Failed, true
	}
	if s.Disconnecting {
		return event.CodeNotInProgress, true
	}
	switch s.Status {
	case event.StatusFailed, event.StatusReauth, event.StatusExpired:
		return problemOf(s), true
	case event.StatusCancelled:
		return event.CodeCancelled, true
	case event.StatusDisconnected:
		return event.CodeNotInProgress, true
	case event.StatusInProgress, event.StatusAwaiting, event.StatusAction, event.StatusCompleted:
	}
	return "", false
}

func problemOf(s event.Snapshot) event.Code {
	if s.Error == nil {
		return event.CodeMetaRefused
	}
	return s.Error.Code
}

// proved says whether a run has gone on from the verification of its number.
func proved(s event.Snapshot) bool {
	return s.Stage == event.StageRegistration && s.Number.Code.SentAt.IsZero() || past(s.Stage, event.StageVerification)
}

// ofNumber are commands that only a run takes that waits for them.
var ofNumber = []Command{RequestCode, VerifyCode, GivePin}

// Created returns the creation strategy that made an account in this run.
func Created(s event.Snapshot) (event.Strategy, bool) {
	i := slices.IndexFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Outcome == event.ResultCreated })
	if i < 0 {
		return "", false
	}
	return s.Strategies[i].Strategy, true
}

// Joins says whether a step endpoint has nothing to ask of a run: the outcome is
// there, or the run is on its way to it. It has to ask one that is over, that
// rests, or that will rest before it comes to what is asked for. To look once more
// for an account that a person was to make is always worth asking for.
func (c Command) Joins(s event.Snapshot) bool {
	switch {
	case s.Run == 0, s.Disconnecting, s.Failed != "", s.Status.Ended() && s.Status != event.StatusCompleted:
		return false
	case c == Poll && s.Status == event.StatusAwaiting, (c == Discover || c == Create) && Untried(s):
		return false
	case c.Judge(s).Known():
		return true
	}
	at := event.StageDiscovery
	if c == Poll {
		at = event.StagePolling
	}
	return s.RestsBefore == "" && (s.Stage == at || past(s.Stage, at))
}

// Untried says whether a run waits for an account, or has waited in vain, that
// nobody was asked to make. Whether one can be made the state machine knows.
func Untried(s event.Snapshot) bool {
	waits := s.Status == event.StatusAwaiting || s.Status == event.StatusInProgress && s.Stage == event.StagePolling
	tried := slices.ContainsFunc(s.Strategies, func(a event.StrategyAttempt) bool { return a.Outcome != event.ResultSkipped })
	return waits && !tried && s.Made == ""
}

// Refused returns what it means that the state machine has refused the command's
// own input, in the state that followed.
func (c Command) Refused(code event.Code, s event.Snapshot) Outcome {
	final := []event.Code{event.CodeBusy, event.CodeCredentialUnknown, event.CodeTooEarly, event.CodeNumberDiffers}
	if slices.Contains(final, code) || slices.Contains(ofNumber, c) {
		return failed(code)
	}
	if o := c.Judge(s); o.Known() {
		return o
	}
	if s.Status == event.StatusInProgress && s.RestsBefore == "" {
		return pending() // the run is under way to it all the same
	}
	return failed(code)
}

// Early returns that a pending run cannot come to anything before the deadline,
// because Meta has to be left alone for longer.
func Early(s event.Snapshot, deadline time.Time) (Outcome, bool) {
	if s.Status != event.StatusInProgress || s.Error == nil || !s.ResumeAt.After(deadline) {
		return Outcome{}, false
	}
	switch s.Error.Class {
	case event.ClassRateLimit:
		return failed(event.CodeRateLimited), true
	case event.ClassBlocked:
		return failed(event.CodeBlocked), true
	default: // it may be over sooner
		return Outcome{}, false
	}
}

// patience is how often a step may have been put off before the caller is told
// that Meta is down, and not only that the run is under way.
const patience = 3

// AtDeadline returns what to say of a run that is still pending.
func AtDeadline(s event.Snapshot) Outcome {
	if s.Status != event.StatusInProgress || s.Error == nil || s.Delays == 0 || s.ResumeAt.IsZero() {
		return pending()
	}
	switch s.Error.Class {
	case event.ClassRateLimit:
		return failed(event.CodeRateLimited)
	case event.ClassBlocked:
		return failed(event.CodeBlocked)
	case event.ClassTransient, event.ClassUnreachable, event.ClassUnanswered:
		// A strategy that is tried again has another after it.
		if s.Delays >= patience && s.Stage != event.StageCreation {
			return failed(event.CodeMetaUnavailable)
		}
	default: // the trouble of a step before
	}
	return pending()
}

func past(stage, than event.Stage) bool {
	return slices.Index(event.Stages, stage) > slices.Index(event.Stages, than)
}
