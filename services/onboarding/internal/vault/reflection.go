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
	update := v.db.NewUpdate().Model((*credentialRow)(nil)).
		Set("updated_at = ?", v.clock()).
		Where("credential_ref = ?", ref).Where("restaurant_id = ?", restaurant)
	for _, c := range []struct{ column, value string }{
		{"business_id", string(r.BusinessID)},
		{"waba_id", string(r.WabaID)},
		{"phone_number_id", string(r.PhoneNumberID)},
		{"creation_strategy", string(r.CreationStrategy)},
		{"polling_status", r.PollingStatus},
	} {
		if c.value != "" {
			update = update.SetColumn(c.column, "?", c.value)
		}
	}
	if r.DiscoveryAttempts > 0 {
		update = update.Set("discovery_attempts = ?", r.DiscoveryAttempts)
	}
	if _, err := update.Exec(ctx); err != nil {
		return fmt.Errorf("vault: reflect on %s: %w", ref, err)
	}
	return nil
}
