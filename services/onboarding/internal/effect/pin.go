package effect

import (
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// newPin returns the configured PIN, or a random one: one leaked PIN must not
// open every number.
func (p *Performer) newPin() (seal.Secret, error) {
	if !p.Pin.IsZero() {
		return p.Pin, nil
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return seal.Secret{}, fmt.Errorf("new pin: %w", err)
	}
	return seal.NewSecret(fmt.Sprintf("%06d", n)), nil
}
