package errcode

import (
	"net/http"

	"github.com/waba-platform/onboarding/pkg/event"
)

// runEntries are the codes that a run ends or rests with.
var runEntries = []Entry{
	{
		Code: event.CodeCodeExpired, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização expirada", "Authorization expired"},
		text: phrase{
			"O tempo para concluir a autorização na Meta acabou antes que ela pudesse ser usada.",
			"The authorization given at Meta ran out before it could be used.",
		},
	},
	{
		Code: event.CodeCodeUsed, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização já usada", "Authorization already used"},
		text: phrase{
			"Esta autorização já foi usada, e cada uma vale uma única vez.",
			"This authorization has been used, and each one works only once.",
		},
	},
	{
		Code: event.CodeCodeRefused, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização recusada", "Authorization refused"},
		text: phrase{
			"A Meta não aceitou esta autorização.",
			"Meta did not accept this authorization.",
		},
	},
	{
		Code: event.CodeRedirectMismatch, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Endereço de retorno incorreto", "Wrong return address"},
		text: phrase{
			"O endereço de retorno da conexão não é o que a Meta conhece.",
			"The return address of the connection is not the one that Meta knows.",
		},
	},
	{
		Code: event.CodeAppSecretInvalid, HTTPStatus: http.StatusInternalServerError,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Nossa configuração está errada", "Our configuration is wrong"},
		text: phrase{
			"A Meta não reconheceu o nosso aplicativo. O problema é nosso, e não seu.",
			"Meta did not recognize our application. The fault is ours, not yours.",
		},
	},
	{
		Code: event.CodeExchangeUnanswered, HTTPStatus: http.StatusBadGateway,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"A Meta não respondeu", "Meta did not answer"},
		text: phrase{
			"A Meta recebeu a autorização, mas não respondeu. Como ela só vale uma vez, não pode ser enviada de novo.",
			"Meta received the authorization and did not answer. Since it works only once, it cannot be sent again.",
		},
	},
	{
		Code: event.CodeExchangeUnavailable, HTTPStatus: http.StatusBadGateway,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"A Meta está fora do ar", "Meta is not available"},
		text: phrase{
			"Não foi possível falar com a Meta enquanto a autorização valia.",
			"Meta could not be reached while the authorization was good.",
		},
	},
	{
		Code: event.CodeSecretGone, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização descartada", "Authorization discarded"},
		text: phrase{
			"A autorização esperou demais e foi apagada por segurança.",
			"The authorization waited too long and was erased for safety.",
		},
	},
	{
		Code: event.CodeTokenAppMismatch, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização de outro aplicativo", "Authorization of another application"},
		text: phrase{
			"A autorização recebida foi dada a outro aplicativo.",
			"The authorization that came was given to another application.",
		},
	},
	{
		Code: event.CodeTokenUnsuitable, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Autorização de outro tipo", "Authorization of another kind"},
		text: phrase{
			"A autorização recebida é de uma página ou de um aplicativo, e não da empresa.",
			"The authorization that came is that of a page or of an application, and not of the business.",
		},
	},
	{
		Code: event.CodeTokenInvalid, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionReauthorize,
		title: phrase{"Autorização sem validade", "Authorization no longer valid"},
		text: phrase{
			"A autorização dada na Meta não vale mais.",
			"The authorization given at Meta is no longer valid.",
		},
	},
	{
		Code: event.CodePermissionMissing, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionGrantPermissions,
		title: phrase{"Faltam permissões", "Permissions are missing"},
		text: phrase{
			"Faltam permissões para cuidar do WhatsApp desta empresa.",
			"Permissions to look after this business's WhatsApp are missing.",
		},
	},
	{
		Code: event.CodeAppNotPermitted, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionFixConfiguration,
		title: phrase{"Nosso aplicativo não tem acesso", "Our application has no access"},
		text: phrase{
			"A Meta ainda não permite que o nosso aplicativo faça isso.",
			"Meta does not allow our application to do this yet.",
		},
	},
	{
		Code: event.CodeRateLimited, HTTPStatus: http.StatusServiceUnavailable, Retryable: true,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"A Meta pediu uma pausa", "Meta asked for a pause"},
		text: phrase{
			"A Meta limitou as nossas consultas por algum tempo.",
			"Meta has limited our requests for a time.",
		},
	},
	{
		Code: event.CodeBlocked, HTTPStatus: http.StatusServiceUnavailable,
		Actor: event.ActorRestaurant, Action: event.ActionResolveBlock,
		title: phrase{"Bloqueio da Meta", "Blocked by Meta"},
		text: phrase{
			"A Meta bloqueou esta conta, ou quem a autorizou, por algum tempo.",
			"Meta has blocked this account, or whoever authorized it, for a time.",
		},
	},
	{
		Code: event.CodeMetaUnavailable, HTTPStatus: http.StatusBadGateway, Retryable: true,
		Actor: event.ActorOperator, Action: event.ActionRetry,
		title: phrase{"A Meta está fora do ar", "Meta is not available"},
		text: phrase{
			"A Meta não respondeu como devia, mesmo depois de várias tentativas.",
			"Meta did not answer as it should, even after several tries.",
		},
	},
	{
		Code: event.CodeMetaRefused, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"A Meta recusou o pedido", "Meta refused the request"},
		text: phrase{
			"A Meta recusou um passo da conexão por um motivo que não sabemos resolver sozinhos.",
			"Meta refused a step of the connection for a reason that we cannot settle by ourselves.",
		},
	},
	{
		Code: event.CodeWabaNotGranted, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Conta não autorizada", "Account not authorized"},
		text: phrase{
			"A autorização não inclui a conta do WhatsApp, ou a empresa, que foi indicada.",
			"The authorization does not include the WhatsApp account, or the business, that was named.",
		},
	},
	{
		Code: event.CodeWabaNotCreated, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionCreateWaba,
		title: phrase{"Falta criar a conta do WhatsApp", "The WhatsApp account has to be created"},
		text: phrase{
			"A empresa ainda não tem conta do WhatsApp Business, e a Meta não deixou que nós a criássemos.",
			"The business has no WhatsApp Business account yet, and Meta did not let us create one.",
		},
	},
	{
		Code: event.CodeWabaNotVisible, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorRestaurant, Action: event.ActionCreateWaba,
		title: phrase{"A conta do WhatsApp não apareceu", "The WhatsApp account did not show"},
		text: phrase{
			"Procuramos a conta do WhatsApp Business várias vezes, e ela ainda não apareceu na Meta.",
			"We looked for the WhatsApp Business account several times, and it does not show at Meta yet.",
		},
	},
	{
		Code: event.CodeWabaChoice, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionChooseWaba,
		title: phrase{"Mais de uma conta do WhatsApp", "More than one WhatsApp account"},
		text: phrase{
			"A empresa tem mais de uma conta do WhatsApp Business.",
			"The business has more than one WhatsApp Business account.",
		},
	},
	{
		Code: event.CodePhoneChoice, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionChooseNumber,
		title: phrase{"Mais de um número", "More than one number"},
		text: phrase{
			"A conta do WhatsApp tem mais de um número de telefone.",
			"The WhatsApp account has more than one phone number.",
		},
	},
	{
		Code: event.CodePhoneMissing, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionAddNumber,
		title: phrase{"Falta um número", "A number is missing"},
		text: phrase{
			"A conta do WhatsApp ainda não tem número de telefone.",
			"The WhatsApp account has no phone number yet.",
		},
	},
	{
		Code: event.CodePhoneNotInWaba, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Número de outra conta", "Number of another account"},
		text: phrase{
			"O número indicado não pertence à conta do WhatsApp que foi autorizada.",
			"The number that was named is not one of the WhatsApp account that was authorized.",
		},
	},
	{
		Code: event.CodeNumberDiffers, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Outro número", "Another number"},
		text: phrase{
			"Este restaurante já está conectado com outro número, e continua com ele. Para trocar de número, desconecte antes.",
			"This restaurant is connected with another number already, and keeps it. To change the number, disconnect first.",
		},
	},
	{
		Code: event.CodePhoneConflict, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionContactSupport,
		title: phrase{"Número de outro restaurante", "Number of another restaurant"},
		text: phrase{
			"Este número já está ligado a outro restaurante, e cada número atende um só.",
			"This number is connected to another restaurant already, and each number serves only one.",
		},
	},
	{
		Code: event.CodePhoneNotVerified, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionVerifyNumber,
		title: phrase{"Número não verificado", "Number not verified"},
		text: phrase{
			"A Meta ainda não confirmou que o número é seu.",
			"Meta has not confirmed yet that the number is yours.",
		},
	},
	{
		Code: event.CodePhoneCodeAwaited, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionEnterCode,
		title: phrase{"Digite o código", "Type the code"},
		text: phrase{
			"Pedimos à Meta que envie um código de seis dígitos ao número.",
			"We have asked Meta to send a code of six digits to the number.",
		},
	},
	{
		Code: event.CodePhoneCodeWrong, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionEnterCode,
		title: phrase{"Código não aceito", "Code not accepted"},
		text: phrase{
			"A Meta não aceitou o código: ele está errado ou já expirou.",
			"Meta did not accept the code: it is wrong, or has expired.",
		},
	},
	{
		Code: event.CodePhoneCodeRefused, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionVerifyNumber,
		title: phrase{"O código não foi enviado", "The code was not sent"},
		text: phrase{
			"A Meta não quis enviar um código a este número agora.",
			"Meta would not send a code to this number now.",
		},
	},
	{
		Code: event.CodePhonePinLocked, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionProvidePin,
		title: phrase{"PIN bloqueado por um tempo", "PIN locked for a time"},
		text: phrase{
			"Foram tentados PINs errados demais ou rápido demais, e a Meta bloqueou novas tentativas por um tempo.",
			"Too many wrong PINs were tried, or too fast, and Meta takes none for a time.",
		},
	},
	{
		Code: event.CodePhoneBeingDeleted, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorMeta, Action: event.ActionWait,
		title: phrase{"Número em remoção", "Number being removed"},
		text: phrase{
			"A Meta ainda está removendo o número de onde ele estava antes; a conexão continua sozinha depois disso.",
			"Meta is still removing the number from where it was before; connecting goes on by itself after that.",
		},
	},
	{
		Code: event.CodePhonePinMismatch, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionProvidePin,
		title: phrase{"O número já tem um PIN", "The number has a PIN already"},
		text: phrase{
			"O número está protegido por um PIN de confirmação em duas etapas que nós não conhecemos.",
			"The number is protected by a two-step verification PIN that we do not know.",
		},
	},
	{
		Code: event.CodePhoneRegisterLimit, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorMeta, Action: event.ActionWait,
		title: phrase{"Tentativas demais com o número", "Too many tries with the number"},
		text: phrase{
			"A Meta limita quantas vezes um número pode ser registrado, e o limite foi atingido.",
			"Meta limits how often a number can be registered, and the limit has been reached.",
		},
	},
	{
		Code: event.CodePhoneNotConnected, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorMeta, Action: event.ActionWait,
		title: phrase{"Número ainda não conectado", "Number not connected yet"},
		text: phrase{
			"O número foi registrado, mas a Meta ainda não o mostra como conectado.",
			"The number has been registered, and Meta does not show it as connected yet.",
		},
	},
	{
		Code: event.CodePhoneRestricted, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorMeta, Action: event.ActionWait,
		title: phrase{"Número limitado pela Meta", "Number held back by Meta"},
		text: phrase{
			"A Meta limitou este número, e por enquanto ele não pode ser conectado.",
			"Meta holds this number back, and it cannot be connected for now.",
		},
	},
	{
		Code: event.CodePhoneNameReview, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorMeta, Action: event.ActionWait,
		title: phrase{"Nome em análise", "Name under review"},
		text: phrase{
			"A Meta ainda está analisando o nome de exibição deste número; a conexão continua quando ele for aprovado.",
			"Meta is still reviewing the display name of this number; connecting goes on when it is approved.",
		},
	},
	{
		Code: event.CodePhoneNameDeclined, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorRestaurant, Action: event.ActionChangeName,
		title: phrase{"Nome não aprovado", "Name not approved"},
		text: phrase{
			"A Meta não aprovou o nome de exibição deste número.",
			"Meta has not approved the display name of this number.",
		},
	},
	{
		Code: event.CodeMetaUnclear, HTTPStatus: http.StatusAccepted,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"A resposta da Meta não é clara", "Meta's answer is not clear"},
		text: phrase{
			"A Meta respondeu de um jeito que ainda não conhecemos, e por segurança nada foi feito.",
			"Meta answered in a way that we do not know yet, and nothing was done, for safety.",
		},
	},
	{
		Code: event.CodeAppNotSubscribed, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Avisos da Meta não ativados", "Meta's notices not switched on"},
		text: phrase{
			"A Meta ainda não confirmou que vai nos avisar das mensagens desta conta.",
			"Meta has not confirmed yet that it will tell us of this account's messages.",
		},
	},
	{
		Code: event.CodeStrategyWindowClosed, HTTPStatus: http.StatusAccepted, Retryable: true,
		Actor: event.ActorAutomatic, Action: event.ActionWait,
		title: phrase{"Tempo esgotado", "Out of time"},
		text: phrase{
			"Uma das formas de criar a conta passou do tempo, e a próxima será tentada.",
			"One way of creating the account ran out of time, and the next one will be tried.",
		},
	},
	{
		Code: event.CodeCancelled, HTTPStatus: http.StatusConflict,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Conexão cancelada", "Connection cancelled"},
		text: phrase{
			"A conexão foi cancelada antes de terminar.",
			"Connecting was cancelled before it was finished.",
		},
	},
	{
		Code: event.CodeExpired, HTTPStatus: http.StatusUnprocessableEntity,
		Actor: event.ActorRestaurant, Action: event.ActionRestartSignup,
		title: phrase{"Conexão abandonada", "Connection abandoned"},
		text: phrase{
			"A conexão esperou trinta dias por uma ação que não veio, e foi encerrada.",
			"Connecting waited thirty days for somebody to act, and was ended.",
		},
	},
	{
		Code: event.CodeDisconnectIncomplete, HTTPStatus: http.StatusConflict,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Desconectado, com pendências na Meta", "Disconnected, with something left at Meta"},
		text: phrase{
			"O restaurante foi desconectado aqui, mas uma parte ficou ligada na Meta e só pode ser desfeita lá.",
			"The restaurant was disconnected here, and a part that stayed at Meta can be undone only there.",
		},
	},
	{
		Code: event.CodeUnprocessable, HTTPStatus: http.StatusInternalServerError,
		Actor: event.ActorOperator, Action: event.ActionContactSupport,
		title: phrase{"Não conseguimos continuar", "We could not go on"},
		text: phrase{
			"Um erro do nosso lado interrompeu a conexão.",
			"A fault on our side stopped the connection.",
		},
	},
}
