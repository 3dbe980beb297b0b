package seal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
)

func TestSignedPayloadVerifiesForItsPurposeOnly(t *testing.T) {
	t.Parallel()
	key := seal.NewSigningKey()
	for _, payload := range []string{"", `{"restaurant":"a"}`, "\x00\xff."} {
		text := key.Sign("state", []byte(payload))
		require.Regexp(t, `^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$`, text)
		got, err := key.Verify("state", text)
		require.NoError(t, err)
		require.Equal(t, payload, string(got))

		_, err = key.Verify("cursor", text)
		require.ErrorIs(t, err, seal.ErrTampered)
		_, err = seal.NewSigningKey().Verify("state", text)
		require.ErrorIs(t, err, seal.ErrTampered)
		for _, changed := range eachByteChanged(text) {
			_, err := key.Verify("state", changed)
			require.ErrorIs(t, err, seal.ErrTampered, "%q", changed)
		}
	}
}

func TestNothingVerifiesWithoutAKey(t *testing.T) {
	t.Parallel()
	var none seal.SigningKey
	require.True(t, none.IsZero())
	_, err := none.Verify("state", none.Sign("state", []byte("a")))
	require.ErrorIs(t, err, seal.ErrTampered)
	require.ErrorContains(t, none.Save(filepath.Join(t.TempDir(), "key")), "there is none")
}

func TestSigningKeyIsKeptInAFileOfItsOwner(t *testing.T) {
	t.Parallel()
	key, path := seal.NewSigningKey(), filepath.Join(t.TempDir(), "signing.key")
	require.NoError(t, key.Save(path))
	require.ErrorIs(t, key.Save(path), os.ErrExist)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	loaded, err := seal.LoadSigningKey(path)
	require.NoError(t, err)
	_, err = loaded.Verify("state", key.Sign("state", []byte("a")))
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(path, []byte("AAAA\n"), 0o600))
	_, err = seal.LoadSigningKey(path)
	require.ErrorContains(t, err, "not 32 bytes")
	_, err = seal.LoadSigningKey(path + ".absent")
	require.ErrorIs(t, err, os.ErrNotExist)
}
