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

// choosing rests with two numbers to choose from.
func choosing() step {
	choices := []event.PhoneNumber{
		{WabaID: "880011223344", WabaName: "Cantina São João", ID: "106000111", Display: "+55 11 90000-0000"},
		{WabaID: "880011223344", WabaName: "Cantina São João", ID: "106000999", Display: "+55 11 98888-0000"},
	}
	rest := acting(event.CodePhoneChoice, event.ActionChooseNumber)
	return step{rest.event, func(s *event.Snapshot) {
		rest.change(s)
		s.NextAction.Choices = choices
	}}
}

func TestANumberIsChosenAmongThoseThatAreOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	path := integrationPath(id) + "/phone/select"
	w.post(path, map[string]any{"phone_number_id": "106000999"}).problem(http.StatusNotFound, errcode.NoSuchRun)

	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, choosing())
	status := w.get(integrationPath(id))
	require.Equal(t, "action_required", status.data()["status"])
	action := status.data()["next_action"].(map[string]any)
	require.Equal(t, "choose_phone_number", action["kind"])
	require.Equal(t, "restaurant", action["actor"])
	offered := action["choices"].([]any)
	require.Len(t, offered, 2)
	require.Equal(t, map[string]any{
		"waba_id": "880011223344", "waba_name": "Cantina São João", "phone_number_id": "106000999", "display_phone_number": "+55 11 98888-0000",
	}, offered[1])

	for _, bad := range []map[string]any{
		{}, {"phone_number_id": ""}, {"phone_number_id": 106000999}, {"phone_number_id": "+5511"}, {"waba_id": "x"}, {"phone_number_id": nil},
	} {
		w.post(path, bad).problem(http.StatusUnprocessableEntity, errcode.InvalidInput)
	}
	require.Empty(t, w.inputs(id))

	w.answerInputs(func(in bus.Input) []step {
		if in.Event.(event.PhoneSelected).PhoneNumberID != "106000999" {
			return []step{refused(in.Event.Name(), event.CodeChoiceUnknown, time.Time{})}
		}
		return []step{resumed()}
	})
	told := w.post(path, map[string]any{"phone_number_id": "106000222"}).problem(http.StatusUnprocessableEntity, event.CodeChoiceUnknown)
	require.Equal(t, action, told["next_action"], "the choices are told again")

	chosen := w.post(path, map[string]any{"phone_number_id": "106000999", "waba_id": "880011223344", "unknown": true}, header{"Accept-Language": "en"})
	require.Equal(t, http.StatusOK, chosen.status, chosen.text)
	require.Equal(t, true, chosen.json()["success"])
	require.Equal(t, "The choice was accepted", chosen.json()["message"])
	require.Equal(t, "in_progress", chosen.data()["status"])
	require.Equal(t, event.PhoneSelected{WabaID: "880011223344", PhoneNumberID: "106000999", Principal: w.principal()}, w.inputs(id)[1].Event)
}

func TestAChoiceIsAskedForOnceForEachKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.decide(id, bus.Input{}, choosing())
	w.answerInputs(func(bus.Input) []step { return []step{resumed()} })
	for i := range 2 {
		a := w.post(integrationPath(id)+"/phone/select", map[string]any{"phone_number_id": "106000999"}, header{"Idempotency-Key": "k-1"})
		require.Equal(t, http.StatusOK, a.status, a.text)
		require.Equal(t, i == 1, a.header.Get("Idempotent-Replay") == "true")
	}
	require.Len(t, w.inputs(id), 1)
}
