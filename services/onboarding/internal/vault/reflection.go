package vault

import (
	"context"
	"fmt"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Reflection is what a run has come to, for whoever reads the table. The truth is
// in the log.
type Reflection struct {
	BusinessID        event.BusinessID
	WabaID            event.WabaID
	PhoneNumberID     event.PhoneNumberID
	DiscoveryAttempts int
	CreationStrategy  event.Strategy
	PollingStatus     string
}

// Reflect writes a reflection beside a restaurant's token. What is empty leaves
// its column as it is. A credential that is not there is no error.
func (v *Vault) Reflect(ctx context.Context, ref event.CredentialRef, restaurant event.RestaurantID, r Reflection) error {
	var attempts any
	if r.DiscoveryAttempts > 0 {
		attempts = r.DiscoveryAttempts
	}
	_, err := v.change(ctx, v.db.DB, updateReflection, v.clock(), null(r.BusinessID), null(r.WabaID), null(r.PhoneNumberID),
		null(r.CreationStrategy), null(r.PollingStatus), attempts, string(ref), string(restaurant))
	if err != nil {
		return fmt.Errorf("vault: reflect on %s: %w", ref, err)
	}
	return nil
}
