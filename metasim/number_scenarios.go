package metasim

// numberScenarios are the ways in which a number, or the subscription to its account,
// can stand at Meta.
var numberScenarios = []Scenario{
	{
		Name: "sandbox", Ends: EndsFinished,
		PT:    "Número de teste da Meta (SANDBOX): não deve ser registrado",
		EN:    "One of Meta's test numbers (SANDBOX): it must not be registered",
		shape: says(existing.with(func(s *shape) { s.connected = true }), 0, "account_mode", "SANDBOX"),
	},
	{
		Name: "number-restricted", Ends: EndsActionRequired,
		PT:    "O número está registrado, e limitado pela Meta (RESTRICTED): não deve ser registrado de novo",
		EN:    "The number is registered, and held back by Meta (RESTRICTED): it must not be registered again",
		shape: says(existing.with(func(s *shape) { s.connected = true }), 0, "status", "RESTRICTED"),
	},
	{
		Name: "number-banned", Ends: EndsActionRequired,
		PT:    "O número foi banido (BANNED)",
		EN:    "The number is banned (BANNED)",
		shape: says(existing, 0, "status", "BANNED"),
	},
	{
		Name: "number-unclear", Ends: EndsActionRequired,
		PT:    "A situação do número é uma palavra que ninguém conhece: nada é feito com ele",
		EN:    "The number's status is a word that nobody knows: nothing is done with it",
		shape: says(existing, 0, "status", "TELEPORTING"),
	},
	{
		Name: "number-unclear-at-first", Ends: EndsFinished,
		PT:    "A plataforma do número é uma palavra desconhecida nas três primeiras leituras",
		EN:    "The number's platform is an unknown word for the first three looks",
		shape: says(existing, 3, "platform_type", "QUANTUM_API"),
	},
	{
		Name: "name-under-review", Ends: EndsActionRequired,
		PT:    "O número é registrado, mas só será conectado quando o nome de exibição for aprovado (PENDING_REVIEW)",
		EN:    "The number is registered, and will be connected only when its display name is approved (PENDING_REVIEW)",
		shape: says(existing, 0, "status", "PENDING", "name_status", "PENDING_REVIEW"),
	},
	{
		Name: "name-declined", Ends: EndsActionRequired,
		PT:    "O número é registrado, mas o nome de exibição foi recusado (DECLINED)",
		EN:    "The number is registered, and its display name was declined (DECLINED)",
		shape: says(existing, 0, "status", "PENDING", "name_status", "DECLINED"),
	},
	{
		Name: "code-refused", Ends: EndsActionRequired,
		PT:    "O número não está verificado, e a Meta não envia código (136024)",
		EN:    "The number is not verified, and Meta sends no code (136024)",
		shape: existing.with(func(s *shape) { s.unverified = true }),
		faults: scripted(Fault{
			Ops: []Op{OpRequestCode}, Kind: FaultError, ErrorCode: 136024, Message: "(#136024) Request code error",
			Details: "a code cannot be sent to this number now",
		}),
	},
	{
		Name: "pin-locked", Ends: EndsActionRequired, shape: existing,
		PT: "PINs errados demais foram tentados (133008): é preciso esperar, e informar o PIN certo",
		EN: "Too many wrong PINs were tried (133008): wait, and give the right PIN",
		faults: scripted(Fault{
			Ops: []Op{OpRegister}, Kind: FaultError, Times: 1, ErrorCode: 133008, Message: "(#133008) Too many two step verification PIN guesses",
			Details: "wait 12 hours",
		}),
	},
	{
		Name: "recently-deleted", Ends: EndsActionRequired, shape: existing,
		PT: "A Meta ainda está removendo o número de onde ele estava (133015): espera 5 minutos",
		EN: "Meta is still removing the number from where it was (133015): it waits 5 minutes",
		faults: scripted(Fault{
			Ops: []Op{OpRegister}, Kind: FaultError, Times: 1, ErrorCode: 133015, Message: "(#133015) Please wait a few minutes",
			Details: "the number was deleted recently",
		}),
	},
	{
		Name: "already-subscribed", Ends: EndsFinished,
		PT:    "Nosso aplicativo já recebe os avisos da conta: nada é pedido de novo",
		EN:    "Our app receives the account's notices already: nothing is asked for again",
		shape: existing.with(func(s *shape) { s.subscribed = true }),
	},
	{
		Name: "other-app-subscribed", Ends: EndsFinished,
		PT:    "Outro aplicativo recebe os avisos da conta: ele fica como está, e o nosso é acrescentado",
		EN:    "Another app receives the account's notices: it is left alone, and ours is added",
		shape: existing.with(func(s *shape) { s.otherApp = true }),
	},
}

// says has a number's fields say something else for the first looks at it; 0: for ever.
func says(s shape, looks int, pairs ...string) shape {
	s.words, s.wordsReads = map[string]string{}, looks
	for i := 0; i < len(pairs); i += 2 {
		s.words[pairs[i]] = pairs[i+1]
	}
	return s
}

// words returns what the fields of a number say instead of what is true, in the look
// that is being executed.
func (w *world) words() map[string]string {
	shape := &w.scenario.shape
	if looks := int(w.calls[OpPhoneNumbers] + w.calls[OpPhone]); shape.wordsReads > 0 && looks >= shape.wordsReads {
		return nil
	}
	return shape.words
}
