package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
)

// another returns a number, or an account, other than the first that is offered.
func another(t *testing.T, s event.Snapshot) event.PhoneNumber {
	t.Helper()
	require.NotNil(t, s.NextAction)
	require.Len(t, s.NextAction.Choices, 2)
	choice := s.NextAction.Choices[1]
	require.NotEqual(t, s.NextAction.Choices[0], choice)
	require.NotEmpty(t, choice.WabaID)
	require.NotEmpty(t, choice.ID)
	require.NotEmpty(t, choice.Display, "a person must know it again")
	return choice
}

func TestARestaurantChoosesAndTheRunGoesOnWithTheSameToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	for scenario, by := range map[string]func(event.PhoneNumber) event.PhoneSelected{
		"two-numbers":  func(c event.PhoneNumber) event.PhoneSelected { return event.PhoneSelected{PhoneNumberID: c.ID} },
		"two-accounts": func(c event.PhoneNumber) event.PhoneSelected { return event.PhoneSelected{WabaID: c.WabaID} },
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			r := s.receive(t, "demo-"+scenario+"-chosen", event.Claims{})
			rest := s.until(t, r, endedOrResting)
			choice := another(t, rest)
			s.publish(t, r.restaurant, event.PhoneSelected{PhoneNumberID: "106000222"})
			refused := s.until(t, r, func(s event.Snapshot) bool { return s.InputSeq > rest.InputSeq })
			require.Equal(t, event.StatusAction, refused.Status, "what was not offered changes nothing")

			s.publish(t, r.restaurant, by(choice))
			got := s.until(t, r, func(s event.Snapshot) bool { return s.InputSeq > refused.InputSeq && endedOrResting(s) })
			require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
			require.Equal(t, choice.WabaID, got.WabaID)
			require.Equal(t, choice.ID, got.PhoneNumberID)
			require.Equal(t, choice.Display, got.DisplayPhoneNumber)
			require.Equal(t, event.StrategyBusiness, got.Strategy)
			require.Equal(t, rest.CredentialRef, got.CredentialRef)
			require.Equal(t, 1, s.meta.Calls(metasim.OpExchange, r.code))
			require.Equal(t, 1, s.meta.Calls(metasim.OpRegister, r.code), "the other number is left alone")
			s.requireReplays(t, r.restaurant)
		})
	}
}

func TestANumberThatIsNamedDecidesBetweenAccounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-two-accounts-asked"
	first := s.receive(t, code, event.Claims{})
	choice := another(t, s.until(t, first, endedOrResting))
	token := s.token(t, "demo-two-accounts-named")
	r := run{restaurant: s.newRestaurant(t), code: "demo-two-accounts-named"}
	s.publish(t, r.restaurant, event.DiscoveryRequested{Authority: s.bring(t, r.restaurant, token), AllStops: true})
	own := another(t, s.until(t, r, endedOrResting))
	require.NotEqual(t, choice.ID, own.ID)

	for name, phone := range map[string]event.PhoneNumberID{"one of them": own.ID, "none of them": choice.ID} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run{restaurant: s.newRestaurant(t), code: "demo-two-accounts-named"}
			s.publish(t, r.restaurant, event.DiscoveryRequested{
				Authority: s.bring(t, r.restaurant, token), AllStops: true, Claims: event.Claims{PhoneNumberID: phone},
			})
			got := s.until(t, r, endedOrResting)
			if phone == own.ID {
				require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
				require.Equal(t, own.WabaID, got.WabaID)
				require.Equal(t, own.ID, got.PhoneNumberID)
			} else {
				require.Equal(t, event.StatusFailed, got.Status)
				require.Equal(t, event.CodePhoneNotInWaba, got.Error.Code)
				require.Empty(t, got.PhoneNumberID)
			}
			s.requireReplays(t, r.restaurant)
		})
	}
}

func TestAnAccountThatTheTokenMayNotUseIsNoChoice(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-two-accounts-one-refused"
	require.NoError(t, s.meta.Inject(metasim.Fault{
		Ops: []metasim.Op{metasim.OpPhoneNumbers}, Code: code, Kind: metasim.FaultError, Times: 1, Status: 403, ErrorCode: 200,
	}))
	r := s.receive(t, code, event.Claims{})
	got := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusCompleted, got.Status, "error: %+v", got.Error)
	require.NotEqual(t, event.WabaID(metasim.IDs(code).WABA), got.WabaID, "the first is the one that was refused")
	s.requireReplays(t, r.restaurant)
}
