package vault

import (
	"context"
	"fmt"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
)

var (
	selectByWaba = database.NewStatement(`SELECT DISTINCT restaurant_id FROM whatsapp_credentials WHERE waba_id = ?`)

	selectByPhone = database.NewStatement(`SELECT restaurant_id FROM onboarding_phone_owners WHERE phone_number_id = ?
		UNION SELECT restaurant_id FROM whatsapp_credentials WHERE phone_number_id = ?`)

	selectByBusiness = database.NewStatement(`SELECT DISTINCT restaurant_id FROM whatsapp_credentials WHERE business_id = ?`)

	selectByUser = database.NewStatement(`SELECT DISTINCT restaurant_id FROM whatsapp_credentials WHERE meta_user_id = ?`)
)

// RestaurantsOf returns the restaurants that have, or had, an account; if none has,
// those of a number; if none has, those of a business; if none is, those for which a
// person has authorized us. What is empty is nobody's.
func (v *Vault) RestaurantsOf(ctx context.Context, waba event.WabaID, phone event.PhoneNumberID, business event.BusinessID, user event.UserID) ([]event.RestaurantID, error) {
	for _, look := range []struct {
		by   database.Statement
		what string
		args []any
	}{
		{selectByWaba, string(waba), []any{string(waba)}},
		{selectByPhone, string(phone), []any{string(phone), string(phone)}},
		{selectByBusiness, string(business), []any{string(business)}},
		{selectByUser, string(user), []any{string(user)}},
	} {
		if look.what == "" {
			continue
		}
		found, err := v.restaurants(ctx, look.by, look.args...)
		if err != nil {
			return nil, fmt.Errorf("vault: restaurants of %s: %w", look.what, err)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, nil
}

func (v *Vault) restaurants(ctx context.Context, statement database.Statement, args ...any) (list []event.RestaurantID, err error) {
	rows, err := v.db.DB.QueryContext(ctx, statement.For(v.kind), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id event.RestaurantID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}
