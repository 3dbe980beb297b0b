package metasim

// ThenDisconnect asks, in [Scenario.Then], that the restaurant is disconnected once it
// is connected.
const ThenDisconnect = "disconnect"

// disconnectScenarios are the ways in which Meta takes it that a restaurant leaves.
var disconnectScenarios = []Scenario{
	{
		Name: "disconnect", Ends: EndsFinished, Then: ThenDisconnect, shape: existing,
		PT: "Conecta e depois desconecta: número, aviso e token são desfeitos",
		EN: "Connects, and then disconnects: number, subscription and token are undone",
	},
	{
		Name: "disconnect-refused", Ends: EndsFinished, Then: ThenDisconnect, shape: existing,
		PT:     "Conecta e depois desconecta; a Meta recusa tirar o número (200/1349174), que fica na lista do que sobrou",
		EN:     "Connects, and then disconnects; Meta refuses to deregister the number (200/1349174), which is listed as left",
		faults: scripted(Fault{Ops: []Op{OpDeregister}, Kind: FaultError, Status: 403, ErrorCode: 200, ErrorSubcode: 1349174, Message: "(#200) The app is not allowed on this account."}),
	},
	{
		Name: "disconnect-token-dead", Ends: EndsFinished, Then: ThenDisconnect, shape: existing,
		PT: "Conecta e depois desconecta; o token já morreu (190/463): nada mais é pedido à Meta",
		EN: "Connects, and then disconnects; the token is dead by then (190/463): nothing more is asked of Meta",
		faults: scripted(Fault{
			Ops: []Op{OpDeregister, OpUnsubscribe}, Kind: FaultError, Status: 401, ErrorCode: 190, ErrorSubcode: 463,
			Message: "Error validating access token: the session has expired.",
		}),
	},
	{
		Name: "disconnect-unanswered", Ends: EndsFinished, Then: ThenDisconnect, shape: existing,
		PT:     "Conecta e depois desconecta; a Meta tira o número, mas a conexão cai antes da resposta",
		EN:     "Connects, and then disconnects; Meta deregisters the number, but the connection is cut before the answer",
		faults: scripted(Fault{Ops: []Op{OpDeregister}, Kind: FaultUnanswered, Times: 1}),
	},
}
