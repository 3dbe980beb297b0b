package errcode

import (
	"net/http"

	"github.com/waba-platform/onboarding/pkg/event"
)

// inputEntries are the codes with which a run refuses what it is asked for. They
// changed nothing.
var inputEntries = []Entry{
	{
		Code: event.CodeBusy, HTTPStatus: http.StatusConflict, Retryable: true,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"Já há uma conexão em andamento", "Connecting already"},
		text: phrase{
			"Outra conexão deste restaurante está em andamento e precisa terminar antes.",
			"Another connection of this restaurant is under way and has to end first.",
		},
	},
	{
		Code: event.CodeNotInProgress, HTTPStatus: http.StatusConflict,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Nenhuma conexão em andamento", "Nothing under way"},
		text: phrase{
			"Este restaurante não tem uma conexão em andamento.",
			"This restaurant has no connection under way.",
		},
	},
	{
		Code: event.CodeNotPossibleNow, HTTPStatus: http.StatusConflict,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"Não é possível agora", "Not possible now"},
		text: phrase{
			"A conexão não está no ponto em que isso pode ser feito.",
			"The connection does not stand where this can be done.",
		},
	},
	{
		Code: event.CodeTooEarly, HTTPStatus: http.StatusConflict, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionRetry,
		title: phrase{"Ainda é cedo", "Too early"},
		text: phrase{
			"Ainda não é hora de tentar de novo.",
			"It is not time to try again yet.",
		},
	},
	{
		Code: event.CodeCredentialUnknown, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionReauthorize,
		title: phrase{"Autorização desconhecida", "Unknown authorization"},
		text: phrase{
			"A autorização indicada não é deste restaurante, ou já foi cancelada.",
			"The authorization that was named is not this restaurant's, or was withdrawn.",
		},
	},
	{
		Code: event.CodeAlreadyConnected, HTTPStatus: http.StatusConflict,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"Já está conectado", "Connected already"},
		text: phrase{
			"O WhatsApp deste restaurante já está conectado; não há nada a fazer.",
			"This restaurant's WhatsApp is connected already; there is nothing to do.",
		},
	},
	{
		Code: event.CodeNotConnected, HTTPStatus: http.StatusConflict,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Não está conectado", "Not connected"},
		text: phrase{
			"Este restaurante não tem uma conexão a desfazer.",
			"This restaurant has no connection to undo.",
		},
	},
	{
		Code: event.CodeChoiceUnknown, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionChooseNumber,
		title: phrase{"Escolha desconhecida", "Unknown choice"},
		text: phrase{
			"O que foi escolhido não está entre as opções desta conexão.",
			"What was chosen is not among the choices of this connection.",
		},
	},
	{
		Code: event.CodeUnknownInput, HTTPStatus: http.StatusServiceUnavailable, Retryable: true,
		Actor: event.ActorOperator, Action: event.ActionRetry,
		title: phrase{"Sistema em atualização", "Being updated"},
		text: phrase{
			"O sistema está sendo atualizado e ainda não entende este pedido.",
			"The system is being updated and does not understand this request yet.",
		},
	},
	{
		Code: event.CodeNothingToDo, HTTPStatus: http.StatusConflict,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"Nada a mudar", "Nothing to change"},
		text: phrase{
			"Um aviso da Meta foi registrado e não muda nada aqui.",
			"A notice from Meta was recorded, and changes nothing here.",
		},
	},
}
