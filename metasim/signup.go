package metasim

// ThenChoose asks, in [Scenario.Then], that the last of what the run offers is chosen.
const ThenChoose = "choose"

// Signup is what Embedded Signup tells the page that opened it, beside the code. What
// it does not name is empty. Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
type Signup struct {
	Event    string `json:"event"` // FINISH and its kinds
	WABA     string `json:"waba_id,omitempty"`
	Phone    string `json:"phone_number_id,omitempty"`
	Business string `json:"business_id,omitempty"`
}

// signup is what a scenario's message names: accounts of the business and numbers of
// the account, counted from 1, of which there may be none with this count; 0: none.
type signup struct {
	event    string
	account  int
	number   int
	business bool
}

// Signup returns the message that comes with a code of the scenario; the zero value
// where none does.
func (s Scenario) Signup(code string) Signup {
	message := Signup{Event: s.signup.event}
	id := func(kind nodeKind, i int) string { return idText(seedOf(code).id(kind, i, s.shape.largeIDs)) }
	if s.signup.account > 0 {
		message.WABA = id(kindWABA, s.signup.account-1)
	}
	if s.signup.number > 0 {
		message.Phone = id(kindPhone, (s.signup.account-1)*10+s.signup.number-1)
	}
	if s.signup.business {
		message.Business = id(kindBusiness, 0)
	}
	return message
}

const finish = "FINISH"

// signupScenarios are the ways in which Embedded Signup can end, and choices.
var signupScenarios = []Scenario{
	{
		Name: "signup-finish", Ends: EndsFinished, signup: signup{finish, 2, 2, true},
		PT:    "Embedded Signup (FINISH): duas contas com dois números cada; o aviso diz qual número é",
		EN:    "Embedded Signup (FINISH): two accounts with two numbers each; the message says which number it is",
		shape: existing.with(func(s *shape) { s.accounts, s.numbers = 2, 2 }),
	},
	{
		Name: "signup-only-waba", Ends: EndsActionRequired, signup: signup{finish + "_ONLY_WABA", 1, 0, true},
		PT:    "Embedded Signup sem número (FINISH_ONLY_WABA): falta adicionar um",
		EN:    "Embedded Signup without a number (FINISH_ONLY_WABA): one has to be added",
		shape: existing.with(func(s *shape) { s.numbers = 0 }),
	},
	{
		Name: "signup-coexistence", Ends: EndsFinished, signup: signup{finish + "_WHATSAPP_BUSINESS_APP_ONBOARDING", 1, 0, false},
		PT:    "Embedded Signup com o aplicativo WhatsApp Business (só o waba_id é dito): o número não deve ser registrado",
		EN:    "Embedded Signup with the WhatsApp Business app (only waba_id is told): the number must not be registered",
		shape: existing.with(func(s *shape) { s.connected, s.coexistence, s.place = true, true, placeNowhere }),
	},
	{
		Name: "signup-app-only", Ends: EndsFinished, signup: signup{event: finish + "_GRANT_ONLY_API_ACCESS"},
		PT:    "Embedded Signup só com acesso à API (FINISH_GRANT_ONLY_API_ACCESS): nenhum id é dito; a conta está nos escopos granulares, e o número já está conectado",
		EN:    "Embedded Signup with API access only (FINISH_GRANT_ONLY_API_ACCESS): no id is told; the account is in the granular scopes, and the number is connected already",
		shape: existing.with(func(s *shape) { s.connected, s.place, s.grant = true, placeNowhere, grantTargets }),
	},
	{
		Name: "signup-number-elsewhere", Ends: EndsHintRefused, shape: existing, signup: signup{finish, 1, 9, true},
		PT: "O aviso do Embedded Signup diz um número que a conta não tem: nenhum outro é usado no lugar",
		EN: "Embedded Signup's message names a number that the account does not have: no other is used instead",
	},
	{
		Name: "signup-account-elsewhere", Ends: EndsHintRefused, shape: existing, signup: signup{finish, 9, 1, true},
		PT: "O aviso do Embedded Signup diz uma conta que o token não vê: nenhuma outra é usada no lugar",
		EN: "Embedded Signup's message names an account that the token cannot see: no other is used instead",
	},
	{
		Name: "two-numbers-chosen", Ends: EndsActionRequired, Then: ThenChoose,
		PT:    "A conta tem dois números; o segundo é escolhido e conectado, com o mesmo token",
		EN:    "The account has two numbers; the second is chosen and connected, with the same token",
		shape: existing.with(func(s *shape) { s.numbers = 2 }),
	},
	{
		Name: "two-accounts-chosen", Ends: EndsActionRequired, Then: ThenChoose,
		PT:    "A empresa tem duas contas; a segunda é escolhida e conectada, com o mesmo token",
		EN:    "The business has two accounts; the second is chosen and connected, with the same token",
		shape: existing.with(func(s *shape) { s.accounts = 2 }),
	},
}
