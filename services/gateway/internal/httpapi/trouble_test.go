package httpapi_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

// failed ends a run with a code and whoever must act.
func failed(code event.Code, class event.Class, kind event.ActionKind, actor event.Actor) step {
	meta := &event.MetaError{Operation: "exchange_code", Class: class, FbtraceID: "Fb1"}
	return step{event.OnboardingFailed{Code: code, Error: meta}, func(s *event.Snapshot) {
		s.Status = event.StatusFailed
		s.Error = &event.Problem{Code: code, Class: class, Retryable: class == event.ClassUnanswered, Meta: meta}
		s.NextAction = &event.NextAction{Kind: kind, Actor: actor}
	}}
}

// restartAt ends a run because Meta limited its exchange for a time.
func restartAt(wait time.Duration) step {
	ended := failed(event.CodeRateLimited, event.ClassRateLimit, event.ActionRestartSignup, event.ActorRestaurant)
	put := ended.change
	ended.change = func(s *event.Snapshot) {
		put(s)
		s.NextAction.AvailableAt = time.Now().Add(wait)
	}
	return ended
}

func TestTheAnswerAndTheStatusTellTheSameOfTrouble(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		trouble   step
		status    int
		retryable bool
		kind      event.ActionKind
		actor     event.Actor
		wait      int // seconds; 0: none is named
	}{
		{"Meta is down, and the run tries again", delayed(event.CodeMetaUnavailable, event.ClassUnreachable, 4, 20*time.Second), 502, true, event.ActionWait, event.ActorAutomatic, 20},
		{"Meta limits, and the run waits", delayed(event.CodeRateLimited, event.ClassRateLimit, 1, 90*time.Second), 503, true, event.ActionWait, event.ActorAutomatic, 90},
		{"Meta was down for too long", failed(event.CodeMetaUnavailable, event.ClassTransient, event.ActionRetry, event.ActorOperator), 502, true, event.ActionRetry, event.ActorOperator, 0},
		{"the exchange was not answered", failed(event.CodeExchangeUnanswered, event.ClassUnanswered, event.ActionRestartSignup, event.ActorRestaurant), 502, false, event.ActionRestartSignup, event.ActorRestaurant, 0},
		{"the exchange was limited", failed(event.CodeRateLimited, event.ClassRateLimit, event.ActionRestartSignup, event.ActorRestaurant), 503, false, event.ActionRestartSignup, event.ActorRestaurant, 0},
		{"the exchange was limited until a time", restartAt(time.Minute), 503, false, event.ActionRestartSignup, event.ActorRestaurant, 60},
		{"Meta has blocked", acting(event.CodeBlocked, event.ActionResolveBlock), 503, false, event.ActionResolveBlock, event.ActorRestaurant, 0},
		{"rights are missing", acting(event.CodePermissionMissing, event.ActionGrantPermissions), 422, false, event.ActionGrantPermissions, event.ActorRestaurant, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answerInputs(func(in bus.Input) []step { return []step{started(codeOf(in)), exchanged(), tt.trouble} })
			id := newRestaurant()
			a := w.post(completePath, w.codeBody(id, "code-1"), header{"Prefer": "wait=1"})
			body := a.problem(tt.status, event.Code(a.json()["code"].(string)))
			require.Equal(t, tt.retryable, body["retryable"])
			action := body["next_action"].(map[string]any)
			require.Equal(t, string(tt.kind), action["kind"])
			require.Equal(t, string(tt.actor), action["actor"])
			if tt.wait == 0 {
				require.Empty(t, a.header.Get("Retry-After"))
				require.NotContains(t, action, "available_at")
			} else {
				after, err := strconv.Atoi(a.header.Get("Retry-After"))
				require.NoError(t, err)
				require.InDelta(t, tt.wait, after, 10)
				at, err := time.Parse(time.RFC3339, action["available_at"].(string))
				require.NoError(t, err)
				require.WithinDuration(t, time.Now().Add(time.Duration(after)*time.Second), at, 10*time.Second)
			}

			told := w.get(integrationPath(id)).data()
			forgetState(action)
			require.Equal(t, action, forgetState(told["next_action"].(map[string]any)))
			trouble := told["error"].(map[string]any)
			require.Equal(t, body["code"], trouble["code"])
			require.Equal(t, body["message"], trouble["message"])
			require.Equal(t, body["retryable"], trouble["retryable"])
			require.Equal(t, body["meta"], trouble["meta"])
		})
	}
}

func TestARetryOfARunThatGoesOnByItselfIsToldWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, delayed(event.CodeMetaUnavailable, event.ClassUnreachable, 4, 20*time.Second))
	w.answerInputs(func(in bus.Input) []step {
		return []step{refused(in.Event.Name(), event.CodeNotPossibleNow, time.Time{})}
	})
	a := w.post(integrationPath(id)+"/retry", map[string]any{})
	body := a.problem(http.StatusConflict, event.CodeNotPossibleNow)
	require.Equal(t, w.get(integrationPath(id)).data()["next_action"], body["next_action"])
	require.NotEmpty(t, a.header.Get("Retry-After"))
}
