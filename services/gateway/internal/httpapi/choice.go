package httpapi

import (
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// selectPhone takes the restaurant's choice among the numbers, or the accounts, that
// the run offers.
func (c *call) selectPhone(b selectBody) error {
	claimed, err := Claims{WabaID: b.WabaID, PhoneNumberID: b.PhoneNumberID}.check()
	if err == nil && claimed == (event.Claims{}) {
		err = invalid("phone_number_id", "or waba_id is needed")
	}
	return c.request(err, errcode.PhoneChosen, event.PhoneSelected{
		WabaID: claimed.WabaID, PhoneNumberID: claimed.PhoneNumberID, Principal: c.who.ID,
	})
}
