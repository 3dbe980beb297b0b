package errcode

import (
	"net/http"

	"github.com/waba-platform/onboarding/pkg/event"
)

// requestEntries are the codes with which a request is refused at the door.
var requestEntries = []Entry{
	{
		Code: InvalidInput, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Dados incorretos", "Wrong data"},
		text: phrase{
			"Os dados enviados estão incompletos ou incorretos.",
			"The data that was sent is incomplete or incorrect.",
		},
	},
	{
		Code: BodyTooLarge, HTTPStatus: http.StatusRequestEntityTooLarge,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Dados demais", "Too much data"},
		text: phrase{
			"Os dados enviados são maiores do que o permitido.",
			"The data that was sent is larger than allowed.",
		},
	},
	{
		Code: MethodNotAllowed, HTTPStatus: http.StatusMethodNotAllowed,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Operação não permitida", "Operation not allowed"},
		text: phrase{
			"Este endereço não aceita esta operação.",
			"This address does not take this operation.",
		},
	},
	{
		Code: Unauthenticated, HTTPStatus: http.StatusUnauthorized,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Acesso não identificado", "Access not identified"},
		text: phrase{
			"Não foi possível confirmar quem está fazendo este pedido.",
			"It could not be confirmed who makes this request.",
		},
	},
	{
		Code: Forbidden, HTTPStatus: http.StatusForbidden,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Acesso não permitido", "Access not allowed"},
		text: phrase{
			"Quem fez este pedido não tem permissão para isso.",
			"Whoever made this request may not do this.",
		},
	},
	{
		Code: NotFound, HTTPStatus: http.StatusNotFound,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Não encontrado", "Not found"},
		text: phrase{
			"O que foi pedido não existe, ou não está disponível para você.",
			"What was asked for does not exist, or is not available to you.",
		},
	},
	{
		Code: NoSuchRun, HTTPStatus: http.StatusNotFound,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Conexão não iniciada", "Connection not started"},
		text: phrase{
			"Este restaurante ainda não começou a conectar o WhatsApp.",
			"This restaurant has not begun to connect its WhatsApp yet.",
		},
	},
	{
		Code: StateUnknown, HTTPStatus: http.StatusForbidden,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Pedido não reconhecido", "Request not recognized"},
		text: phrase{
			"Esta conexão não foi iniciada por aqui, e por segurança não foi aceita.",
			"This connection was not started here, and was not accepted for safety.",
		},
	},
	{
		Code: StateUsed, HTTPStatus: http.StatusForbidden,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Pedido já usado", "Request already used"},
		text: phrase{
			"Este pedido de conexão já foi usado, e cada um vale uma única vez.",
			"This request to connect has been used, and each one works only once.",
		},
	},
	{
		Code: StateExpired, HTTPStatus: http.StatusForbidden,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Pedido expirado", "Request expired"},
		text: phrase{
			"Passou tempo demais desde o início desta conexão.",
			"Too much time has passed since this connection was started.",
		},
	},
	{
		Code: StateForeign, HTTPStatus: http.StatusForbidden,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Pedido de outro restaurante", "Request of another restaurant"},
		text: phrase{
			"Esta conexão foi iniciada para outro restaurante, e por segurança não foi aceita.",
			"This connection was started for another restaurant, and was not accepted for safety.",
		},
	},
	{
		Code: AccessDenied, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Acesso não autorizado", "Access not granted"},
		text: phrase{
			"O acesso foi recusado na tela da Meta, e sem ele o WhatsApp não pode ser conectado.",
			"Access was refused on Meta's page, and without it WhatsApp cannot be connected.",
		},
	},
	{
		Code: ReturnURLRefused, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Endereço de retorno não permitido", "Return address not allowed"},
		text: phrase{
			"O endereço para onde voltar no fim da conexão não está na lista dos permitidos.",
			"The address to return to after connecting is not on the list of those allowed.",
		},
	},
	{
		Code: DialogNotConfigured, HTTPStatus: http.StatusNotImplemented,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Não é possível começar por aqui", "Cannot be started here"},
		text: phrase{
			"Falta, na nossa configuração, o endereço para onde a Meta leva de volta.",
			"Our configuration lacks the address to which Meta leads back.",
		},
	},
	{
		Code: IdempotencyConflict, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Pedido repetido com outros dados", "Request repeated with other data"},
		text: phrase{
			"Um pedido com a mesma identificação já foi feito, com dados diferentes.",
			"A request of the same name was made before, with other data.",
		},
	},
	{
		Code: TooManyRequests, HTTPStatus: http.StatusTooManyRequests, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionRetry,
		title: phrase{"Pedidos demais", "Too many requests"},
		text: phrase{
			"Foram feitos pedidos demais em pouco tempo.",
			"Too many requests were made in a short time.",
		},
	},
	{
		Code: BusUnavailable, HTTPStatus: http.StatusServiceUnavailable, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionRetry,
		title: phrase{"Serviço indisponível", "Service not available"},
		text: phrase{
			"O serviço está fora do ar no momento. Nada foi perdido nem iniciado.",
			"The service is not available at the moment. Nothing was lost or begun.",
		},
	},
	{
		Code: DatabaseUnavailable, HTTPStatus: http.StatusServiceUnavailable, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionRetry,
		title: phrase{"Serviço indisponível", "Service not available"},
		text: phrase{
			"O serviço não consegue guardar dados no momento. Nada foi perdido nem iniciado.",
			"The service cannot store data at the moment. Nothing was lost or begun.",
		},
	},
	{
		Code: Internal, HTTPStatus: http.StatusInternalServerError,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Erro do nosso lado", "A fault on our side"},
		text: phrase{
			"Aconteceu um erro do nosso lado que ninguém previu.",
			"A fault happened on our side that nobody foresaw.",
		},
	},
	{
		Code: WebhookUnsigned, HTTPStatus: http.StatusUnauthorized,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Aviso sem assinatura válida", "Notice without a valid signature"},
		text: phrase{
			"Um aviso chegou sem a assinatura da Meta, e por segurança não foi aceito.",
			"A notice came without Meta's signature, and was not accepted for safety.",
		},
	},
	{
		Code: SignedRequestInvalid, HTTPStatus: http.StatusBadRequest,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Pedido sem assinatura válida", "Request without a valid signature"},
		text: phrase{
			"Um pedido chegou sem a assinatura da Meta, e por segurança não foi aceito.",
			"A request came without Meta's signature, and was not accepted for safety.",
		},
	},
	{
		Code: WebhookUnconfigured, HTTPStatus: http.StatusServiceUnavailable, Retryable: true,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Avisos da Meta desligados", "Meta's notices are off"},
		text: phrase{
			"Falta, na nossa configuração, o segredo com que se conferem os avisos da Meta.",
			"Our configuration lacks the secret by which Meta's notices are checked.",
		},
	},
}
