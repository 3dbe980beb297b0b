package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// sent rests with a code that Meta was asked for.
func sent(uncertain bool) step {
	rest := acting(event.CodePhoneCodeAwaited, event.ActionEnterCode)
	code := event.PhoneCode{
		Method: "VOICE", SentAt: time.Now(), ExpiresAt: time.Now().Add(10 * time.Minute), ResendAt: time.Now().Add(time.Minute),
		MaxGuesses: 5, Uncertain: uncertain,
	}
	return step{event.PhoneCodeSent{PhoneNumberID: "106000111", Sent: code}, func(s *event.Snapshot) {
		rest.change(s)
		s.Stage, s.Number.Code = event.StageVerification, code
	}}
}

// goesOn is a run that goes on in a stage.
func goesOn(e event.Event, stage event.Stage) step {
	return step{e, func(s *event.Snapshot) {
		s.Status, s.Stage, s.Error, s.NextAction, s.Number.Code = event.StatusInProgress, stage, nil, nil, event.PhoneCode{}
	}}
}

func resting(w *world, code event.Code, action event.ActionKind) event.RestaurantID {
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, acting(code, action))
	return id
}

func TestACodeIsAskedForAndTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := resting(w, event.CodePhoneNotVerified, event.ActionVerifyNumber)
	path := integrationPath(id) + "/phone/"
	for _, bad := range []map[string]any{{"method": "PIGEON"}, {"language": "português"}, {"method": 7}} {
		w.post(path+"request-code", bad).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
	}
	for _, bad := range []map[string]any{{}, {"code": "12345"}, {"code": 123456}, {"code": "12345x"}, {"code": "1234567"}} {
		a := w.post(path+"verify-code", bad)
		a.problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		require.NotContains(t, a.text, "12345")
	}
	require.Empty(t, w.inputs(id), "nothing is published")

	free := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	asked := 0
	w.answerInputs(func(in bus.Input) []step {
		switch e := in.Event.(type) {
		case event.PhoneCodeRequested:
			require.Equal(t, "VOICE", e.Method)
			require.Equal(t, "pt_BR", e.Language)
			if asked++; asked > 1 {
				return []step{refused(e.Name(), event.CodeTooEarly, free)}
			}
			return []step{goesOn(event.OnboardingResumed{}, event.StageVerification), sent(false)}
		case event.PhoneCodeSubmitted:
			if code := w.unsealed(in, event.PurposePhoneCode, e.CodeRef); code != "123830" {
				return []step{goesOn(event.OnboardingResumed{}, event.StageVerification), acting(event.CodePhoneCodeWrong, event.ActionEnterCode)}
			}
			return []step{
				goesOn(event.OnboardingResumed{}, event.StageVerification),
				goesOn(event.PhoneVerified{PhoneNumberID: "106000111"}, event.StageRegistration),
			}
		}
		return nil
	})
	a := w.post(path+"request-code", map[string]any{"method": "VOICE"})
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, true, a.json()["success"])
	require.Equal(t, "code_sent", a.data()["status"])
	code := a.data()["code"].(map[string]any)
	require.Equal(t, "VOICE", code["method"])
	require.Contains(t, code, "expires_at")
	require.Contains(t, code, "resend_at")
	require.Equal(t, code, w.get(integrationPath(id)).data()["number"].(map[string]any)["code"])

	a = w.post(path+"request-code", map[string]any{"method": "VOICE"})
	body := a.problem(http.StatusConflict, event.CodeTooEarly)
	require.Equal(t, free.Format(time.RFC3339), body["next_action"].(map[string]any)["available_at"])

	a = w.post(path+"verify-code", map[string]any{"code": "000-000"})
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Equal(t, false, a.json()["success"])
	require.Equal(t, "phone_code_wrong", a.data()["reason"])
	a = w.post(path+"verify-code", map[string]any{"code": "123-830"})
	require.Equal(t, http.StatusOK, a.status, a.text)
	require.Equal(t, "verified", a.data()["status"])
	require.Equal(t, "phone_registration", a.data()["stage"])
	require.NotContains(t, w.logged(), "123830")
}

func TestAPinIsGivenSealedAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := resting(w, event.CodePhonePinMismatch, event.ActionProvidePin)
	path := integrationPath(id) + "/phone/pin"
	for _, bad := range []map[string]any{{}, {"pin": "12345"}, {"pin": 123456}, {"pin": "abcdef"}, {"pin": "123456", "set_anew": "yes"}} {
		a := w.post(path, bad)
		a.problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
		require.NotContains(t, a.text, "12345")
	}
	w.answerInputs(func(in bus.Input) []step {
		e := in.Event.(event.PinSubmitted)
		require.True(t, e.SetAnew)
		require.Equal(t, "246810", w.unsealed(in, event.PurposePin, e.PinRef))
		return []step{
			goesOn(event.OnboardingResumed{}, event.StageRegistration),
			goesOn(event.PhoneRegistered{PhoneNumberID: "106000111"}, event.StageFinalCheck),
		}
	})
	key := header{"Idempotency-Key": "pin-1"}
	for range 2 {
		a := w.post(path, map[string]any{"pin": "246810", "set_anew": true}, key)
		require.Equal(t, http.StatusOK, a.status, a.text)
		require.Equal(t, "registered", a.data()["status"])
		require.NotContains(t, a.text, "246810")
	}
	require.Len(t, w.inputs(id), 1)
	require.NotContains(t, w.logged(), "246810")
}

func TestWhatNobodyWaitsForIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := integrationPath(newRestaurant()) + "/phone/pin"
	w.post(path, map[string]any{"pin": "246810"}).problem(http.StatusNotFound, errcode.NoSuchRun)
	id := resting(w, event.CodePhoneMissing, event.ActionAddNumber)
	w.answerInputs(func(in bus.Input) []step {
		return []step{refused(in.Event.Name(), event.CodeNotPossibleNow, time.Time{})}
	})
	w.post(integrationPath(id)+"/phone/pin", map[string]any{"pin": "246810"}).problem(http.StatusConflict, event.CodeNotPossibleNow)
	w.post(integrationPath(id)+"/phone/verify-code", map[string]any{"code": "123830"}).problem(http.StatusConflict, event.CodeNotPossibleNow)
	w.post(integrationPath(id)+"/phone/request-code", map[string]any{}).problem(http.StatusConflict, event.CodeNotPossibleNow)
}

// unsealed opens what came with an input, as onboarding does.
func (w *world) unsealed(in bus.Input, purpose string, ref event.SecretRef) string {
	w.t.Helper()
	secrets, err := bus.OpenSecrets(w.t.Context(), w.js)
	require.NoError(w.t, err)
	sealed, err := secrets.Get(w.t.Context(), ref)
	require.NoError(w.t, err)
	secret, err := w.private.Open(purpose, string(in.Envelope.Subject), sealed)
	require.NoError(w.t, err)
	return secret.Reveal()
}
