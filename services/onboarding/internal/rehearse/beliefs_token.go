package rehearse

import (
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
)

// tokenBeliefs are asked with a token.
var tokenBeliefs = []belief{
	{
		TokenValid, KindCredentials, tokenItself,
		Words{"o token é válido", "the token is valid"},
		saysDebugToken, Documented,
		func(s *session, a seen) finding {
			switch failure := a.failure(); {
			case failure != nil:
				return differs(shownFailure(failure))
			case s.token.Valid:
				return agrees("is_valid: true")
			case s.token.Error.Code > 0:
				return differs("is_valid: false, Meta " + codeText(*s.token.Error))
			}
			return differs("is_valid: false")
		},
	},
	{
		TokenOurs, KindCredentials, tokenItself,
		Words{"o token é deste aplicativo", "the token is of this app"},
		"https://developers.facebook.com/docs/facebook-login/security", Documented,
		ofValid(func(s *session, a seen) finding {
			switch failure := a.failure(); {
			case failure != nil:
				return unknown(Refused, shownFailure(failure))
			case s.token.AppID != s.options.Graph.AppID:
				return differs("app_id: another's")
			}
			return agrees("app_id")
		}),
	},
	{
		"token-type", KindToken, tokenItself,
		Words{"o tipo de um token é USER, SYSTEM_USER, PAGE ou APP", "a token's type is USER, SYSTEM_USER, PAGE or APP"},
		saysDebugToken, Documented, ofValid(oneOf("data.type", "USER", "SYSTEM_USER", "PAGE", "APP")),
	},
	{
		"token-ids", KindID, tokenItself,
		Words{"app_id e user_id vêm como texto", "app_id and user_id come as strings"},
		saysDebugToken, Documented, ofValid(all(has("data.app_id", text), mayHave("data.user_id", text))),
	},
	{
		"token-ends", KindToken, tokenItself,
		Words{"expires_at e data_access_expires_at são números; 0 é nunca", "expires_at and data_access_expires_at are numbers; 0 is never"},
		saysDebugToken, Documented, ofValid(all(has("data.expires_at", numeral), mayHave("data.data_access_expires_at", numeral))),
	},
	{
		"token-scopes", KindToken, tokenItself,
		Words{"scopes é uma lista de textos", "scopes is a list of strings"},
		saysDebugToken, Documented, ofValid(all(has("data.scopes", list), has("data.scopes.*", text))),
	},
	{
		"token-granular-scopes", KindToken, tokenItself,
		Words{"granular_scopes tem scope e, quando limita, target_ids", "granular_scopes has scope and, where it limits, target_ids"},
		saysDebugToken, Documented, ofValid(all(has("data.granular_scopes.*.scope", text), ifThere("data.granular_scopes.*.target_ids", list))),
	},
	{
		"token-target-ids", KindID, tokenItself,
		Words{"target_ids vêm como texto", "target_ids come as strings"},
		saysDebugToken, Documented, ofValid(mayHave("data.granular_scopes.*.target_ids.*", text)),
	},
	{
		"token-whatsapp-scope", KindToken, tokenItself,
		Words{"as contas vêm sob um escopo whatsapp_business_*", "accounts come under a scope whatsapp_business_*"},
		"github.com/chatwoot/chatwoot/issues/14690", Seen, ofValid(whatsappScope),
	},
	{
		"wrong-proof", KindError, wrongProof,
		Words{"appsecret_proof errada é o código 100", "a wrong appsecret_proof is code 100"},
		saysProof, Seen, refusedWith(code{100, anySubcode}),
	},
	{
		"client-business", KindField, tokenBusiness,
		Words{"um token de empresa conhece client_business_id; o de um usuário é recusado com 100, ou não o traz", "a business token knows client_business_id; a user's is refused with 100, or does not have it"},
		saysLogin, Documented,
		func(s *session, a seen) finding {
			switch {
			case s.done[tokenItself].err != nil:
				return unknown(Unsaid, "") // nobody knows whose token it is
			case s.token.Type == "SYSTEM_USER":
				return all(readable, mayHave("client_business_id", text))(s, a)
			case a.failure() != nil:
				return refusedWith(code{100, anySubcode})(s, a)
			case s.business != "":
				return differs("client_business_id")
			}
			return agrees("missing client_business_id")
		},
	},
	{
		"businesses-permission", KindPermission, ownBusinesses,
		Words{"/me/businesses exige business_management: sem ela recusa com 3, 10 ou 200–299, ou lista nada", "/me/businesses needs business_management: without it refuses with 3, 10 or 200–299, or lists nothing"},
		saysSpecs, Inferred, withPermission("business_management"),
	},
	{
		"pages-permission", KindPermission, ownPages,
		Words{"/me/accounts exige pages_show_list: sem ela recusa com 3, 10 ou 200–299, ou lista nada", "/me/accounts needs pages_show_list: without it refuses with 3, 10 or 200–299, or lists nothing"},
		saysSpecs, Documented, withPermission("pages_show_list"),
	},
	{
		"unknown-id-with-token", KindError, unknownIDWithToken,
		Words{"um id desconhecido é o código 100, subcódigo 33, também com um token", "an unknown id is code 100, subcode 33, with a token too"},
		saysErrors, Documented, refusedWith(code{100, 33}),
	},
}

// ofValid compares only what is said of a token that is valid.
func ofValid(c check) check {
	return func(s *session, a seen) finding {
		if a.failure() == nil && !s.token.Valid {
			return unknown(NotAccepted, "")
		}
		return c(s, a)
	}
}

// ifThere believes in a form of what may be left out, and always may.
func ifThere(path string, wanted form) check {
	return func(s *session, a seen) finding {
		if got := mayHave(path, wanted)(s, a); got.because != Unsaid {
			return got
		}
		return agrees("")
	}
}

func whatsappScope(s *session, a seen) finding {
	return lookAt("data.granular_scopes.*.scope", func(_ *session, found []place) finding {
		for _, p := range found {
			if scope, ok := p.value.(string); ok && strings.HasPrefix(scope, "whatsapp_business_") {
				return agrees(s.shown(scope))
			}
		}
		return differs("no whatsapp_business_*")
	})(s, a)
}

// codeText writes an error's code and subcode.
func codeText(e event.MetaError) string { return code{e.Code, e.Subcode}.String() }
