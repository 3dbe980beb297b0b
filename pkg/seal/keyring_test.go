package seal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
)

func newDataKey(tb testing.TB, keyring *seal.Keyring, restaurant string) (wrapped string, key *seal.DataKey) {
	tb.Helper()
	wrapped, key, err := keyring.NewDataKey(restaurant)
	require.NoError(tb, err)
	return wrapped, key
}

func TestStoredSecretOpensInItsPlaceOnly(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	wrapped, key := newDataKey(t, keyring, restaurantA)
	text, err := key.Seal("credentials", "token", seal.NewSecret(canary))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(text, "v1."+key.ID()+"."))

	again, err := keyring.OpenDataKey(restaurantA, wrapped)
	require.NoError(t, err)
	require.Equal(t, restaurantA, again.Restaurant())
	opened, err := again.Open("credentials", "token", text)
	require.NoError(t, err)
	require.Equal(t, canary, opened.Reveal())

	_, err = key.Open("credentials", "pin", text)
	require.ErrorIs(t, err, seal.ErrTampered)
	_, err = key.Open("tokens", "token", text)
	require.ErrorIs(t, err, seal.ErrTampered)
	_, err = key.Open("credentialst", "oken", text)
	require.ErrorIs(t, err, seal.ErrTampered)

	_, err = keyring.OpenDataKey(restaurantB, wrapped)
	require.ErrorIs(t, err, seal.ErrTampered, "a wrapped key cannot be moved to another restaurant")
	_, other := newDataKey(t, keyring, restaurantB)
	_, err = other.Open("credentials", "token", text)
	require.ErrorIs(t, err, seal.ErrWrongKey)
	_, err = newKeyring(t).OpenDataKey(restaurantA, wrapped)
	require.ErrorIs(t, err, seal.ErrWrongKey)
}

func TestStoredTextWithAnyByteChangedDoesNotOpen(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	wrapped, key := newDataKey(t, keyring, restaurantA)
	text, err := key.Seal("credentials", "pin", seal.NewSecret("152563"))
	require.NoError(t, err)
	for _, changed := range eachByteChanged(text) {
		_, err := key.Open("credentials", "pin", changed)
		require.Error(t, err, "%q", changed)
	}
	for _, changed := range eachByteChanged(wrapped) {
		_, err := keyring.OpenDataKey(restaurantA, changed)
		require.Error(t, err, "%q", changed)
	}
}

func TestRotatedKeyringSealsWithNewKeysAndOpensOldTexts(t *testing.T) {
	t.Parallel()
	old := newKeyring(t)
	wrapped, key := newDataKey(t, old, restaurantA)
	stored, err := key.Seal("credentials", "token", seal.NewSecret(canary))
	require.NoError(t, err)
	sealed, err := seal.SealTo(old.PublicKey(), "pin", restaurantA, seal.NewSecret("152563"))
	require.NoError(t, err)

	rotated, err := old.Rotated()
	require.NoError(t, err)
	require.NotEqual(t, old.PublicKey().ID(), rotated.PublicKey().ID())
	pin, err := rotated.Open("pin", restaurantA, sealed)
	require.NoError(t, err)
	require.Equal(t, "152563", pin.Reveal())
	key, err = rotated.OpenDataKey(restaurantA, wrapped)
	require.NoError(t, err)
	token, err := key.Open("credentials", "token", stored)
	require.NoError(t, err)
	require.Equal(t, canary, token.Reveal())

	newer, _ := newDataKey(t, rotated, restaurantA)
	_, err = old.OpenDataKey(restaurantA, newer)
	require.ErrorIs(t, err, seal.ErrWrongKey)
}

func TestKeyringFileIsItsOwnersAndNeverOverwrittenByChance(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	path := filepath.Join(t.TempDir(), "keyring.json")
	require.NoError(t, keyring.Save(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.ErrorIs(t, newKeyring(t).Save(path), os.ErrExist)

	wrapped, _ := newDataKey(t, keyring, restaurantA)
	loaded, err := seal.LoadKeyring(path)
	require.NoError(t, err)
	require.Equal(t, keyring.PublicKey().String(), loaded.PublicKey().String())
	_, err = loaded.OpenDataKey(restaurantA, wrapped)
	require.NoError(t, err)

	rotated, err := loaded.Rotated()
	require.NoError(t, err)
	require.NoError(t, rotated.Replace(path))
	info, err = os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	loaded, err = seal.LoadKeyring(path)
	require.NoError(t, err)
	require.Equal(t, rotated.PublicKey().ID(), loaded.PublicKey().ID())
	_, err = loaded.OpenDataKey(restaurantA, wrapped)
	require.NoError(t, err)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is left beside the keyring")
}

func TestKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ring, signing := filepath.Join(folder, "keyring.json"), filepath.Join(folder, "signing.key")
	require.NoError(t, newKeyring(t).Save(ring))
	require.NoError(t, seal.NewSigningKey().Save(signing))
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o777} {
		require.NoError(t, os.Chmod(ring, mode))
		_, err := seal.LoadKeyring(ring)
		require.ErrorContains(t, err, "chmod 600")
		require.NoError(t, os.Chmod(signing, mode))
		_, err = seal.LoadSigningKey(signing)
		require.ErrorContains(t, err, "chmod 600")
	}
	require.NoError(t, os.Chmod(ring, 0o400))
	_, err := seal.LoadKeyring(ring)
	require.NoError(t, err)
}

func TestMalformedKeyringIsRefusedWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("A", 43)
	for name, tt := range map[string]struct{ content, want string }{
		"not JSON":          {`{"version":1,"hpke_private_keys":[{"key":"` + canary + `"]`, "malformed"},
		"wrong type":        {`{"version":"` + canary + `"}`, "malformed"},
		"another version":   {`{"version":2}`, "version 2 is unknown"},
		"no keys":           {`{"version":1}`, "a key of each kind"},
		"a bad id":          {ring("xyz", key, "0123456789abcdef", key), "not 16 hexadecimal digits"},
		"a short key":       {ring("0123456789abcdef", canary, "0123456789abcdef", key), "not 32 bytes"},
		"a foreign key":     {ring("0123456789abcdef", key, "1123456789abcdef", key), "does not match its id"},
		"an upper-case id":  {ring("0123456789ABCDEF", key, "1123456789abcdef", key), "not 16 hexadecimal digits"},
		"too large to read": {strings.Repeat(" ", 1<<20+1), "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "keyring.json")
			require.NoError(t, os.WriteFile(path, []byte(tt.content), 0o600))
			_, err := seal.LoadKeyring(path)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
			require.NotContains(t, err.Error(), key)
		})
	}
	_, err := seal.LoadKeyring(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func ring(privateID, privateKey, wrapID, wrapKey string) string {
	return fmt.Sprintf(`{"version":1,"hpke_private_keys":[{"id":%q,"key":%q}],"key_encryption_keys":[{"id":%q,"key":%q}]}`,
		privateID, privateKey, wrapID, wrapKey)
}

func TestKeysAreNeverPrinted(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	_, dataKey := newDataKey(t, keyring, restaurantA)
	private, err := seal.NewPrivateKey()
	require.NoError(t, err)
	for _, key := range []any{keyring, *keyring, dataKey, *dataKey, private, seal.NewSigningKey()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			require.Equal(t, seal.Redacted, fmt.Sprintf(verb, key))
		}
	}
	signing := seal.NewSigningKey()
	inside := fmt.Sprintf("%v", struct{ key seal.SigningKey }{signing})
	require.Regexp(t, `^\{\{\{\} 0x[0-9a-f]+\}\}$`, inside, "inside a struct there is an address at most")
}

func TestOneKeyServesManyGoroutines(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t)
	_, key := newDataKey(t, keyring, restaurantA)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				text, err := key.Seal("credentials", "token", seal.NewSecret(canary))
				if err != nil {
					t.Error(err)
					return
				}
				opened, err := key.Open("credentials", "token", text)
				if err != nil || opened.Reveal() != canary {
					t.Error("not what was sealed", err)
					return
				}
				sealed, err := seal.SealTo(keyring.PublicKey(), "pin", restaurantA, opened)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := keyring.Open("pin", restaurantA, sealed); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestKeyringKnowsWhichPublicKeysItOpens(t *testing.T) {
	t.Parallel()
	old := newKeyring(t)
	rotated, err := old.Rotated()
	require.NoError(t, err)
	sealed, err := seal.SealTo(old.PublicKey(), "code", restaurantA, seal.NewSecret(canary))
	require.NoError(t, err)
	require.True(t, rotated.Opens(old.PublicKey()), "gateways seal to the old one until they have the new one")
	require.True(t, rotated.Opens(rotated.PublicKey()))
	require.True(t, rotated.OpensSealed(sealed))
	require.False(t, old.Opens(rotated.PublicKey()))
	require.False(t, newKeyring(t).Opens(old.PublicKey()))
	require.False(t, newKeyring(t).OpensSealed(sealed))
	require.False(t, old.Opens(seal.PublicKey{}))
	require.False(t, old.OpensSealed("s1.nonsense"))
}
