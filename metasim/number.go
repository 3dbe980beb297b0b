package metasim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	registerLimit  = 10
	registerWindow = 72 * time.Hour
)

var numberDefaults = plainFields("verified_name", "code_verification_status", "display_phone_number", "quality_rating", "id")

func (s *Server) phoneNumbers(c *call) answer {
	rows := make([]row, 0, len(c.node.waba.number))
	for _, number := range c.node.waba.number {
		rows = append(rows, row{id: number.id, get: s.numberWithHealth(c, number)})
	}
	defaults := append(plainFields("platform_type", "throughput", "status"), numberDefaults...)
	return s.renderList(c, kindPhone, rows, c.world.scenario.shape.pageCap, defaults)
}

func (s *Server) phone(c *call) answer {
	return renderOne(c, kindPhone, c.node.phone.id, numberDefaults, s.numberWithHealth(c, c.node.phone))
}

func (s *Server) numberWithHealth(c *call, number *phone) func(field) value {
	get := c.world.numberFields(number, c.op)
	return func(f field) value {
		if f.name == "health_status" {
			return rawValue(s.health(c.world, number.waba, number))
		}
		return get(f)
	}
}

// numberFields reads a number as the call op, which is being executed, sees it.
func (w *world) numberFields(number *phone, op Op) func(field) value {
	words := w.words()
	return func(f field) value {
		if word, ok := words[f.name]; ok {
			return textValue(word)
		}
		switch f.name {
		case "display_phone_number":
			return textValue(w.displayNumber(number))
		case "verified_name":
			return textValue(w.name())
		case "code_verification_status":
			if number.verified {
				return textValue("VERIFIED")
			}
			return textValue("NOT_VERIFIED")
		case "quality_rating":
			if number.registered {
				return textValue("GREEN")
			}
			return textValue("UNKNOWN")
		case "platform_type":
			if number.registered {
				return textValue("CLOUD_API")
			}
			return textValue("NOT_APPLICABLE")
		case "throughput":
			if number.registered {
				return rawValue(`{"level":"STANDARD"}`)
			}
			return rawValue(`{"level":"NOT_APPLICABLE"}`)
		case "status":
			if w.connected(number, op) {
				return textValue("CONNECTED")
			}
			return textValue("PENDING")
		case "name_status":
			return textValue("AVAILABLE_WITHOUT_REVIEW")
		case "account_mode":
			return textValue("LIVE")
		case "is_official_business_account":
			return truthValue(false)
		case "is_on_biz_app":
			return truthValue(w.scenario.shape.coexistence)
		case "is_pin_enabled":
			return truthValue(number.pin != "")
		case "last_onboarded_time":
			return textValue(timeText(number.waba.createdAt))
		case "messaging_limit_tier":
			return textValue("TIER_250")
		case "health_status", "webhook_configuration", "unified_cert_status", "certificate", "new_certificate", "new_name_status",
			"search_visibility", "username", "country_code", "country_dial_code", "host_platform":
			return absent
		}
		return unknown
	}
}

// register connects a number to the Cloud API. Each try counts, also one that is
// refused for its PIN; after ten in 72 hours all are refused.
func (s *Server) register(c *call) answer {
	number, pin := c.node.phone, c.param("pin")
	switch {
	case c.param("messaging_product") != "whatsapp":
		return refused(errWhatsApp(131008, "Required parameter is missing", "messaging_product must be whatsapp"))
	case !isPIN(pin):
		return refused(errWhatsApp(131009, "Parameter value is not valid", "pin must have 6 digits"))
	case spent(number.attempts, c.now):
		return refused(errTooOften("registered"))
	}
	s.change(c, change{Kind: changeRegisterTry, WABA: number.waba.index, Phone: number.index})
	switch {
	case c.world.scenario.shape.coexistence:
		return refused(errWhatsApp(100, "Invalid parameter", "the number is used by the WhatsApp Business app"))
	case !number.verified:
		return refused(errWhatsApp(133006, "Phone number re-verification needed", "verify the number before it is registered"))
	case number.pin != "" && number.pin != KeyOf(pin):
		return refused(errWhatsApp(133005, "Two step verification PIN mismatch", "two-step PIN does not match"))
	}
	s.change(c, change{Kind: changeRegistered, WABA: number.waba.index, Phone: number.index, PIN: KeyOf(pin)})
	c.executed = true
	return succeeded()
}

func (s *Server) deregister(c *call) answer {
	number := c.node.phone
	if spent(number.deregisters, c.now) {
		return refused(errTooOften("deregistered"))
	}
	s.change(c, change{Kind: changeDeregisterTry, WABA: number.waba.index, Phone: number.index})
	switch {
	case c.world.scenario.shape.coexistence:
		return refused(errWhatsApp(100, "Invalid parameter", "the number is used by the WhatsApp Business app"))
	case !number.registered:
		e := errWhatsApp(100, "Invalid parameter", "the number is not registered")
		e.subcode = 2207051
		return refused(e)
	}
	s.change(c, change{Kind: changeDeregistered, WABA: number.waba.index, Phone: number.index})
	c.executed = true
	return succeeded()
}

// setPIN sets the two-step PIN; the old one need not be known.
func (s *Server) setPIN(c *call) answer {
	if !c.has("pin") {
		return refused(errInvalid("The parameter pin is required"))
	}
	pin := c.param("pin")
	if !isPIN(pin) {
		return refused(errWhatsApp(131009, "Parameter value is not valid", "pin must have 6 digits"))
	}
	number := c.node.phone
	s.change(c, change{Kind: changePIN, WABA: number.waba.index, Phone: number.index, PIN: KeyOf(pin)})
	c.executed = true
	return succeeded()
}

func (s *Server) requestCode(c *call) answer {
	number := c.node.phone
	switch {
	case c.param("code_method") != "SMS" && c.param("code_method") != "VOICE":
		return refused(errInvalid("Param code_method must be one of {SMS, VOICE}"))
	case c.param("language") == "":
		return refused(errInvalid("The parameter language is required"))
	case number.verified:
		return refused(errWhatsApp(136024, "Request code error", "the number is verified already"))
	}
	s.change(c, change{Kind: changeCodeSent, WABA: number.waba.index, Phone: number.index})
	c.executed = true
	return succeeded()
}

func (s *Server) verifyCode(c *call) answer {
	number := c.node.phone
	if !number.codeSent || c.param("code") != VerificationCode {
		return refused(errWhatsApp(136025, "Verify code error", "wrong code"))
	}
	s.change(c, change{Kind: changeVerified, WABA: number.waba.index, Phone: number.index})
	c.executed = true
	o := newObject()
	o.truth("success", true)
	o.text("id", idText(number.id))
	return found(o.end())
}

func errTooOften(what string) *graphError {
	return errWhatsApp(133016, "Account register/deregister rate limit exceeded",
		"the number was "+what+" too often; wait 72 hours")
}

func isPIN(text string) bool { return len(text) == 6 && strings.Trim(text, "0123456789") == "" }

// spent reports whether the calls of the last 72 hours are used up.
func spent(calls []time.Time, now time.Time) bool {
	recent := slices.IndexFunc(calls, func(at time.Time) bool { return now.Sub(at) < registerWindow })
	return recent >= 0 && len(calls)-recent >= registerLimit
}

func unixText(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
