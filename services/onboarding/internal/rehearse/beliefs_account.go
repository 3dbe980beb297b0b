package rehearse

import "strings"

// listBeliefs are asked about an account of the token's.
var listBeliefs = []belief{
	{
		"owned-readable", KindList, ownedAccounts,
		Words{"as contas de uma empresa são uma lista que lemos inteira", "a business's accounts are a list that we read to its end"},
		saysAccounts, Documented, readable,
	},
	{
		"owned-fields", KindField, ownedAccounts,
		Words{"uma conta tem os campos que pedimos", "an account has the fields that we ask for"},
		saysOpenAPI, Documented, knownFields,
	},
	{
		"owned-ids", KindID, ownedAccounts,
		Words{"ids de contas vêm como texto de dígitos", "ids of accounts come as strings of digits"},
		saysOpenAPI, Documented, has("data.*.id", digits),
	},
	{
		"owned-cursors", KindList, ownedAccounts,
		Words{"uma lista com linhas traz paging.cursors.after", "a list with rows has paging.cursors.after"},
		saysPaging, Documented, ofRows(has("paging.cursors.after", text)),
	},
	{
		"owned-review", KindField, ownedAccounts,
		Words{"account_review_status é PENDING, APPROVED, REJECTED ou RESTRICTED", "account_review_status is PENDING, APPROVED, REJECTED or RESTRICTED"},
		saysOpenAPI, Documented, oneOf("data.*.account_review_status", "PENDING", "APPROVED", "REJECTED", "RESTRICTED"),
	},
	{
		"subscribed-apps", KindField, subscribers,
		Words{"subscribed_apps é uma lista", "subscribed_apps is a list"},
		saysSubscribing, Documented, all(readable, has("data", list)),
	},
	{
		"subscribed-app-id", KindID, subscribers,
		Words{"cada linha de subscribed_apps tem whatsapp_business_api_data.id, como texto", "each row of subscribed_apps has whatsapp_business_api_data.id, as a string"},
		saysSubscribing, Documented, has("data.*.whatsapp_business_api_data.id", text),
	},
	{
		"numbers-readable", KindList, numbers,
		Words{"os números de uma conta são uma lista que lemos inteira", "an account's numbers are a list that we read to its end"},
		saysPhones, Documented, readable,
	},
	{
		"numbers-fields", KindField, numbers,
		Words{"um número tem os campos que pedimos", "a number has the fields that we ask for"},
		saysPhones, Documented, knownFields,
	},
	{
		"numbers-cursors", KindList, numbers,
		Words{"a lista de números, com linhas, traz paging.cursors.after", "the list of numbers, with rows, has paging.cursors.after"},
		saysPaging, Documented, ofRows(has("paging.cursors.after", text)),
	},
	{
		"number-same", KindField, number,
		Words{"um número lido sozinho é o mesmo da lista", "a number read by itself is the one of the list"},
		saysPhones, Documented, all(readable, func(s *session, _ seen) finding {
			listed := s.phones[0]
			for _, pair := range [][3]string{
				{"id", string(listed.ID), string(s.phone.ID)},
				{"status", listed.Status, s.phone.Status},
				{"platform_type", listed.PlatformType, s.phone.PlatformType},
			} {
				if pair[1] != pair[2] {
					return differs(pair[0])
				}
			}
			return agrees("id, status, platform_type")
		}),
	},
}

// phoneField is a field of a number that decides something.
type phoneField struct {
	name  string
	form  form
	must  bool     // we cannot do without
	words []string // that we know; nil: any
}

// Sources: saysPhones and saysOpenAPI.
var phoneFields = []phoneField{
	{"id", digits, true, nil},
	{"display_phone_number", text, true, nil},
	{"verified_name", text, false, nil},
	{"status", text, true, []string{
		"CONNECTED", "DISCONNECTED", "PENDING", "UNVERIFIED", "FLAGGED", "RESTRICTED", "RATE_LIMITED",
		"LINKED", "UNLINKED", "DELETED", "MIGRATED", "BANNED",
	}},
	{"platform_type", text, true, []string{"CLOUD_API", "ON_PREMISE", "NOT_APPLICABLE"}},
	{"code_verification_status", text, true, []string{"VERIFIED", "NOT_VERIFIED", "UNVERIFIED", "EXPIRED"}},
	{"name_status", text, false, []string{"APPROVED", "AVAILABLE_WITHOUT_REVIEW", "DECLINED", "EXPIRED", "PENDING_REVIEW", "NONE"}},
	{"quality_rating", text, false, []string{"GREEN", "YELLOW", "RED", "NA", "UNKNOWN"}},
	{"account_mode", text, false, []string{"LIVE", "SANDBOX"}},
	{"throughput.level", text, false, []string{"STANDARD", "HIGH", "NOT_APPLICABLE"}},
	{"is_on_biz_app", truth, false, nil},
}

// numberBeliefs is a belief for each field of a number.
func numberBeliefs() []belief {
	list := make([]belief, 0, len(phoneFields))
	for _, f := range phoneFields {
		kind, path := KindField, "data.*."+f.name
		if f.name == "id" {
			kind = KindID
		}
		holds := mayHave(path, f.form)
		if f.must {
			holds = has(path, f.form)
		}
		says := Words{"em um número, " + f.name + " é " + formPT[f.form], "in a number, " + f.name + " is a " + string(f.form)}
		if f.words != nil {
			holds = all(holds, oneOf(path, f.words...))
			words := strings.Join(f.words, " | ")
			says = Words{"em um número, " + f.name + " é " + words, "in a number, " + f.name + " is " + words}
		}
		list = append(list, belief{"number-" + f.name, kind, numbers, says, saysPhones, Documented, holds})
	}
	return list
}

var formPT = map[form]string{text: "texto", digits: "texto de dígitos", truth: "verdadeiro ou falso"}

// ofRows compares only a list that has rows.
func ofRows(c check) check {
	return func(s *session, a seen) finding {
		if rows := places(a.body(), "data.*"); a.err == nil && len(rows) == 0 {
			return unknown(Nothing, "")
		}
		return c(s, a)
	}
}
