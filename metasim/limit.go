package metasim

import "net/http"

// limitScenarios are the ways in which Meta says that a limit is reached. A limit of
// the app touches every code, so that whatever else is under way waits too.
var limitScenarios = []Scenario{
	{
		Name: "rate-limited", Ends: EndsRateLimited, shape: existing,
		PT: "Limite de chamadas do aplicativo (código 4), 1 minuto, duas vezes: todos os restaurantes esperam",
		EN: "The app's call limit (code 4), 1 minute, twice: every restaurant waits",
		faults: scripted(Fault{
			Ops: afterExchange, Kind: FaultError, Times: 2, Status: 400, ErrorCode: 4, RegainMinutes: 1,
			Message: "(#4) Application request limit reached",
		}),
	},
	{
		Name: "exchange-rate-limited", Ends: EndsCodeRefused, shape: existing,
		PT: "Limite de chamadas do aplicativo (código 4) já na troca do código, 1 minuto: é preciso começar de novo depois",
		EN: "The app's call limit (code 4) at the exchange of the code already, 1 minute: it must be started again later",
		faults: scripted(Fault{
			Ops: []Op{OpExchange}, Kind: FaultError, Times: 1, Status: 400, ErrorCode: 4, RetryAfter: 60,
			Message: "(#4) Application request limit reached",
		}),
	},
	{
		Name: "account-rate-limited", Ends: EndsRateLimited, shape: existing,
		PT: "Limite de chamadas da conta (80007), 1 minuto, duas vezes: só este restaurante espera",
		EN: "The account's call limit (80007), 1 minute, twice: this restaurant alone waits",
		faults: scripted(Fault{
			Ops: []Op{OpPhoneNumbers}, Kind: FaultError, Times: 2, Status: 400, ErrorCode: 80007, ErrorSubcode: 2446079,
			RegainMinutes: 1, Message: "(#80007) There have been too many calls to this WhatsApp Business account.",
		}),
	},
	{
		Name: "account-limit-unsaid", Ends: EndsRateLimited, shape: existing,
		PT: "Limite da conta (80008) sem dizer até quando: espera 30 minutos",
		EN: "The account's limit (80008) without saying until when: it waits 30 minutes",
		faults: scripted(Fault{
			Ops: []Op{OpPhoneNumbers}, Kind: FaultError, Times: 1, Status: 400, ErrorCode: 80008,
			Message: "(#80008) There have been too many calls to this WhatsApp Business account.",
		}),
	},
	{
		Name: "number-rate-limited", Ends: EndsRateLimited, shape: existing,
		PT: "Limite do número (130429) no registro, sem dizer até quando",
		EN: "The number's limit (130429) at its registration, without saying until when",
		faults: scripted(Fault{
			Ops: []Op{OpRegister}, Kind: FaultError, Times: 1, Status: http.StatusTooManyRequests, ErrorCode: 130429,
			Message: "(#130429) Rate limit hit",
		}),
	},
	{
		Name: "user-rate-limited", Ends: EndsRateLimited, shape: existing,
		PT: "Limite de quem autorizou (código 17), 2 minutos: os outros continuam",
		EN: "The limit of who has authorized (code 17), 2 minutes: the others go on",
		faults: scripted(Fault{
			Ops: []Op{OpClientBusiness}, Kind: FaultError, Times: 1, Status: 400, ErrorCode: 17, ErrorSubcode: 2446079,
			RegainMinutes: 2, Message: "(#17) User request limit reached",
		}),
	},
	{
		Name: "retry-after", Ends: EndsRateLimited, shape: existing,
		PT: "429 em HTML, com Retry-After em data de HTTP, daqui a 90 segundos: todos esperam",
		EN: "429 in HTML, with a Retry-After as an HTTP date, in 90 seconds: everyone waits",
		faults: scripted(Fault{
			Ops: []Op{OpOwned}, Kind: FaultHTML, Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 90, RetryAfterDate: true,
		}),
	},
	{
		Name: "usage-full", Ends: EndsFinished, shape: existing,
		PT:     "O cabeçalho X-App-Usage chega a 100 % antes de qualquer erro: todos esperam 5 minutos",
		EN:     "The header X-App-Usage reaches 100 % before any error: everyone waits 5 minutes",
		faults: scripted(Fault{Ops: []Op{OpDebugToken}, Kind: FaultUsage, Times: 1, AppUsage: 100}),
	},
	{
		Name: "account-usage-full", Ends: EndsFinished, shape: existing,
		PT:     "O cabeçalho da conta chega a 100 %, 2 minutos, antes de qualquer erro: só este restaurante espera",
		EN:     "The account's header reaches 100 %, 2 minutes, before any error: this restaurant alone waits",
		faults: scripted(Fault{Ops: []Op{OpPhoneNumbers}, Kind: FaultUsage, Times: 1, RegainMinutes: 2}),
	},
}
