package keys_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/keys"
	"github.com/waba-platform/onboarding/pkg/seal"
)

func TestGeneratedKeysFitTogetherAndAreReadableByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	files, err := keys.Generate(dir)
	require.NoError(t, err)
	for _, path := range []string{files.Keyring, files.Signing} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
	}
	keyring, err := seal.LoadKeyring(files.Keyring)
	require.NoError(t, err)
	public, err := seal.LoadPublicKey(files.SealPublic)
	require.NoError(t, err)
	require.Equal(t, keyring.PublicKey().ID(), public.ID())
	_, err = seal.LoadSigningKey(files.Signing)
	require.NoError(t, err)
}

func TestGenerateOverwritesNothingAndMakesNothingBesideWhatIsThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := keys.In(dir)
	require.NoError(t, seal.NewSigningKey().Save(files.Signing))
	before, err := os.ReadFile(files.Signing)
	require.NoError(t, err)

	_, err = keys.Generate(dir)
	require.ErrorIs(t, err, fs.ErrExist)
	after, err := os.ReadFile(files.Signing)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoFileExists(t, files.Keyring)
}

func TestCompleteKeepsWhatIsThereAndMakesWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files, err := keys.Complete(dir)
	require.NoError(t, err)
	before := read(t, files)
	require.NoError(t, os.Remove(files.SealPublic))

	files, err = keys.Complete(dir)
	require.NoError(t, err)
	require.Equal(t, before, read(t, files))
}

func TestCompleteMakesNoKeyringBesideAPublicKeyThatItWouldNotOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, keys.Files)
		want  error
	}{
		{"the keyring is lost", func(t *testing.T, f keys.Files) {
			require.NoError(t, os.Remove(f.Keyring))
		}, &keys.UnpairedError{Lost: true}},
		{"the keyring is another", func(t *testing.T, f keys.Files) {
			other, err := seal.NewKeyring()
			require.NoError(t, err)
			require.NoError(t, other.Replace(f.Keyring))
		}, &keys.UnpairedError{}},
		{"the keyring is broken", func(t *testing.T, f keys.Files) {
			require.NoError(t, os.WriteFile(f.Keyring, []byte(`{"version":1`), 0o600))
		}, &keys.BrokenError{}},
		{"the keyring can be read by others", func(t *testing.T, f keys.Files) {
			require.NoError(t, os.Chmod(f.Keyring, 0o644)) //nolint:gosec // that is what is wrong with it
		}, &keys.BrokenError{}},
		{"the public key is broken", func(t *testing.T, f keys.Files) {
			require.NoError(t, os.WriteFile(f.SealPublic, []byte("nonsense"), 0o600))
		}, &keys.BrokenError{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			files, err := keys.Complete(dir)
			require.NoError(t, err)
			tt.spoil(t, files)
			before, _ := os.ReadFile(files.Keyring)

			_, err = keys.Complete(dir)
			require.IsType(t, tt.want, err)
			if want, ok := tt.want.(*keys.UnpairedError); ok { //nolint:errorlint // it is not wrapped
				want.Files = files
				require.Equal(t, want, err)
			}
			after, _ := os.ReadFile(files.Keyring)
			require.Equal(t, before, after)
		})
	}
}

func TestCompleteTakesAKeyringThatWasRotated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files, err := keys.Complete(dir)
	require.NoError(t, err)
	keyring, err := seal.LoadKeyring(files.Keyring)
	require.NoError(t, err)
	rotated, err := keyring.Rotated()
	require.NoError(t, err)
	require.NoError(t, rotated.Replace(files.Keyring))
	_, err = keys.Complete(dir)
	require.NoError(t, err)
}

func read(t *testing.T, files keys.Files) (contents [3]string) {
	t.Helper()
	for i, path := range []string{files.Keyring, files.SealPublic, files.Signing} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		contents[i] = string(content)
	}
	return contents
}
