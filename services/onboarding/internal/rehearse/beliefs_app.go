package rehearse

// appBeliefs are asked with the app's id and secret alone.
var appBeliefs = []belief{
	{
		AppCredentials, KindCredentials, appItself,
		Words{"o id e o segredo do aplicativo são aceitos", "the app's id and secret are accepted"},
		saysDebugToken, Documented,
		func(s *session, a seen) finding {
			switch failure := a.failure(); {
			case failure != nil:
				return differs(shownFailure(failure))
			case !s.self.Valid:
				return differs("is_valid: false")
			case s.self.AppID != s.options.Graph.AppID:
				return differs("app_id: another's")
			}
			return agrees("is_valid: true")
		},
	},
	{
		"app-token-type", KindToken, appItself,
		Words{"o token do aplicativo é do tipo APP", "the app's token is of type APP"},
		saysDebugToken, Documented, oneOf("data.type", "APP"),
	},
	{
		"app-id-form", KindID, appItself,
		Words{"app_id vem como texto", "app_id comes as a string"},
		saysDebugToken, Documented, has("data.app_id", text),
	},
	{
		"wrong-app-secret", KindError, wrongSecret,
		Words{"segredo errado na troca do code é o código 1, que em outro lugar é passageiro", "a wrong secret in the exchange is code 1, which is transient elsewhere"},
		"third-party code, 2026", Seen, refusedWith(code{1, 0}, code{1, 33}),
	},
	{
		"error-form", KindError, wrongSecret,
		Words{"um erro tem message, type, code e fbtrace_id", "an error has message, type, code and fbtrace_id"},
		saysErrors, Documented,
		all(has("error.message", text), has("error.type", text), has("error.code", numeral), has("error.fbtrace_id", text)),
	},
	{
		"wrong-app-id", KindError, wrongApp,
		Words{"id de aplicativo errado na troca do code é o código 101", "a wrong app id in the exchange is code 101"},
		"no source was found", Folklore, refusedWith(code{101, anySubcode}),
	},
	{
		"malformed-code", KindError, wrongCode,
		Words{"um code malformado é o código 100 sem subcódigo", "a malformed code is code 100 without a subcode"},
		"github.com/laravel/socialite/issues/385", Seen, refusedWith(code{100, 0}),
	},
	{
		"wrong-app-token", KindError, wrongAppToken,
		Words{"debug_token com o segredo errado é o código 190 ou 100", "debug_token with a wrong secret is code 190 or 100"},
		"third-party code", Seen, refusedWith(code{190, anySubcode}, code{100, anySubcode}),
	},
	{
		"invalid-token-inspected", KindToken, wrongTokenItself,
		Words{"de um token inválido, debug_token diz is_valid e, dentro, o erro 190", "of an invalid token, debug_token says is_valid and, inside, error 190"},
		saysDebugToken, Documented, all(has("data.is_valid", truth), equals("data.error.code", "190")),
	},
	{
		"invalid-token", KindError, wrongToken,
		Words{"um token inválido é o código 190", "an invalid token is code 190"},
		saysErrors, Documented, refusedWith(code{190, anySubcode}),
	},
	{
		"unknown-id", KindError, unknownID,
		Words{"um id desconhecido é o código 100, subcódigo 33", "an unknown id is code 100, subcode 33"},
		saysErrors, Documented, refusedWith(code{100, 33}),
	},
}
