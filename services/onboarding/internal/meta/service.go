package meta

import (
	"encoding/json"
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// What Meta's words about a number mean. A word that stands in no table is unknown.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/phone-numbers
// and the enums of Meta's OpenAPI file; of throughput: seen.

const (
	cloudAPI      = "CLOUD_API"
	notApplicable = "NOT_APPLICABLE"
	connectedWord = "CONNECTED"
)

// registrable are statuses of numbers that registration brings into service.
var registrable = []string{"PENDING", "DISCONNECTED", "UNVERIFIED", "UNLINKED"}

// heldBack are statuses of numbers that are registered and may not do everything.
var heldBack = []string{"FLAGGED", "RESTRICTED", "RATE_LIMITED"}

// elsewhere are platforms from which a number is registered on the Cloud API;
// NOT_APPLICABLE says that it is on none.
var elsewhere = []string{notApplicable, "ON_PREMISE"}

// State returns what is known of the number's service. A number that can be read in
// two ways is unclear, and nothing is to be done with it.
func (p Phone) State() event.NumberState {
	onCloud := p.PlatformType == cloudAPI
	known := onCloud || slices.Contains(elsewhere, p.PlatformType)
	switch {
	case p.Status == "BANNED":
		return event.NumberBanned
	case p.Status == "DELETED", p.Status == "MIGRATED":
		return event.NumberGone
	case !known:
		if p.Throughput == notApplicable && slices.Contains(registrable, p.Status) {
			return event.NumberUnregistered
		}
	case slices.Contains(registrable, p.Status):
		if onCloud && p.OnBizApp == event.ReadingUnknown { // it may be the app's: see Managed
			return event.NumberUnclear
		}
		return event.NumberUnregistered
	case p.Status != connectedWord && !slices.Contains(heldBack, p.Status):
		return event.NumberUnclear
	case !onCloud:
		return event.NumberUnregistered
	case p.Status != connectedWord:
		return event.NumberRestricted
	case p.Throughput != notApplicable: // as a number that is on no platform has it
		return event.NumberConnected
	}
	return event.NumberUnclear
}

// Unregistered says that the number is certainly not registered on the Cloud API.
func (p Phone) Unregistered() bool { return slices.Contains(elsewhere, p.PlatformType) }

// Managed says whether the number is never to be registered: it is of the WhatsApp
// Business app, from which registration would take it, or one of Meta's test numbers.
func (p Phone) Managed() bool { return p.OnBizApp == event.ReadingYes || p.AccountMode == "SANDBOX" }

// Verified says whether the number's owner has proved it by SMS or voice. A proof
// that has expired may do or not: Meta says so when the number is registered.
func (p Phone) Verified() event.Reading {
	switch p.CodeVerification {
	case "VERIFIED":
		return event.ReadingYes
	case "NOT_VERIFIED", "UNVERIFIED":
		return event.ReadingNo
	}
	return event.ReadingUnknown
}

// truth is a JSON truth; anything else is unknown.
type truth struct{ reading event.Reading }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *truth) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "true":
		t.reading = event.ReadingYes
	case "false":
		t.reading = event.ReadingNo
	default:
		t.reading = event.ReadingUnknown
	}
	return nil
}

func (t truth) read() event.Reading {
	if t.reading == "" {
		return event.ReadingUnknown
	}
	return t.reading
}

// word is one of Meta's words; anything but a short text is no word, and so unknown.
type word string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *word) UnmarshalJSON(data []byte) error {
	var text label
	if text.UnmarshalJSON(data) == nil {
		*w = word(capitals(text))
	}
	return nil
}

// throughput is the level of a number; none where Meta gives another form.
type throughput string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *throughput) UnmarshalJSON(data []byte) error {
	var object struct {
		Level word `json:"level"`
	}
	if json.Unmarshal(data, &object) == nil {
		*t = throughput(object.Level)
	}
	return nil
}
