package machine

import (
	"fmt"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A notice is what Meta sends by itself. It never says what is true: it comes late,
// twice and in any order. It only says that it is worth looking now, so a state is
// changed by what the look sees, and not by the notice.

// Meaning is what a notice is about, as far as a run is concerned.
type Meaning string

// The meanings.
const (
	Appeared Meaning = "appeared" // an account, or our access to one
	Reviewed Meaning = "reviewed" // what Meta, or somebody at Meta, has decided of it
	Lost     Meaning = "lost"     // the account, or our access to it
	Told     Meaning = "told"     // nothing that a run could do anything about
)

// NoticeRule says what a notice means. An empty Event is every other one of the field.
type NoticeRule struct {
	Field string
	Event string
	Means Meaning
}

// NoticeRules are all fields that concern a run. A notice of another field is none.
//
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
var NoticeRules = []NoticeRule{
	{"account_update", "PARTNER_ADDED", Appeared},
	{"account_update", "PARTNER_APP_INSTALLED", Appeared},
	{"account_update", "VERIFIED_ACCOUNT", Appeared},
	{"account_update", "ACCOUNT_RECONNECTED", Reviewed},
	{"account_update", "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE", Reviewed},
	{"account_update", "ACCOUNT_VIOLATION", Reviewed},
	{"account_update", "ACCOUNT_RESTRICTION", Reviewed},
	{"account_update", "DISABLED_UPDATE", Lost}, // or reinstated: the look says which
	{"account_update", "PARTNER_REMOVED", Lost},
	{"account_update", "PARTNER_APP_UNINSTALLED", Lost},
	{"account_update", "ACCOUNT_DELETED", Lost},
	{"account_update", "ACCOUNT_OFFBOARDED", Lost},
	{"account_update", "AD_ACCOUNT_LINKED", Told},
	{"account_update", "MM_LITE_TERMS_SIGNED", Told},
	{"account_update", "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE", Told},
	{"account_update", "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", Told},
	{"account_update", "VOLUME_BASED_PRICING_TIER_UPDATE", Told},
	{"account_update", "", Reviewed}, // of tomorrow
	{"account_review_update", "", Reviewed},
	{"account_alerts", "", Reviewed},
	{"phone_number_name_update", "", Reviewed},
	{"phone_number_quality_update", "", Reviewed},
	{"business_capability_update", "", Appeared}, // comes when an account is made, too
	{"business_status_update", "", Reviewed},
	{"security", "", Reviewed}, // of the two-step PIN
	{"partner_solutions", "", Told},
	{"business_integration_install", "", Appeared},
	{"business_integration_update", "", Reviewed},
	{"business_integration_uninstall", "", Lost},
	{event.FieldDeauthorize, "", Lost},
	{event.FieldDataDeletion, "", Lost},
}

// MeaningOf returns what a notice means; ok is false when it concerns no run.
func MeaningOf(field, name string) (meaning Meaning, ok bool) {
	for _, rule := range NoticeRules {
		if rule.Field == field && (rule.Event == name || rule.Event == "") {
			return rule.Means, true
		}
	}
	return "", false
}

// noticed looks now, where a look is what the run waits for. What came before the run
// looked last is old news; what Meta has put off, a notice does not bring nearer.
func (s *State) noticed(in event.MetaNotified, now time.Time) event.Event {
	meaning, _ := MeaningOf(in.Field, in.Event)
	news := in.ReceivedAt.IsZero() || in.ReceivedAt.After(s.LookedAt)
	switch {
	case meaning == Told || meaning == "" || !news:
	case s.Status == event.StatusAwaiting && meaning != Lost,
		s.Status == event.StatusAction && !now.Before(s.RetryAt):
		s.LookedAt = now
		return s.lookAgain(in.Name())
	case s.Status == event.StatusAction:
		return event.InputRefused{Input: in.Name(), Code: event.CodeTooEarly, AvailableAt: s.RetryAt}
	case s.Status == event.StatusInProgress && s.Todo.Waits() && s.Todo.Tick == event.NamePollTick && meaning == Appeared:
		s.LookedAt = now
		return s.tick(Tick{Name: s.Todo.Tick, Number: s.Todo.Number}, now)
	}
	return refuse(in.Name(), event.CodeNothingToDo)
}

func drawNotices(b *strings.Builder) {
	b.WriteString("| field | event | means | run that waits for an account | run that waits for somebody |\n|---|---|---|---|---|\n")
	for _, rule := range NoticeRules {
		awaiting, acting := "looks now", "looks now"
		if rule.Means == Told {
			awaiting, acting = "", ""
		}
		if rule.Means == Lost {
			awaiting = ""
		}
		if rule.Means == Appeared {
			awaiting = "looks now, between two polls too"
		}
		name := rule.Event
		if name == "" {
			name = "*"
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s | %s | %s |\n", rule.Field, name, rule.Means, awaiting, acting)
	}
}
