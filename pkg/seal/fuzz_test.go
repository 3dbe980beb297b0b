package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// FuzzOpen says that no text opens that was not sealed, and that none panics.
func FuzzOpen(f *testing.F) {
	keyring := newKeyring(f)
	_, key := newDataKey(f, keyring, restaurantA)
	signing := seal.NewSigningKey()
	for _, seed := range []string{"", ".", "..", "...", "s1.0123456789abcdef.AAAA", "v1.0123456789abcdef.", "w1.0.0.AA", "AA.AA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := keyring.Open("pin", restaurantA, text)
		require.Error(t, err)
		_, err = keyring.OpenDataKey(restaurantA, text)
		require.Error(t, err)
		_, err = key.Open("credentials", "token", text)
		require.Error(t, err)
		_, err = signing.Verify("state", text)
		require.Error(t, err)
		_, err = seal.ParsePublicKey(text)
		require.Error(t, err)
	})
}
