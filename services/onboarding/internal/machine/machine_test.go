package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		at       machine.Effect
		answer   string
		decision event.Name
		stage    event.Stage
		status   event.Status
		code     event.Code     // of the error
		effect   machine.Effect // to do now
		tick     event.Name     // that is awaited
		then     machine.Effect
		wait     time.Duration // at least, and at most a quarter more
	}{{
		name: "an empty poll waits one interval and polls again", at: machine.LookForWaba, answer: `{}`,
		decision: event.NameWabaPolled, stage: event.StagePolling, tick: event.NamePollTick, wait: 3 * time.Second,
	}, {
		name: "a poll that Meta does not answer is one that found nothing", at: machine.LookForWaba, answer: failure(event.ClassUnanswered),
		decision: event.NameWabaPolled, stage: event.StagePolling, code: event.CodeMetaUnavailable, tick: event.NamePollTick, wait: 3 * time.Second,
	}, {
		name: "a poll under Meta's limit is no poll", at: machine.LookForWaba, answer: failure(event.ClassRateLimit),
		decision: event.NameStepDelayed, stage: event.StagePolling, code: event.CodeRateLimited, tick: event.NameStepTick, then: machine.LookForWaba, wait: time.Minute,
	}, {
		name: "a poll that finds two accounts asks which", at: machine.LookForWaba, answer: `{"found":[{"id":"1"},{"id":"2"}]}`,
		decision: event.NameActionRequired, stage: event.StagePolling, status: event.StatusAction, code: event.CodeWabaChoice, tick: event.NameRetryTick, wait: 5 * time.Minute,
	}, {
		name: "an account without numbers is subscribed to all the same", at: machine.LookForWaba, answer: `{"found":[{"id":"880011223344"}]}`,
		decision: event.NameWabaPolled, stage: event.StageSubscription, effect: machine.SubscribeApp,
	}, {
		name: "a refused strategy is followed by the next at once", at: machine.CreateWaba, answer: refused,
		decision: event.NameWabaCreationAttempted, stage: event.StageCreation, code: event.CodeWabaNotCreated, effect: machine.Proceed,
	}, {
		name: "an unanswered creation is looked for before anything else", at: machine.CreateWaba, answer: failure(event.ClassUnanswered),
		decision: event.NameWabaCreationAttempted, stage: event.StageCreation, code: event.CodeMetaUnavailable, tick: event.NameStepTick, then: machine.LookForWaba, wait: 500 * time.Millisecond,
	}, {
		name: "a creation that was never sent is called again", at: machine.CreateWaba, answer: failure(event.ClassUnreachable),
		decision: event.NameWabaCreationAttempted, stage: event.StageCreation, code: event.CodeMetaUnavailable, tick: event.NameStepTick, then: machine.CreateWaba, wait: 500 * time.Millisecond,
	}, {
		name: "a creation under Meta's limit waits for its end", at: machine.CreateWaba, answer: `{"error":{"code":4,"class":"rate_limit","retry_after":3600}}`,
		decision: event.NameStepDelayed, stage: event.StageCreation, code: event.CodeRateLimited, tick: event.NameStepTick, then: machine.CreateWaba, wait: time.Hour,
	}, {
		name: "a creation with a dead token asks for a new one", at: machine.CreateWaba, answer: failure(event.ClassAuthExpired),
		decision: event.NameReauthorizationRequired, stage: event.StageCreation, status: event.StatusReauth, code: event.CodeTokenInvalid,
	}, {
		name: "an answer without an id is a creation too", at: machine.CreateWaba, answer: `{}`,
		decision: event.NameWabaCreationAttempted, stage: event.StagePolling, effect: machine.LookForWaba,
	}, {
		name: "what Meta asks to wait for is waited for", at: machine.Discover, answer: `{"error":{"code":2,"class":"transient","retry_after":90}}`,
		decision: event.NameStepDelayed, stage: event.StageDiscovery, code: event.CodeMetaUnavailable, tick: event.NameStepTick, then: machine.Discover, wait: 90 * time.Second,
	}, {
		name: "a class that nobody knows is for a person", at: machine.Discover, answer: failure("of_tomorrow"),
		decision: event.NameActionRequired, stage: event.StageDiscovery, status: event.StatusAction, code: event.CodeMetaRefused, tick: event.NameRetryTick, wait: 5 * time.Minute,
	}, {
		name: "a code that Meta refuses for reasons of tomorrow needs a new code", at: machine.ExchangeCode, answer: failure("of_tomorrow"),
		decision: event.NameOnboardingFailed, stage: event.StageExchange, status: event.StatusFailed, code: event.CodeCodeRefused,
	}, {
		name: "a token that has ended by now is dead", at: machine.CheckToken, answer: `{"check":{"ours":true,"valid":true,"expires_at":"2026-11-23T12:00:00Z"}}`,
		decision: event.NameReauthorizationRequired, stage: event.StageExchange, status: event.StatusReauth, code: event.CodeTokenInvalid,
	}, {
		name: "the permission that Meta gives since June 2026 is as good", at: machine.CheckToken,
		answer:   `{"check":{"ours":true,"valid":true,"scopes":["whatsapp_business_manage_events","whatsapp_business_messaging"]}}`,
		decision: event.NameTokenChecked, stage: event.StageDiscovery, effect: machine.Discover,
	}, {
		name: "a lost credential ends the run", at: machine.SubscribeApp, answer: `{"code":"secret_gone"}`,
		decision: event.NameOnboardingFailed, stage: event.StageSubscription, status: event.StatusFailed, code: event.CodeSecretGone,
	}, {
		name: "an app that may not subscribe is the operator's", at: machine.SubscribeApp, answer: `{"error":{"code":3,"class":"permission"}}`,
		decision: event.NameActionRequired, stage: event.StageSubscription, status: event.StatusAction, code: event.CodeAppNotPermitted, tick: event.NameRetryTick, wait: 5 * time.Minute,
	}, {
		name: "a number that Meta has deleted is missing", at: machine.RegisterPhone, answer: `{"error":{"code":33,"class":"not_found"}}`,
		decision: event.NameActionRequired, stage: event.StageRegistration, status: event.StatusAction, code: event.CodePhoneMissing, tick: event.NameRetryTick, wait: 5 * time.Minute,
	}, {
		name: "PINs that were guessed too often are let rest", at: machine.RegisterPhone, answer: `{"error":{"code":133008,"class":"blocked"}}`,
		decision: event.NameActionRequired, stage: event.StageRegistration, status: event.StatusAction, code: event.CodePhoneRegisterLimit, tick: event.NameRetryTick, wait: 12 * time.Hour,
	}, {
		name: "a registration without an answer is tried again, and ever more slowly", at: machine.RegisterPhone, answer: failure(event.ClassUnanswered),
		decision: event.NameStepDelayed, stage: event.StageRegistration, code: event.CodeMetaUnavailable, tick: event.NameStepTick, then: machine.RegisterPhone, wait: time.Second,
	}, {
		name: "a number that is not connected is looked at again", at: machine.ReadBack, answer: `{"number":{"id":"106000111"},"subscribed":true}`,
		decision: event.NameStepDelayed, stage: event.StageFinalCheck, code: event.CodePhoneNotConnected, tick: event.NameStepTick, then: machine.ReadBack, wait: 3 * time.Second,
	}, {
		name: "a subscription that is not there is looked at again", at: machine.ReadBack, answer: `{"number":{"id":"106000111","connected":true},"subscribed":false}`,
		decision: event.NameStepDelayed, stage: event.StageFinalCheck, code: event.CodeAppNotSubscribed, tick: event.NameStepTick, then: machine.ReadBack, wait: 3 * time.Second,
	}, {
		name: "what could not be seen is not yes", at: machine.ReadBack, answer: `{"number":{"id":"106000111","connected":true}}`,
		decision: event.NameStepDelayed, stage: event.StageFinalCheck, code: event.CodeMetaUnclear, tick: event.NameStepTick, then: machine.ReadBack, wait: 3 * time.Second,
	}, {
		name: "ready is what Meta says twice", at: machine.ReadBack, answer: `{"number":{"id":"106000111","connected":true},"subscribed":true}`,
		decision: event.NameWabaReady, stage: event.StageDone, status: event.StatusCompleted,
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := at(t, tt.at)
			decision := w.happen(outcome(t, tt.at, tt.answer))
			require.Equal(t, tt.decision, decision.Name())
			require.Equal(t, tt.stage, w.state.Stage)
			if tt.status == "" {
				tt.status = event.StatusInProgress
			}
			require.Equal(t, tt.status, w.state.Status)
			if tt.code == "" {
				require.Nil(t, w.state.Error)
			} else {
				require.Equal(t, tt.code, w.state.Error.Code)
			}
			require.Equal(t, tt.effect, w.state.Todo.Effect)
			require.Equal(t, tt.tick, w.state.Todo.Tick)
			require.Equal(t, tt.then, w.state.Todo.Then)
			if tt.wait > 0 {
				wait := w.state.Todo.Until.Sub(w.now)
				require.GreaterOrEqual(t, wait, tt.wait)
				require.LessOrEqual(t, wait, tt.wait+max(tt.wait/4, time.Minute/4))
			}
		})
	}
}

func TestEveryErrorOfMetaLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for effect := range worlds {
		if effect == machine.AdoptToken || effect == machine.DestroyToken {
			continue // calls nobody
		}
		errs := machine.MetaCodes()[effect]
		for _, class := range machine.Classes {
			errs = append(errs, event.MetaError{Class: class})
		}
		for i, e := range append(errs, errs...) {
			edition := machine.PresentEdition
			if i < len(errs) {
				edition = machine.FirstEdition
			}
			t.Run(fmt.Sprintf("%s %d/%d %s edition %d", effect, e.Code, e.Subcode, e.Class, edition), func(t *testing.T) {
				t.Parallel()
				w := at(t, effect)
				w.state.Policy.Edition = edition
				decision := w.happen(machine.Outcome{Effect: effect, Error: &e})
				v := machine.VerdictOf(edition, effect, &e)
				require.NotEmpty(t, v.Code)
				if v.Do == machine.Act || v.Do == machine.Fail {
					require.NotEmpty(t, v.Action)
					require.NotEmpty(t, v.Actor)
				}
				require.Empty(t, stuck(w.state), "%s", decision.Name())
				facts := event.Audit(decision, w.state.Stage)
				require.Equal(t, v.Do == machine.Gone, facts.Success, "a call that failed is a failure in the audit log")
			})
		}
	}
}

func TestWhatTheRunSaysOfATryAgainTheCatalogueSaysToo(t *testing.T) {
	t.Parallel()
	for _, v := range machine.Verdicts() {
		entry, ok := errcode.Lookup(v.Code)
		require.True(t, ok, v.Code)
		if v.Do != machine.Fail || v.Code == event.CodeRateLimited { // a limit ends by itself, but not for a code that lives 30 s
			continue
		}
		require.Equal(t, v.Action == event.ActionRetry, entry.Retryable, v.Code)
	}
	for _, class := range []event.Class{event.ClassUnanswered, event.ClassTransient, event.ClassRateLimit} {
		w := at(t, machine.ExchangeCode)
		w.happen(outcome(t, machine.ExchangeCode, failure(class)))
		require.Equal(t, event.StatusFailed, w.state.Status)
		require.False(t, w.state.Error.Retryable, "the code may be spent")
		require.Equal(t, event.NameInputRefused, w.input(event.RetryRequested{}).Name())
	}
}

func TestWhatCannotHappenIsAnError(t *testing.T) {
	t.Parallel()
	w := at(t, machine.Discover)
	for _, tt := range []struct {
		name     string
		happened machine.Happened
		says     string
	}{
		{"an outcome of another effect", machine.Outcome{Effect: machine.CreateWaba}, "outcome of create_waba"},
		{"a tick that is not awaited", machine.Tick{Name: event.NamePollTick, Number: 3}, "PollTick 3"},
		{"an input that was decided upon", machine.Input{Seq: 1, Event: event.CancelRequested{}}, "CancelRequested 1"},
		{"nothing", nil, "<nil>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			state, decision, err := machine.Next(w.state, tt.happened, w.now)
			illegal, ok := errors.AsType[*machine.IllegalError](err)
			require.True(t, ok)
			require.Nil(t, decision)
			require.Equal(t, w.state, state)
			require.Equal(t, "machine: "+tt.says+` cannot happen in stage "waba_discovery" with "discover" to do`, illegal.Error())
		})
	}
	for _, effect := range []machine.Effect{machine.ExchangeCode, machine.CheckToken} {
		w := at(t, effect)
		_, _, err := machine.Next(w.state, machine.Outcome{Effect: effect}, w.now)
		require.Error(t, err, "%s without what it is for", effect)
	}
}

func TestAStateSharesNothingWithTheOneBefore(t *testing.T) {
	t.Parallel()
	w := at(t, machine.CreateWaba)
	before := w.state
	copied := encode(t, before)
	for range 3 {
		w.happen(w.perform(w.state.Todo.Effect))
		w.happen(machine.Outcome{Effect: w.state.Todo.Effect})
	}
	require.Equal(t, string(copied), string(encode(t, before)))
	require.False(t, slices.Equal(before.Strategies, w.state.Strategies))
}
