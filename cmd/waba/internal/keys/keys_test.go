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
		name   string
		spoil  func(*testing.T, keys.Files)
		broken bool // else it is unpaired
		lost   bool
	}{
		{name: "the keyring is lost", lost: true, spoil: func(t *testing.T, f keys.Files) {
			require.NoError(t, os.Remove(f.Keyring))
		}},
		{name: "the keyring is another", spoil: func(t *testing.T, f keys.Files) {
			other, err := seal.NewKeyring()
			require.NoError(t, err)
			require.NoError(t, other.Replace(f.Keyring))
		}},
		{name: "the keyring is broken", broken: true, spoil: func(t *testing.T, f keys.Files) {
			require.NoError(t, os.WriteFile(f.Keyring, []byte(`{"version":1`), 0o600))
		}},
		{name: "the keyring can be read by others", broken: true, spoil: func(t *testing.T, f keys.Files) {
			require.NoError(t, os.Chmod(f.Keyring, 0o644)) //nolint:gosec // that is what is wrong with it
		}},
		{name: "the public key is broken", broken: true, spoil: func(t *testing.T, f keys.Files) {
			require.NoError(t, os.WriteFile(f.SealPublic, []byte("nonsense"), 0o600))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			files, err := keys.Complete(dir)
			require.NoError(t, err)
			tt.spoil(t, files)
			before, _ := os.ReadFile(files.Keyring)

			_, err = keys.Complete(dir)
			var broken *keys.BrokenError
			var unpaired *keys.UnpairedError
			if tt.broken {
				require.ErrorAs(t, err, &broken)
			} else {
				require.ErrorAs(t, err, &unpaired)
				require.Equal(t, keys.UnpairedError{Files: files, Lost: tt.lost}, *unpaired)
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
