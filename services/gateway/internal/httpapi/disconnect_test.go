package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/event"
)

func leaving(s *event.Snapshot) {
	s.Run, s.Status, s.Stage, s.Disconnecting = 2, event.StatusInProgress, event.StageDone, true
}

func left(warnings ...event.Warning) func(*event.Snapshot) {
	return func(s *event.Snapshot) {
		s.Run, s.Status, s.Stage, s.Disconnecting, s.Warnings = 2, event.StatusDisconnected, event.StageDone, false, warnings
	}
}

func TestDisconnectAnswersWhenItIsDone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		warnings []event.Warning
		message  string
	}{
		{"with nothing left", nil, "WhatsApp desconectado"},
		{"with something left at Meta", []event.Warning{event.WarningNumberRegistered}, "WhatsApp desconectado; uma parte ficou ligada na Meta e só pode ser desfeita lá"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := newRestaurant()
			w.decide(id, bus.Input{}, started("h"))
			w.answerInputs(func(in bus.Input) []step {
				if _, ok := in.Event.(event.DisconnectRequested); !ok {
					return nil
				}
				return []step{
					{event.OnboardingCancelled{}, func(s *event.Snapshot) { s.Status = event.StatusCancelled }},
					{event.DisconnectStarted{Run: 2}, leaving},
					{event.PhoneDeregistered{PhoneNumberID: "106000111"}, leaving},
					{event.IntegrationDisconnected{}, left(tt.warnings...)},
				}
			})
			a := w.post(integrationPath(id)+"/disconnect", map[string]any{"reason": "asked by phone"})
			require.Equal(t, http.StatusOK, a.status, a.text)
			require.Equal(t, true, a.json()["success"])
			require.Equal(t, tt.message, a.json()["message"])
			require.Equal(t, "disconnected", a.data()["status"])
			require.Len(t, a.data()["warnings"], len(tt.warnings))
			require.Contains(t, a.header.Get("Location"), integrationPath(id))
			require.Equal(t, event.DisconnectRequested{Reason: "asked by phone", Principal: w.principal()}, w.inputs(id)[0].Event)
		})
	}
}

func TestDisconnectThatTakesLongerIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.answerInputs(func(bus.Input) []step { return []step{{event.DisconnectStarted{Run: 2}, leaving}} })
	a := w.post(integrationPath(id)+"/disconnect", map[string]any{}, header{"Prefer": "wait=1"})
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.Equal(t, false, a.json()["success"])
	require.Equal(t, "in_progress", a.data()["status"])
	require.Equal(t, "A desconexão está em andamento", a.json()["message"])
}

func TestDisconnectOfWhatIsNotConnectedIsAConflict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := newRestaurant()
	w.decide(id, bus.Input{}, started("h"))
	w.answerInputs(func(in bus.Input) []step {
		return []step{refused(in.Event.Name(), event.CodeNotConnected, time.Time{})}
	})
	w.post(integrationPath(id)+"/disconnect", map[string]any{}).problem(http.StatusConflict, event.CodeNotConnected)
}
