package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

func TestKeyringThatDoesNotFitIsAMistakeOfConfiguration(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	keyring, other := newKeyring(t), newKeyring(t)
	require.NoError(t, keyring.Save(in("keyring")))
	require.NoError(t, keyring.PublicKey().Save(in("public")))
	require.NoError(t, other.PublicKey().Save(in("other")))
	require.NoError(t, os.WriteFile(in("broken"), []byte("{"), 0o600))

	for _, tt := range []struct {
		name   string
		config app.Config
		want   string
	}{
		{"a pair is taken", app.Config{KeyringFile: in("keyring"), SealKeyFile: in("public")}, ""},
		{"a keyring alone is taken", app.Config{KeyringFile: in("keyring")}, ""},
		{"none is set", app.Config{}, "WABA_KEYRING_FILE is not set"},
		{"it is not there", app.Config{KeyringFile: in("nowhere")}, "WABA_KEYRING_FILE: "},
		{"it is broken", app.Config{KeyringFile: in("broken")}, "WABA_KEYRING_FILE: "},
		{"the public key is broken", app.Config{KeyringFile: in("keyring"), SealKeyFile: in("broken")}, "WABA_SEAL_PUBLIC_KEY_FILE: "},
		{"the public key is another's", app.Config{KeyringFile: in("keyring"), SealKeyFile: in("other")}, "WABA_SEAL_PUBLIC_KEY_FILE does not belong to WABA_KEYRING_FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opened, err := app.OpenKeyring(tt.config)
			if tt.want == "" {
				require.NoError(t, err)
				require.True(t, opened.Opens(keyring.PublicKey()))
				return
			}
			wrong, ok := errors.AsType[*config.Error](err)
			require.True(t, ok, "%v", err)
			require.ErrorContains(t, wrong, tt.want)
		})
	}
}

func TestOnboardingIsNotReadyWhileAGatewaySealsToAKeyThatItDoesNotHave(t *testing.T) {
	t.Parallel()
	js, keyring := natstest.New(t), newKeyring(t)
	check := app.Checks(app.Deps{JetStream: js, Keyring: keyring})[0]
	put := func(public seal.PublicKey) {
		sealed, err := seal.SealTo(public, "code", "restaurant", seal.NewSecret("code"))
		require.NoError(t, err)
		require.NoError(t, bus.PutSecret(t.Context(), js, "ref", sealed))
	}
	require.NoError(t, check.Run(t.Context()), "nothing was sealed yet")
	put(keyring.PublicKey())
	require.NoError(t, check.Run(t.Context()))
	put(newKeyring(t).PublicKey())
	require.ErrorIs(t, check.Run(t.Context()), app.ReasonKeyring)
	put(keyring.PublicKey())
	require.NoError(t, check.Run(t.Context()), "the gateways have the right key again")
}

func newKeyring(t *testing.T) *seal.Keyring {
	t.Helper()
	keyring, err := seal.NewKeyring()
	require.NoError(t, err)
	return keyring
}
