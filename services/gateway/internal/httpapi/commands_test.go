package httpapi_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/httpapi"
)

const (
	exchangePath = "/api/whatsapp/auth/exchange-token"
	discoverPath = "/api/whatsapp/waba/discover-or-create"
	createPath   = "/api/whatsapp/waba/create-strategies"
	pollPath     = "/api/whatsapp/waba/polling-system"
	completePath = "/api/whatsapp/waba/complete-flow"
)

// keysOf returns the names of a JSON object's members.
func keysOf(object map[string]any) []string {
	var keys []string
	for key := range object {
		keys = append(keys, key)
	}
	return keys
}

func TestCompleteFlowAnswersWithWhatCameOfTheRun(t *testing.T) {
	t.Parallel()
	oauth := func(code int) *event.MetaError {
		return &event.MetaError{Operation: "exchange_code", Code: 100, Subcode: code, Class: event.ClassInvalid, FbtraceID: "AbC"}
	}
	begun := func(in bus.Input, more ...step) []step {
		return append([]step{started(codeOf(in)), exchanged(), checked()}, more...)
	}
	for _, tt := range []struct {
		name   string
		script func(bus.Input) []step
		wait   string
		check  func(*testing.T, answer)
	}{{
		name:   "connected",
		script: func(in bus.Input) []step { return begun(in, discovered(event.StrategyBusiness), ready()) },
		check: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusOK, a.status, a.text)
			require.Equal(t, true, a.json()["success"])
			require.Equal(t, "Integração concluída via estratégia business_search", a.json()["message"])
			require.ElementsMatch(t, []string{"waba_id", "strategy", "status", "integration_id"}, keysOf(a.data()))
			require.Equal(t, "880011223344", a.data()["waba_id"])
			require.Equal(t, "completed", a.data()["status"])
			require.Equal(t, "business_search", a.data()["strategy"])
		},
	}, {
		name:   "not finished at the deadline",
		script: func(in bus.Input) []step { return begun(in) },
		wait:   "wait=0",
		check: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusAccepted, a.status, a.text)
			require.Equal(t, false, a.json()["success"])
			require.Equal(t, "in_progress", a.data()["status"])
			require.ElementsMatch(t, []string{"status", "integration_id", "stage", "status_url", "events_url"}, keysOf(a.data()))
			require.Equal(t, "wait=0", a.header.Get("Preference-Applied"))
			require.Equal(t, a.data()["status_url"], a.header.Get("Location"))
		},
	}, {
		name:   "asynchronous",
		script: func(in bus.Input) []step { return begun(in) },
		wait:   "respond-async",
		check: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusAccepted, a.status, a.text)
			require.Equal(t, "respond-async", a.header.Get("Preference-Applied"))
			require.NotEmpty(t, a.header.Get("X-Request-Id"))
		},
	}, {
		name:   "no strategy worked",
		script: func(in bus.Input) []step { return begun(in, notFound(), awaiting()) },
		check: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusAccepted, a.status, a.text)
			require.Equal(t, false, a.json()["success"])
			require.Equal(t, "awaiting_waba_creation", a.data()["status"])
			require.InDelta(t, 300, a.data()["retry_after"], 0)
			require.Equal(t, "300", a.header.Get("Retry-After"))
			require.Equal(t, manualURL, a.data()["manual_url"])
			require.Contains(t, a.data(), "status_url")
			require.Contains(t, a.data(), "events_url")
		},
	}, {
		name: "somebody must act",
		script: func(in bus.Input) []step {
			return begun(in, discovered(event.StrategyBusiness), acting(event.CodePhonePinMismatch, event.ActionProvidePin))
		},
		check: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusAccepted, a.status, a.text)
			require.Equal(t, "action_required", a.data()["status"])
			require.Equal(t, "phone_pin_mismatch", a.data()["reason"])
			require.Equal(t, "provide_pin", a.data()["next_action"].(map[string]any)["kind"])
		},
	}, {
		name: "code expired",
		script: func(in bus.Input) []step {
			return []step{started(codeOf(in)), expired(oauth(36007))}
		},
		check: func(t *testing.T, a answer) {
			body := a.problem(http.StatusUnprocessableEntity, event.CodeCodeExpired)
			require.Equal(t, "restart_signup", body["next_action"].(map[string]any)["kind"])
			require.Equal(t, map[string]any{"code": 100.0, "subcode": 36007.0, "fbtrace_id": "AbC"}, body["meta"])
			require.NotEmpty(t, body["integration_id"])
		},
	}, {
		name: "token dead",
		script: func(in bus.Input) []step {
			return []step{started(codeOf(in)), exchanged(), {event.ReauthorizationRequired{Code: event.CodeTokenInvalid}, func(s *event.Snapshot) {
				s.Status = event.StatusReauth
				s.Error = &event.Problem{Code: event.CodeTokenInvalid}
				s.NextAction = &event.NextAction{Kind: event.ActionReauthorize, Actor: event.ActorRestaurant}
			}}}
		},
		check: func(t *testing.T, a answer) {
			body := a.problem(http.StatusUnprocessableEntity, event.CodeTokenInvalid)
			require.Equal(t, "reauthorize", body["next_action"].(map[string]any)["kind"])
		},
	}, {
		name: "permission missing",
		script: func(in bus.Input) []step {
			return []step{started(codeOf(in)), exchanged(), acting(event.CodePermissionMissing, event.ActionGrantPermissions)}
		},
		check: func(t *testing.T, a answer) {
			body := a.problem(http.StatusUnprocessableEntity, event.CodePermissionMissing)
			require.Equal(t, "grant_permissions", body["next_action"].(map[string]any)["kind"])
		},
	}, {
		name: "rate limit, at once, since it lasts longer than the caller waits",
		script: func(in bus.Input) []step {
			return []step{started(codeOf(in)), exchanged(), delayed(event.CodeRateLimited, event.ClassRateLimit, 1, 90*time.Second)}
		},
		check: func(t *testing.T, a answer) {
			body := a.problem(http.StatusServiceUnavailable, event.CodeRateLimited)
			require.Equal(t, true, body["retryable"])
			after, err := strconv.Atoi(a.header.Get("Retry-After"))
			require.NoError(t, err)
			require.InDelta(t, 90, after, 5)
			require.InDelta(t, 4, body["meta"].(map[string]any)["code"], 0)
		},
	}, {
		name: "block",
		script: func(in bus.Input) []step {
			return begun(in, acting(event.CodeBlocked, event.ActionResolveBlock))
		},
		check: func(_ *testing.T, a answer) { a.problem(http.StatusServiceUnavailable, event.CodeBlocked) },
	}, {
		name: "Meta down after retries",
		script: func(in bus.Input) []step {
			return begun(in, delayed(event.CodeMetaUnavailable, event.ClassTransient, 4, 20*time.Second))
		},
		wait: "wait=1",
		check: func(t *testing.T, a answer) {
			body := a.problem(http.StatusBadGateway, event.CodeMetaUnavailable)
			require.Equal(t, true, body["retryable"])
		},
	}, {
		name: "cancelled",
		script: func(in bus.Input) []step {
			return []step{started(codeOf(in)), {event.OnboardingCancelled{}, func(s *event.Snapshot) { s.Status = event.StatusCancelled }}}
		},
		check: func(_ *testing.T, a answer) { a.problem(http.StatusConflict, event.CodeCancelled) },
	}, {
		name:   "refused by the state machine",
		script: func(in bus.Input) []step { return []step{refused(in.Event.Name(), event.CodeBusy, time.Time{})} },
		check: func(t *testing.T, a answer) {
			a.problem(http.StatusConflict, event.CodeBusy)
			require.NotEmpty(t, a.header.Get("Location"))
		},
	}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answerInputs(tt.script)
			tt.check(t, w.post(completePath, w.codeBody(newRestaurant(), "code-1"), header{"Prefer": tt.wait}))
		})
	}
}

// The step endpoints, one after the other, as the brief's web app calls them.
func TestStepsGoOnWhereTheOneBeforeHasRested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		switch e := in.Event.(type) {
		case event.OAuthCodeReceived:
			require.Equal(t, []event.Stop{event.StopDiscovery, event.StopPolling}, e.Stops)
			return []step{started(e.CodeHash), exchanged(), checked(event.StopDiscovery)}
		case event.DiscoveryRequested:
			require.Equal(t, event.CredentialRef("cred-1"), e.Authority.CredentialRef)
			return []step{resumed(), notFound(), created(event.StrategyClient, event.StopPolling)}
		case event.PollingRequested:
			require.Equal(t, 7, e.MaxAttempts)
			return []step{resumed(), polled(1, false), polled(2, false), polled(3, true), ready()}
		}
		return nil
	})

	token := w.post(exchangePath, w.codeBody(id, "code-1"))
	require.Equal(t, http.StatusOK, token.status, token.text)
	require.Equal(t, "Token trocado com sucesso", token.json()["message"])
	require.ElementsMatch(t, []string{"access_token", "user_id", "expires_in", "token_type"}, keysOf(token.data()))
	require.Equal(t, "Bearer", token.data()["token_type"])
	require.InDelta(t, 0, token.data()["expires_in"], 0)
	require.Equal(t, "122000111", token.data()["user_id"])
	handle := token.data()["access_token"].(string)
	require.True(t, auth.IsHandle(handle))

	creating := w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": handle})
	require.Equal(t, http.StatusAccepted, creating.status, creating.text)
	require.Equal(t, map[string]any{"status": "creating", "next_step": "polling_verification"}, creating.data())

	made := w.post(createPath, map[string]any{"restaurant_id": id, "access_token": handle, "business_id": "777000111"})
	require.Equal(t, http.StatusOK, made.status, made.text)
	require.Equal(t, "WABA criada com sucesso via estratégia client_whatsapp_applications", made.json()["message"])
	require.Equal(t, map[string]any{"waba_id": "880011223344", "strategy": "client_whatsapp_applications", "next_step": "polling_verification"}, made.data())
	require.Len(t, w.inputs(id), 2, "the creation was there already: nothing had to be asked for")

	found := w.post(pollPath, map[string]any{"restaurant_id": id, "access_token": handle, "business_id": "777000111", "max_attempts": 7})
	require.Equal(t, http.StatusOK, found.status, found.text)
	require.Equal(t, "WABA encontrada via polling", found.json()["message"])
	require.Equal(t, map[string]any{"waba_id": "880011223344", "attempts": 3.0, "status": "found", "next_step": "finalize_integration"}, found.data())
}

// Meta's answer to a creation may name no account; a debug token no user, and no
// business.
func TestAnIDThatIsNotKnownIsNullAndNeverEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	without := func(s step, forget func(*event.Snapshot)) step {
		return step{s.event, func(snapshot *event.Snapshot) {
			s.change(snapshot)
			forget(snapshot)
		}}
	}
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		nobody := without(checked(event.StopDiscovery), func(s *event.Snapshot) { s.UserID = "" })
		nameless := without(created(event.StrategyClient, event.StopPolling), func(s *event.Snapshot) { s.Made = "" })
		lonely := without(discovered(event.StrategyToken), func(s *event.Snapshot) { s.BusinessID = "" })
		switch in.Event.(type) {
		case event.OAuthCodeReceived:
			return []step{started(codeOf(in)), exchanged(), nobody}
		case event.CreationRequested:
			return []step{resumed(), notFound(), nameless}
		}
		return []step{resumed(), lonely}
	})
	token := w.post(exchangePath, w.codeBody(id, "code-1"))
	require.Equal(t, http.StatusOK, token.status, token.text)
	require.Contains(t, token.text, `"user_id":null`)
	handle := token.data()["access_token"]
	made := w.post(createPath, map[string]any{"restaurant_id": id, "access_token": handle, "business_id": "777000111"})
	require.Equal(t, http.StatusOK, made.status, made.text)
	require.Equal(t, map[string]any{"waba_id": nil, "strategy": "client_whatsapp_applications", "next_step": "polling_verification"}, made.data())
	require.Equal(t, http.StatusOK, w.post(pollPath, map[string]any{"restaurant_id": id, "access_token": handle, "business_id": "777000111"}).status)
	found := w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": handle})
	require.Equal(t, http.StatusOK, found.status, found.text)
	require.Contains(t, found.text, `"business_id":null`)
	require.NotContains(t, w.get(integrationPath(id)).text, `":""`)
}

func TestDiscoverNamesTheAccountThatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		asked := in.Event.(event.DiscoveryRequested)
		require.Empty(t, asked.Authority.CredentialRef)
		secrets, err := bus.OpenSecrets(t.Context(), w.js)
		require.NoError(t, err)
		sealed, err := secrets.Get(t.Context(), asked.Authority.TokenRef)
		require.NoError(t, err)
		token, err := w.private.Open(event.PurposeToken, string(id), sealed)
		require.NoError(t, err)
		require.Equal(t, "EAAGtoken", token.Reveal())
		return []step{started(""), exchanged(), checked(), discovered(event.StrategyPage), ready()}
	})
	a := w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": "EAAGtoken", "waba_id": "880011223344", "unknown": []int{1}})
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "WABA existente encontrada", a.json()["message"])
	require.Equal(t, map[string]any{"waba_id": "880011223344", "strategy": "page_search", "status": "found", "business_id": "777000111"}, a.data())
	require.Equal(t, event.WabaID("880011223344"), w.inputs(id)[0].Event.(event.DiscoveryRequested).Claims.WabaID)

	again := w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": "EAAGtoken"}, header{"Accept-Language": "en-GB"})
	require.Equal(t, http.StatusOK, again.status)
	require.Equal(t, "Existing WABA found", again.json()["message"])
	require.Len(t, w.inputs(id), 1, "the outcome was there: it is joined")
}

func TestCompleteFlowLiftsTheStopsOfItsOwnCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		switch e := in.Event.(type) {
		case event.OAuthCodeReceived:
			return []step{started(e.CodeHash), exchanged(), checked(event.StopDiscovery)}
		case event.DiscoveryRequested:
			require.True(t, e.AllStops)
			return []step{resumed(), discovered(event.StrategyBusiness), ready()}
		}
		return nil
	})
	body := w.codeBody(id, "code-1")
	require.Equal(t, http.StatusOK, w.post(exchangePath, body).status)
	for range 2 {
		done := w.post(completePath, body)
		require.Equal(t, http.StatusOK, done.status, done.text)
		require.Equal(t, "true", done.header.Get("Idempotent-Replay"))
	}
	require.Len(t, w.inputs(id), 2)

	token := w.post(exchangePath, body)
	require.Equal(t, http.StatusOK, token.status, "the token's outcome is still there")
	require.Equal(t, "true", token.header.Get("Idempotent-Replay"))
}

func TestCompleteFlowGoesOnWithItsOwnCodeWhereNobodyWasAskedToMakeAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		switch e := in.Event.(type) {
		case event.OAuthCodeReceived:
			return []step{started(e.CodeHash), exchanged(), checked(event.StopDiscovery)}
		case event.PollingRequested:
			return []step{polled(10, false), awaiting()}
		case event.DiscoveryRequested:
			require.True(t, e.AllStops)
			return []step{resumed(), discovered(event.StrategyBusiness), ready()}
		}
		return nil
	})
	body := w.codeBody(id, "code-1")
	require.Equal(t, http.StatusOK, w.post(exchangePath, body).status)
	require.Equal(t, http.StatusAccepted, w.post(pollPath, map[string]any{"restaurant_id": id, "access_token": "EAAGtoken", "business_id": "777000111"}).status)
	done := w.post(completePath, body)
	require.Equal(t, http.StatusOK, done.status, done.text)
}

func TestCompleteFlowLiftsTheStopsOfEachRunOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	lifts := map[string]bool{}
	for run, code := range []string{"code-1", "code-2"} {
		// The code's own input is no more: the place is not known.
		w.decide(id, bus.Input{}, started(event.HashOf(id, event.PurposeCode, code)))
		w.decide(id, bus.Input{}, exchanged())
		w.decide(id, bus.Input{}, checked(event.StopDiscovery))
		body := w.codeBody(id, code)
		for range 3 {
			require.Equal(t, http.StatusAccepted, w.post(completePath, body, header{"Prefer": "wait=0"}).status)
		}
		inputs := w.inputs(id)
		require.Len(t, inputs, run+1)
		require.Equal(t, event.NameDiscoveryRequested, inputs[run].Event.Name())
		lifts[inputs[run].Envelope.ID] = true
		w.decide(id, inputs[run], expired(nil))
	}
	require.Len(t, lifts, 2)
}

func TestStepsRefuseWhatTheyCannotJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, other := newRestaurant(), newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		return []step{refused(in.Event.Name(), event.CodeCredentialUnknown, time.Time{})}
	})
	foreign := w.handles.Make(other, "cred-1")
	w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": foreign}).
		problem(http.StatusUnprocessableEntity, event.CodeCredentialUnknown)
	w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": "wat_forged"}).
		problem(http.StatusUnprocessableEntity, event.CodeCredentialUnknown)
	require.Empty(t, w.inputs(id), "a handle that is not good asks for nothing")

	own := w.handles.Make(id, "cred-gone")
	w.post(discoverPath, map[string]any{"restaurant_id": id, "access_token": own}).
		problem(http.StatusUnprocessableEntity, event.CodeCredentialUnknown)
	require.Len(t, w.inputs(id), 1)
}

func TestAStepSaysThatTheRunRestsWhereNothingElseWillCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.answerInputs(func(bus.Input) []step {
		return []step{started(""), exchanged(), checked(), notFound(), {event.PollDue{}, func(s *event.Snapshot) {
			s.Stage, s.RestsBefore = event.StagePolling, event.StopPolling
		}}}
	})
	a := w.post(createPath, map[string]any{"restaurant_id": id, "access_token": "EAAG", "business_id": "777000111"})
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Equal(t, "polling", a.data()["stage"])
}

func TestMetaTokensAreShownToAdminsOnlyWhereThatIsSwitchedOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *httpapi.Settings, p *httpapi.Parts) { p.Reveal = reveal })
	id := newRestaurant()
	w.answerInputs(func(in bus.Input) []step {
		return []step{started(codeOf(in)), exchanged(), checked(event.StopDiscovery)}
	})
	require.Equal(t, "EAAGreal", w.post(exchangePath, w.codeBody(id, "code-1")).data()["access_token"])
}
