package app

import (
	"context"
	"errors"

	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/pkg/telemetry"
)

// OpenKeyring reads the keys. That they cannot be read, or do not open what is
// sealed to the configured public key, is a [*config.Error]: every code would be
// lost. The public key is the gateways' own; where it is not configured, [Checks]
// notices what they seal to.
func OpenKeyring(cfg Config) (*seal.Keyring, error) {
	if cfg.KeyringFile == "" {
		return nil, &config.Error{Mistakes: []string{"WABA_KEYRING_FILE is not set: `waba keys generate` makes one"}}
	}
	keyring, err := seal.LoadKeyring(cfg.KeyringFile)
	if err != nil {
		return nil, &config.Error{Mistakes: []string{"WABA_KEYRING_FILE: " + err.Error()}}
	}
	if cfg.SealKeyFile == "" {
		return keyring, nil
	}
	public, err := seal.LoadPublicKey(cfg.SealKeyFile)
	if err != nil {
		return nil, &config.Error{Mistakes: []string{"WABA_SEAL_PUBLIC_KEY_FILE: " + err.Error()}}
	}
	if !keyring.Opens(public) {
		return nil, &config.Error{Mistakes: []string{"WABA_SEAL_PUBLIC_KEY_FILE does not belong to WABA_KEYRING_FILE: bring back the pair from a backup, or take the public key of this keyring"}}
	}
	return keyring, nil
}

// ReasonKeyring is why onboarding is not ready while gateways seal to a key that it
// does not have.
const ReasonKeyring telemetry.Reason = "the keyring does not open what a gateway sealed last"

// Checks are the service's own readiness checks: it has the key to which a gateway
// sealed last, as far back as secrets are kept. Only a code that comes shows what
// the gateways have, and that one is lost.
func Checks(deps Deps) []telemetry.Check {
	return []telemetry.Check{{Name: "keyring", Run: func(ctx context.Context) error {
		secrets, err := bus.OpenSecrets(ctx, deps.JetStream)
		if err != nil {
			return err
		}
		sealed, err := secrets.Last(ctx)
		switch {
		case errors.Is(err, bus.ErrSecretGone):
			return nil
		case err != nil:
			return err
		case !deps.Keyring.OpensSealed(sealed):
			return ReasonKeyring
		}
		return nil
	}}}
}
