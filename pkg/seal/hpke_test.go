package seal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
)

const (
	restaurantA = "0b54d3f2-6b54-4a38-9f0d-6f1c8c1e0001"
	restaurantB = "0b54d3f2-6b54-4a38-9f0d-6f1c8c1e0002"
)

func newKeyring(tb testing.TB) *seal.Keyring {
	tb.Helper()
	keyring, err := seal.NewKeyring()
	require.NoError(tb, err)
	return keyring
}

// eachByteChanged returns every text that differs from text in one byte: a bit
// flipped, or one letter become another that text could have had there.
func eachByteChanged(text string) []string {
	var changed []string
	for i := range len(text) {
		for _, to := range []byte{text[i] ^ 1, text[i] ^ 0x80, 'A', '.', '\n'} {
			if to != text[i] {
				changed = append(changed, text[:i]+string([]byte{to})+text[i+1:])
			}
		}
	}
	return append(changed, "", text+"A", text+"\n", text[:len(text)-1], "."+text)
}

func TestSealedSecretOpensForItsPurposeAndRestaurantOnly(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	for _, text := range []string{canary, "", "ação\x00\n"} {
		sealed, err := seal.SealTo(keyring.PublicKey(), "oauth_code", restaurantA, seal.NewSecret(text))
		require.NoError(t, err)
		require.NotContains(t, sealed, canary)

		opened, err := keyring.Open("oauth_code", restaurantA, sealed)
		require.NoError(t, err)
		require.Equal(t, text, opened.Reveal())

		_, err = keyring.Open("pin", restaurantA, sealed)
		require.ErrorIs(t, err, seal.ErrTampered)
		_, err = keyring.Open("oauth_code", restaurantB, sealed)
		require.ErrorIs(t, err, seal.ErrTampered)
		_, err = keyring.Open("oauth_code"+restaurantA[:1], restaurantA[1:], sealed)
		require.ErrorIs(t, err, seal.ErrTampered, "moving a letter from one part to the other is a change")
		_, err = newKeyring(t).Open("oauth_code", restaurantA, sealed)
		require.ErrorIs(t, err, seal.ErrWrongKey)
	}
}

func TestSealedSecretWithAnyByteChangedDoesNotOpen(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	sealed, err := seal.SealTo(keyring.PublicKey(), "pin", restaurantA, seal.NewSecret("152563"))
	require.NoError(t, err)
	for _, changed := range eachByteChanged(sealed) {
		_, err := keyring.Open("pin", restaurantA, changed)
		require.Error(t, err, "%q", changed)
	}
}

func TestSealingTheSameSecretTwiceGivesDifferentTexts(t *testing.T) {
	t.Parallel()
	public := newKeyring(t).PublicKey()
	one, err := seal.SealTo(public, "pin", restaurantA, seal.NewSecret("152563"))
	require.NoError(t, err)
	two, err := seal.SealTo(public, "pin", restaurantA, seal.NewSecret("152563"))
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

func TestSealingWithoutAKeyFails(t *testing.T) {
	t.Parallel()
	_, err := seal.SealTo(seal.PublicKey{}, "pin", restaurantA, seal.NewSecret("152563"))
	require.ErrorContains(t, err, "no public key")
}

func TestPublicKeyTravelsAsATextFile(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	path := filepath.Join(t.TempDir(), "seal.pub")
	require.NoError(t, keyring.PublicKey().Save(path))
	require.ErrorIs(t, keyring.PublicKey().Save(path), os.ErrExist)

	public, err := seal.LoadPublicKey(path)
	require.NoError(t, err)
	require.Equal(t, keyring.PublicKey().String(), public.String())
	sealed, err := seal.SealTo(public, "pin", restaurantA, seal.NewSecret("152563"))
	require.NoError(t, err)
	opened, err := keyring.Open("pin", restaurantA, sealed)
	require.NoError(t, err)
	require.Equal(t, "152563", opened.Reveal())

	_, err = seal.LoadPublicKey(path + ".absent")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPublicKeyWithAnyByteChangedIsRefused(t *testing.T) {
	t.Parallel()
	text := newKeyring(t).PublicKey().String()
	for i := range len(text) {
		_, err := seal.ParsePublicKey(text[:i] + string([]byte{text[i] ^ 1}) + text[i+1:])
		require.Error(t, err, "byte %d", i)
	}
}
