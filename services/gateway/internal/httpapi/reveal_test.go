package httpapi_test

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

func reveal(context.Context, event.RestaurantID, event.CredentialRef) (seal.Secret, error) {
	return seal.NewSecret("EAAGreal"), nil
}
