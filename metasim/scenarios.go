package metasim

import (
	"net/http"
	"slices"
)

// scenarios is the table of all of them. Names are part of codes: they stay.
var scenarios = slices.Concat(flowScenarios, signupScenarios, numberScenarios, limitScenarios, disconnectScenarios)

var flowScenarios = []Scenario{
	{
		Name: DefaultScenario, Ends: EndsFinished, shape: existing,
		PT: "Conta existente, encontrada pela empresa do token (client_business_id), com um número a registrar",
		EN: "An existing account, found by the token's business (client_business_id), with one number to register",
	},
	{
		Name: "existing-business", Ends: EndsFinished,
		PT:    "Conta existente, encontrada pela lista de empresas do usuário (/me/businesses)",
		EN:    "An existing account, found by the user's list of businesses (/me/businesses)",
		shape: existing.with(func(s *shape) { s.userToken, s.scopes, s.businesses = true, businessScopes, 1 }),
	},
	{
		Name: "existing-page", Ends: EndsFinished,
		PT:    "Conta existente, encontrada pela página: página → empresa → contas",
		EN:    "An existing account, found by a page: page → business → accounts",
		shape: existing.with(func(s *shape) { s.userToken, s.scopes, s.pages = true, businessScopes, true }),
	},
	{
		Name: "existing-hint", Ends: EndsFinished, signup: signup{event: finish, account: 1},
		PT:    "Conta que nenhuma lista mostra: só com o waba_id informado no pedido (sem ele: nenhuma estratégia)",
		EN:    "An account that no list shows: only with the waba_id given in the request (without it: no strategy)",
		shape: existing.with(func(s *shape) { s.place = placeNowhere }),
	},
	{
		Name: "existing-granular", Ends: EndsFinished,
		PT:    "Conta existente, citada nos escopos granulares do debug_token",
		EN:    "An existing account, named by debug_token's granular scopes",
		shape: existing.with(func(s *shape) { s.place, s.grant = placeNowhere, grantTargets }),
	},
	{
		Name: "granular-drift", Ends: EndsFinished,
		PT:    "Escopos granulares de 2026: a conta aparece só em whatsapp_business_manage_events",
		EN:    "Granular scopes of 2026: the account is named under whatsapp_business_manage_events only",
		shape: existing.with(func(s *shape) { s.place, s.grant = placeNowhere, grantDrift }),
	},
	{
		Name: "large-ids", Ends: EndsFinished,
		PT:    "Ids acima de 2^53, e como números JSON nos escopos granulares",
		EN:    "Ids above 2^53, and as JSON numbers in the granular scopes",
		shape: existing.with(func(s *shape) { s.grant, s.largeIDs = grantAsNumbers, true }),
	},
	{
		Name: "existing-client", Ends: EndsFinished,
		PT:    "Conta existente entre as contas de clientes da empresa",
		EN:    "An existing account among the business's client accounts",
		shape: existing.with(func(s *shape) { s.place = placeClient }),
	},
	{
		Name: "creates-2a", Ends: EndsFinished, shape: creates(OpCreate2A),
		PT: "Nada existe; a estratégia 2A (client_whatsapp_applications) cria a conta",
		EN: "Nothing exists; strategy 2A (client_whatsapp_applications) creates the account",
	},
	{
		Name: "creates-2b", Ends: EndsFinished, shape: creates(OpCreate2B),
		PT: "Nada existe; 2A é recusada e a estratégia 2B (whatsapp_business_accounts) cria a conta",
		EN: "Nothing exists; 2A is refused and strategy 2B (whatsapp_business_accounts) creates the account",
	},
	{
		Name: "creates-2c", Ends: EndsFinished, shape: creates(OpCreate2C),
		PT: "Nada existe; a estratégia 2C (applications) cria a conta",
		EN: "Nothing exists; strategy 2C (applications) creates the account",
	},
	{
		Name: "creates-2d", Ends: EndsFinished, shape: creates(OpCreate2D),
		PT: "Nada existe; a estratégia 2D (fluxo oficial da Meta) cria a conta",
		EN: "Nothing exists; strategy 2D (Meta's official flow) creates the account",
	},
	{
		Name: "found-at-third-poll", Ends: EndsFinished,
		PT:    "2B cria a conta, que só aparece na terceira consulta",
		EN:    "2B creates the account, which shows only at the third look",
		shape: creates(OpCreate2B).with(func(s *shape) { s.showsAfter = 3 }),
	},
	{
		Name: "never-appears", Ends: EndsAwaiting,
		PT:    "2B responde que criou, mas a conta nunca aparece",
		EN:    "2B answers that it created, but the account never shows",
		shape: creates(OpCreate2B).with(func(s *shape) { s.showsAfter = -1 }),
	},
	{
		Name: "all-strategies-fail", Ends: EndsAwaiting,
		PT: "Nada existe e todas as estratégias são recusadas, como a Meta faz hoje",
		EN: "Nothing exists and every strategy is refused, as Meta does today",
	},
	{
		Name: "app-incapable", Ends: EndsAwaiting,
		PT:     "Nada existe e 2B responde que o aplicativo não tem a capacidade (código 3)",
		EN:     "Nothing exists and 2B answers that the app lacks the capability (code 3)",
		faults: scripted(Fault{Ops: []Op{OpCreate2B}, Kind: FaultError, Status: 400, ErrorCode: 3, Message: "(#3) Application does not have the capability to make this API call."}),
	},
	{
		Name: "created-but-unanswered", Ends: EndsFinished, shape: creates(OpCreate2B),
		PT:     "2B cria a conta, mas a conexão cai antes da resposta",
		EN:     "2B creates the account, but the connection is cut before the answer",
		faults: scripted(Fault{Ops: []Op{OpCreate2B}, Kind: FaultUnanswered, Times: 1}),
	},
	{
		Name: "code-expired", Ends: EndsCodeRefused,
		PT:    "O código já expirou (100/36007)",
		EN:    "The code has expired (100/36007)",
		shape: existing.with(func(s *shape) { s.exchange = errCodeExpired() }),
	},
	{
		Name: "code-used", Ends: EndsCodeRefused,
		PT:    "O código já foi usado (100/36009)",
		EN:    "The code was used before (100/36009)",
		shape: existing.with(func(s *shape) { s.exchange = errCodeUsed() }),
	},
	{
		Name: "redirect-mismatch", Ends: EndsMisconfigured,
		PT:    "A redirect_uri não é a do diálogo (100/36008)",
		EN:    "The redirect_uri is not the dialog's (100/36008)",
		shape: existing.with(func(s *shape) { s.exchange = errRedirect() }),
	},
	{
		Name: "wrong-secret", Ends: EndsMisconfigured,
		PT:    "A Meta recusa o segredo do aplicativo (código 1 na troca, sem ser transitório)",
		EN:    "Meta refuses the app secret (code 1 at the exchange, which is not transient there)",
		shape: existing.with(func(s *shape) { s.exchange = errSecret(33) }),
	},
	{
		Name: "exchange-unanswered", Ends: EndsUnknown, shape: existing,
		PT:     "A troca do código é feita, mas a conexão cai antes da resposta: o código está gasto",
		EN:     "The code is exchanged, but the connection is cut before the answer: the code is spent",
		faults: scripted(Fault{Ops: []Op{OpExchange}, Kind: FaultUnanswered, Times: 1}),
	},
	{
		Name: "page-token", Ends: EndsUnsuitable,
		PT:    "O token é de uma página (PAGE), e não da empresa nem de uma pessoa",
		EN:    "The token is a page's (PAGE), and not the business's or a person's",
		shape: existing.with(func(s *shape) { s.tokenType = "PAGE" }),
	},
	{
		Name: "foreign-app", Ends: EndsForeignApp,
		PT:    "O token é de outro aplicativo",
		EN:    "The token belongs to another app",
		shape: existing.with(func(s *shape) { s.foreignApp = true }),
	},
	{
		Name: "permission-missing", Ends: EndsNoPermission,
		PT:    "O usuário não concedeu as permissões do WhatsApp",
		EN:    "The user did not grant the WhatsApp permissions",
		shape: existing.with(func(s *shape) { s.scopes = []string{scopePages, scopePagesRead, scopeProfile} }),
	},
	{
		Name: "permission-denied", Ends: EndsNoPermission, shape: existing,
		PT:     "A Meta recusa a assinatura dos webhooks da conta (200/1349174)",
		EN:     "Meta refuses to subscribe the app to the account (200/1349174)",
		faults: scripted(Fault{Ops: []Op{OpSubscribe}, Kind: FaultError, Status: 403, ErrorCode: 200, ErrorSubcode: 1349174, Message: "(#200) The app is not allowed on this account."}),
	},
	{
		Name: "token-expired", Ends: EndsTokenDead, shape: existing,
		PT: "O token expira logo depois da troca (190/463 na descoberta)",
		EN: "The token expires right after the exchange (190/463 at discovery)",
		faults: scripted(Fault{
			Ops: except(afterExchange, OpDebugToken), Kind: FaultError, Status: 401, ErrorCode: 190, ErrorSubcode: 463,
			Message: "Error validating access token: the session has expired.",
		}),
	},
	{
		Name: "token-invalid", Ends: EndsTokenDead,
		PT:    "debug_token responde 200 com is_valid falso",
		EN:    "debug_token answers 200 with is_valid false",
		shape: existing.with(func(s *shape) { s.dead = true }),
		faults: scripted(Fault{
			Ops: except(afterExchange, OpDebugToken), Kind: FaultError, Status: 401, ErrorCode: 190, ErrorSubcode: 460,
			Message: "Error validating access token: the session has been invalidated.",
		}),
	},
	{
		Name: "blocked", Ends: EndsBlocked, shape: existing,
		PT: "A Meta bloqueou temporariamente o usuário (código 368)",
		EN: "Meta has blocked the user for a time (code 368)",
		faults: scripted(Fault{
			Ops: except(afterExchange, OpDebugToken), Kind: FaultError, Status: 403, ErrorCode: 368,
			Message: "The action attempted has been deemed abusive or is otherwise disallowed.",
		}),
	},
	{
		Name: "meta-down", Ends: EndsMetaDown, shape: existing,
		PT:     "A Meta responde 503 em HTML a tudo, sem parar",
		EN:     "Meta answers 503 in HTML to everything, for ever",
		faults: scripted(Fault{Kind: FaultHTML, Status: http.StatusServiceUnavailable}),
	},
	{
		Name: "meta-down-later", Ends: EndsMetaDown, shape: existing,
		PT:     "A troca funciona; depois dela a Meta responde 503 em HTML, sem parar",
		EN:     "The exchange works; after it Meta answers 503 in HTML, for ever",
		faults: scripted(Fault{Ops: afterExchange, Kind: FaultHTML, Status: http.StatusServiceUnavailable}),
	},
	{
		Name: "meta-flaky", Ends: EndsFinished, shape: existing,
		PT: "Erro transitório (código 2) na primeira chamada de cada operação; depois funciona",
		EN: "A transient error (code 2) at the first call of each operation; then all is well",
		faults: each(afterExchange, Fault{
			Kind: FaultError, Times: 1, Status: 500, ErrorCode: 2, Transient: true,
			Message: "An unexpected error has occurred. Please retry your request later.",
		}),
	},
	{
		Name: "meta-garbled", Ends: EndsFinished, shape: existing,
		PT:     "JSON cortado na primeira resposta de cada leitura; depois funciona",
		EN:     "Truncated JSON in the first answer of each read; then all is well",
		faults: each([]Op{OpDebugToken, OpClientBusiness, OpOwned, OpPhoneNumbers, OpPhone, OpSubscribedApps}, Fault{Kind: FaultTruncated, Times: 1}),
	},
	{
		Name: "slow", Ends: EndsFinished, shape: existing,
		PT:     "Cada resposta da Meta leva 1 segundo",
		EN:     "Each of Meta's answers takes 1 second",
		faults: scripted(Fault{Kind: FaultLatency, LatencyMS: 1000}),
	},
	{
		Name: "paged", Ends: EndsFinished,
		PT: "Muitas empresas, em várias páginas (uma vazia); só a última tem conta, na segunda página",
		EN: "Many businesses over several pages (one empty); only the last has an account, on its second page",
		shape: existing.with(func(s *shape) {
			s.userToken, s.scopes, s.businesses, s.pageCap = true, businessScopes, 23, 10
		}),
	},
	{
		Name: "two-accounts", Ends: EndsActionRequired,
		PT:    "A empresa tem duas contas: alguém precisa escolher",
		EN:    "The business has two accounts: somebody must choose",
		shape: existing.with(func(s *shape) { s.accounts = 2 }),
	},
	{
		Name: "two-numbers", Ends: EndsActionRequired,
		PT:    "A conta tem dois números: alguém precisa escolher",
		EN:    "The account has two numbers: somebody must choose",
		shape: existing.with(func(s *shape) { s.numbers = 2 }),
	},
	{
		Name: "no-number", Ends: EndsActionRequired,
		PT:    "A conta não tem número",
		EN:    "The account has no number",
		shape: existing.with(func(s *shape) { s.numbers = 0 }),
	},
	{
		Name: "number-unverified", Ends: EndsActionRequired,
		PT:    "O número ainda não foi verificado (133006); o código do SMS é " + VerificationCode,
		EN:    "The number is not verified yet (133006); the code of the SMS is " + VerificationCode,
		shape: existing.with(func(s *shape) { s.unverified = true }),
	},
	{
		Name: "pin-mismatch", Ends: EndsActionRequired,
		PT:    "O número já tem PIN de duas etapas (133005); o do dono é " + OwnerPIN,
		EN:    "The number has a two-step PIN already (133005); its owner's is " + OwnerPIN,
		shape: existing.with(func(s *shape) { s.pinSet = true }),
	},
	{
		Name: "register-limit", Ends: EndsActionRequired,
		PT:    "As 10 tentativas de registro em 72 horas acabaram (133016)",
		EN:    "The 10 registrations in 72 hours are used up (133016)",
		shape: existing.with(func(s *shape) { s.spentRegistrations = registerLimit }),
	},
	{
		Name: "registered-but-unanswered", Ends: EndsFinished, shape: existing,
		PT:     "O registro é feito, mas a conexão cai antes da resposta",
		EN:     "The number is registered, but the connection is cut before the answer",
		faults: scripted(Fault{Ops: []Op{OpRegister}, Kind: FaultUnanswered, Times: 1}),
	},
	{
		Name: "already-connected", Ends: EndsFinished,
		PT:    "O número já está conectado à Cloud API: não deve ser registrado de novo",
		EN:    "The number is connected to the Cloud API already: it must not be registered again",
		shape: existing.with(func(s *shape) { s.connected = true }),
	},
	{
		Name: "coexistence", Ends: EndsFinished,
		PT:    "O número é usado também no aplicativo WhatsApp Business: não deve ser registrado",
		EN:    "The number is used by the WhatsApp Business app as well: it must not be registered",
		shape: existing.with(func(s *shape) { s.connected, s.coexistence = true, true }),
	},
	{
		Name: "not-connected-yet", Ends: EndsFinished,
		PT:    "Depois do registro o número ainda aparece PENDING duas vezes",
		EN:    "After the registration the number still reads PENDING twice",
		shape: existing.with(func(s *shape) { s.pendingReads = 2 }),
	},
}

// creates is a business without an account, where op creates one that shows at once.
func creates(op Op) shape { return shape{numbers: 1, creates: op} }
