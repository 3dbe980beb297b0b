package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/event"
)

// tokens returns how many tokens of a restaurant can be read.
func (s *service) tokens(t *testing.T, id event.RestaurantID) int {
	t.Helper()
	n, err := s.db.NewSelect().Table("whatsapp_credentials").Where("restaurant_id = ?", id).Where("user_access_token IS NOT NULL").Count(t.Context())
	require.NoError(t, err)
	return int(n)
}

func TestAConnectedRestaurantStaysConnectedUntilItsNextTokenIsProved(t *testing.T) {
	t.Parallel()
	s := start(t)
	code := "demo-default-renewed"
	token := s.token(t, code)
	r := s.withToken(t, s.newRestaurant(t), code, token)
	first := s.until(t, r, endedOrResting)
	require.Equal(t, event.StatusCompleted, first.Status, "error: %+v", first.Error)

	runs := 1
	for scenario, why := range map[string]event.Code{
		"code-expired":        event.CodeCodeExpired,
		"token-invalid":       event.CodeTokenInvalid,
		"token-expired":       event.CodeTokenInvalid,
		"foreign-app":         event.CodeTokenAppMismatch,
		"default":             event.CodeNumberDiffers, // another account, with another number
		"two-accounts":        event.CodeNumberDiffers,
		"creates-2b":          event.CodeWabaNotGranted,
		"all-strategies-fail": event.CodeWabaNotGranted,
	} {
		runs++
		other := run{restaurant: r.restaurant, code: "demo-" + scenario + "-comes-to-nothing"}
		s.receiveFor(t, other, event.OAuthCodeReceived{})
		got := s.until(t, r, func(s event.Snapshot) bool { return s.Run == runs && endedOrResting(s) })
		require.Equal(t, event.StatusCompleted, got.Status, scenario)
		require.Equal(t, event.StageDone, got.Stage)
		require.Equal(t, why, got.Failed, scenario)
		require.Equal(t, why, got.Error.Code, "the status tells of it")
		require.Equal(t, first.WabaID, got.WabaID)
		require.Equal(t, first.PhoneNumberID, got.PhoneNumberID)
		require.Equal(t, first.DisplayPhoneNumber, got.DisplayPhoneNumber)
		require.Equal(t, first.CredentialRef, got.CredentialRef)
		for _, op := range append([]metasim.Op{metasim.OpSubscribe, metasim.OpRegister}, creations...) {
			require.Zero(t, s.meta.Calls(op, other.code), "%s: %s", scenario, op)
		}
		require.Eventually(t, func() bool { return s.tokens(t, r.restaurant) == 1 }, waitFor, lookEach, "the new token serves nobody")
		require.EqualValues(t, 1, s.owned(t, r.restaurant, "ready_at IS NOT NULL"))
	}

	registered := s.meta.Calls(metasim.OpRegister, code)
	s.publish(t, r.restaurant, event.DiscoveryRequested{Authority: s.bring(t, r.restaurant, token), AllStops: true})
	renewed := s.until(t, r, func(s event.Snapshot) bool { return s.Run == runs+1 && endedOrResting(s) })
	require.Equal(t, event.StatusCompleted, renewed.Status)
	require.Empty(t, renewed.Failed)
	require.Nil(t, renewed.Error)
	require.Equal(t, first.PhoneNumberID, renewed.PhoneNumberID)
	require.NotEqual(t, first.CredentialRef, renewed.CredentialRef)
	require.Equal(t, registered, s.meta.Calls(metasim.OpRegister, code), "a connected number is not registered again")
	s.requireNoToken(t, first.CredentialRef)
	require.Equal(t, 1, s.tokens(t, r.restaurant))
	s.requireReplays(t, r.restaurant)
}

func TestAConnectedRestaurantIsDisconnectedWhileItsConnectionIsRenewed(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := s.receive(t, "demo-default-leaves-meanwhile", event.Claims{})
	require.Equal(t, event.StatusCompleted, s.until(t, r, endedOrResting).Status)
	s.receiveFor(t, run{restaurant: r.restaurant, code: "demo-permission-missing-meanwhile"}, event.OAuthCodeReceived{})
	resting := s.until(t, r, func(s event.Snapshot) bool { return s.Run == 2 && endedOrResting(s) })
	require.Equal(t, event.StatusAction, resting.Status)
	s.publish(t, r.restaurant, event.DisconnectRequested{})
	s.until(t, r, isDisconnected)
	require.Equal(t, 1, s.meta.Calls(metasim.OpDeregister, r.code), "what was connected is undone")
	require.Eventually(t, func() bool { return s.tokens(t, r.restaurant) == 0 }, waitFor, lookEach)
	s.requireReplays(t, r.restaurant)
}
