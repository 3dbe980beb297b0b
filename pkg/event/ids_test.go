package event_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

func TestARestaurantIsAUUIDInOneSpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]event.RestaurantID{
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11": "7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11",
		"7B1F8A52-6A57-4F0C-9F0E-0C8A1F5D2E11": "7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11",
		"7b1F8a52-6A57-4f0c-9F0e-0c8a1f5D2e11": "7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11",
		"c232ab00-9414-11ec-b3c8-9f6bdeced846": "c232ab00-9414-11ec-b3c8-9f6bdeced846", // version 1
		"017f22e2-79b0-7cc3-98c4-dc0c0c07398f": "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", // version 7
		"ffffffff-ffff-ffff-ffff-ffffffffffff": "ffffffff-ffff-ffff-ffff-ffffffffffff",
	} {
		id, err := event.ParseRestaurantID(text)
		require.NoError(t, err, text)
		require.Equal(t, want, id)
		require.Equal(t, string(want), id.String())
	}
	for _, text := range []string{
		"",
		"00000000-0000-0000-0000-000000000000",
		"{7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11}",
		"urn:uuid:7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11",
		"7b1f8a526a574f0c9f0e0c8a1f5d2e11",
		" 7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11\n",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e1",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e111",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e1g",
		"7b1f8a5-26a57-4f0c-9f0e-0c8a1f5d2e11",
		"7b1f8a52.6a57.4f0c.9f0e.0c8a1f5d2e11",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e*1",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e>1",
		"7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e\x00",
		"７b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e", // a full-width digit: 36 bytes, not 36 characters
		"*", ">", "..", "null",
	} {
		_, err := event.ParseRestaurantID(text)
		require.ErrorIs(t, err, event.ErrRestaurantID, "%q", text)
		if len(text) > 5 {
			require.NotContains(t, err.Error(), text, "no request value is echoed")
		}
	}
}

func TestADerivedIDIsAUUIDOfItsParts(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a"}, {"a", "b"}, {"ab"}, {"a", "b", ""}, {"1:a"}, {"b", "a"}, {strings.Repeat("x", 1000)}} {
		id := event.DeriveID(parts...)
		require.Regexp(t, form, id)
		require.Equal(t, id, event.DeriveID(parts...))
		require.False(t, seen[id], "%q", parts)
		seen[id] = true
	}
	require.Equal(t, event.IntegrationID("47c7a012-933d-889d-ad28-16b37b124934"), event.IntegrationOf(restaurant), "it is on the wire for ever")
}

func TestAHashDependsOnRestaurantPurposeAndSecret(t *testing.T) {
	t.Parallel()
	const other event.RestaurantID = "11111111-1111-4111-8111-111111111111"
	hash := event.HashOf(restaurant, "code", "secret")
	require.Regexp(t, `^[0-9a-f]{64}$`, string(hash))
	require.Equal(t, hash, event.HashOf(restaurant, "code", "secret"))
	require.NotEqual(t, hash, event.HashOf(other, "code", "secret"))
	require.NotEqual(t, hash, event.HashOf(restaurant, "state", "secret"))
	require.NotEqual(t, hash, event.HashOf(restaurant, "code", "secret2"))
	require.NotEqual(t, event.HashOf(restaurant, "co", "desecret"), hash)
}

func TestAMetaIDIsDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"12345": true, "102290129340398": true, strings.Repeat("9", 25): true,
		"": false, "1234": false, strings.Repeat("9", 26): false,
		"12345a": false, "-12345": false, "12345\n": false, "１２３４５": false, "12345/phone_numbers": false,
	} {
		require.Equal(t, want, event.IsMetaID(text), "%q", text)
	}
}
