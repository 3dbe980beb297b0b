package metasim

import (
	"fmt"
	"strings"
	"time"
)

func (s *Server) wabaNode(c *call) answer {
	return renderOne(c, kindWABA, c.node.waba.id, idAndName, s.accountFields(c.world, c.node.waba))
}

func (s *Server) accountFields(w *world, account *waba) func(field) value {
	return func(f field) value {
		switch f.name {
		case "name":
			if account.createdBy != OpAny {
				return textValue(accountName)
			}
			return textValue(w.name())
		case "currency":
			return textValue("BRL")
		case "timezone_id":
			return textValue("25")
		case "country", "primary_business_location":
			return textValue("BR")
		case "message_template_namespace":
			return textValue(fmt.Sprintf("ab12cd34_0000_4000_8000_%012d", account.id%1_000_000_000_000))
		case "account_review_status":
			return textValue("APPROVED")
		case "business_verification_status":
			return textValue("not_verified")
		case "ownership_type":
			return textValue("CLIENT_OWNED")
		case "owner_business_info", "owner_business":
			return pairs(f, []string{"name", "id"}, w.businessName(0), idText(w.businessID(0)))
		case "status":
			return textValue("ACTIVE")
		case "whatsapp_business_manager_messaging_limit":
			return textValue("TIER_250")
		case "is_enabled_for_insights", "is_shared_with_partners":
			return truthValue(true)
		case "marketing_messages_onboarding_status":
			return textValue("INELIGIBLE")
		case "creation_time":
			return rawValue(unixText(account.createdAt))
		case "health_status":
			return rawValue(s.health(w, account, nil))
		case "on_behalf_of_business_info", "primary_funding_id", "purchase_order_number", "analytics",
			"auth_international_rate_eligibility", "disable_marketing_messages_on_cloud_api", "linked_commerce_account",
			"marketing_messages_lite_api_status", "template_auto_archival_enabled":
			return absent
		}
		return unknown
	}
}

// health is the health_status of an account, or of one of its numbers.
func (s *Server) health(w *world, account *waba, number *phone) string {
	overall, list := "AVAILABLE", []byte{'['}
	add := func(kind, id, can string) {
		o := newObject()
		o.text("entity_type", kind)
		o.text("id", id)
		o.text("can_send_message", can)
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, o.end()...)
		if can != "AVAILABLE" {
			overall = can
		}
	}
	if number != nil {
		can := "BLOCKED"
		if number.registered {
			can = "AVAILABLE"
		}
		add("PHONE_NUMBER", idText(number.id), can)
	}
	add("WABA", idText(account.id), "AVAILABLE")
	add("BUSINESS", idText(w.businessID(0)), "AVAILABLE")
	add("APP", s.options.AppID, "AVAILABLE")
	o := newObject()
	o.text("can_send_message", overall)
	o.raw("entities", string(append(list, ']')))
	return string(o.end())
}

// subscribe makes the app receive the account's webhooks. An override of the
// callback needs a subscription that is there already; a call without one takes
// it away.
func (s *Server) subscribe(c *call) answer {
	account, override := c.node.waba, c.param("override_callback_uri")
	switch {
	case override != "" && !account.subscribed:
		return refused(errInvalid("Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp Business Account"))
	case override != "" && c.param("verify_token") == "":
		return refused(errInvalid("The parameter verify_token is required"))
	case len(override) > 200:
		return refused(errInvalid("The parameter override_callback_uri is too long"))
	}
	s.change(c, change{Kind: changeSubscribed, WABA: account.index, Override: override})
	c.executed = true
	return succeeded()
}

func (s *Server) subscribedApps(c *call) answer {
	account := c.node.waba
	var rows []string
	if c.world.scenario.shape.otherApp {
		rows = append(rows, subscriberRow("990011223344", "Another App", ""))
	}
	if account.subscribed {
		rows = append(rows, subscriberRow(s.options.AppID, s.options.AppName, account.override))
	}
	o := newObject()
	o.raw("data", "["+strings.Join(rows, ",")+"]")
	return found(o.end())
}

func subscriberRow(id, name, override string) string {
	app := newObject()
	app.text("id", id)
	app.text("name", name)
	app.text("link", "https://www.facebook.com/games/?app_id="+id)
	row := newObject()
	row.raw("whatsapp_business_api_data", string(app.end()))
	if override != "" {
		row.text("override_callback_uri", override)
	}
	return string(row.end())
}

func (s *Server) unsubscribe(c *call) answer {
	if c.node.waba.subscribed {
		s.change(c, change{Kind: changeUnsubscribed, WABA: c.node.waba.index})
		c.executed = true
	}
	return succeeded()
}

// timeText writes a moment as the Graph API does.
func timeText(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05-0700") }
