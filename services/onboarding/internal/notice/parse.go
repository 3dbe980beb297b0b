package notice

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Change is one thing that a webhook tells, as far as it matters here. Texts that are
// no words, and ids that are none of Meta's, are left out: whatever Meta sends can be
// read.
type Change struct {
	Body     event.Hash
	Index    int // over all entries of the body, from 0
	Field    string
	Event    string
	Detail   string
	Waba     event.WabaID
	Business event.BusinessID
	Phone    event.PhoneNumberID
	User     event.UserID // of a platform's callback, who has no other id
	At       time.Time    // by Meta; zero: it did not say
}

var errNoWebhook = errors.New("body is no webhook")

// Parse returns the changes of a webhook, in their order.
func Parse(id event.Hash, body []byte) ([]Change, error) {
	var envelope struct {
		Object json.RawMessage   `json:"object"`
		Entry  []json.RawMessage `json:"entry"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, errNoWebhook // the decoder's error repeats what it has read
	}
	platform := string(envelope.Object) == strconv.Quote(event.ObjectPlatform)
	var changes []Change
	for _, raw := range envelope.Entry {
		entry := objectOf(raw)
		var list []json.RawMessage
		_ = json.Unmarshal(entry["changes"], &list) // what is no list has none
		for _, raw := range list {
			change := read(entry, objectOf(raw), platform)
			change.Body, change.Index = id, len(changes)
			changes = append(changes, change)
		}
	}
	return changes, nil
}

// read reads one change. The entry's id is that of the account, but for what partners
// are told: there it is the partner's own business.
//
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
func read(entry, change object, platform bool) Change {
	value := objectOf(change["value"])
	c := Change{
		Field:    word(change["field"]),
		Event:    word(value["event"]),
		Phone:    event.PhoneNumberID(id(value["phone_number_id"])),
		Business: event.BusinessID(id(value["business_manager_id"])),
		At:       moment(entry["time"]),
	}
	if c.Event == "" {
		c.Event = word(value["decision"])
	}
	if alert := objectOf(value["alert_info"]); alert != nil {
		c.Event = word(alert["alert_type"])
	}
	c.Detail = word(objectOf(value["ban_info"])["waba_ban_state"])
	if c.Detail == "" {
		c.Detail = word(objectOf(value["disconnection_info"])["reason"])
	}
	if word(value["entity_type"]) == "PHONE_NUMBER" {
		c.Phone = event.PhoneNumberID(id(value["entity_id"]))
	}
	about := objectOf(value["waba_info"])
	c.Waba = event.WabaID(id(about["waba_id"]))
	if owner := id(about["owner_business_id"]); owner != "" {
		c.Business = event.BusinessID(owner)
	}
	switch {
	case platform:
		c.User = event.UserID(id(entry["id"]))
	case c.Waba == "" && c.Business == "" && c.Field != "partner_solutions" && !strings.HasPrefix(c.Event, "PARTNER_"):
		c.Waba = event.WabaID(id(entry["id"]))
	}
	if certified := id(objectOf(value["partner_client_certification_info"])["client_business_id"]); certified != "" {
		c.Business = event.BusinessID(certified)
	}
	return c
}

// object is a JSON object; nil is one that has nothing, or is none.
type object map[string]json.RawMessage

func objectOf(raw json.RawMessage) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

const longestWord = 64

// word returns a text that is a name, as Meta's events and fields are; of a list, its
// first. Anything else is empty.
func word(raw json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 { // waba_ban_state, on one of Meta's pages
		raw = list[0]
	}
	var text string
	if json.Unmarshal(raw, &text) != nil || len(text) > longestWord {
		return ""
	}
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return ""
		}
	}
	return text
}

// id returns an id of Meta, which is a text or a number; one beyond 2^53 keeps its
// digits. Anything else is empty.
func id(raw json.RawMessage) string {
	text := string(bytes.Trim(raw, `"`))
	if !event.IsMetaID(text) {
		return ""
	}
	return text
}

// moment returns a time in seconds, or in milliseconds; zero when it is none.
func moment(raw json.RawMessage) time.Time {
	seconds, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	if seconds > 1e11 {
		seconds /= 1000
	}
	if seconds > 1e11 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
