package errcode

import "github.com/waba-platform/onboarding/pkg/event"

// StatusLabel names a status. One that is not known is shown as it is, here and
// in the functions below.
func StatusLabel(lang Lang, s event.Status) string { return label(lang, statusLabels, s) }

// StageLabel names a stage.
func StageLabel(lang Lang, s event.Stage) string { return label(lang, stageLabels, s) }

// StrategyLabel says in words how an account was found or made.
func StrategyLabel(lang Lang, s event.Strategy) string { return label(lang, strategyLabels, s) }

// ResultLabel names how a strategy ended.
func ResultLabel(lang Lang, r event.Result) string { return label(lang, resultLabels, r) }

// ActorLabel names who must act.
func ActorLabel(lang Lang, a event.Actor) string { return label(lang, actorLabels, a) }

// ActionLabel names an action in a few words, as on a button.
func ActionLabel(lang Lang, a event.ActionKind) string { return label(lang, actionLabels, a) }

// WarningText says in one sentence what to know.
func WarningText(lang Lang, w event.Warning) string { return label(lang, warningTexts, w) }

// ActionText says in one sentence what to do.
func ActionText(lang Lang, a event.ActionKind) string { return label(lang, actionTexts, a) }

func label[K ~string](lang Lang, labels map[K]phrase, key K) string {
	if p, ok := labels[key]; ok {
		return p.in(lang)
	}
	return string(key)
}

var statusLabels = map[event.Status]phrase{
	event.StatusInProgress:   {"Em andamento", "In progress"},
	event.StatusAwaiting:     {"Aguardando a criação da conta", "Waiting for the account to be created"},
	event.StatusAction:       {"Precisa de uma ação", "Somebody must act"},
	event.StatusCompleted:    {"Conectado", "Connected"},
	event.StatusFailed:       {"Falhou", "Failed"},
	event.StatusCancelled:    {"Cancelado", "Cancelled"},
	event.StatusExpired:      {"Abandonado", "Abandoned"},
	event.StatusReauth:       {"Precisa de nova autorização", "Needs a new authorization"},
	event.StatusDisconnected: {"Desconectado", "Disconnected"},
}

var warningTexts = map[event.Warning]phrase{
	event.WarningNameInReview: {
		"A Meta ainda está analisando o nome que aparece para os clientes.",
		"Meta is still reviewing the name that customers see.",
	},
	event.WarningNameDeclined: {
		"A Meta recusou o nome que aparece para os clientes; escolha outro no Gerenciador do WhatsApp.",
		"Meta declined the name that customers see; choose another one in WhatsApp Manager.",
	},
	event.WarningSandbox: {
		"O número é de teste: só envia mensagens a poucos contatos cadastrados na Meta.",
		"The number is for tests: it sends messages only to a few contacts that are listed at Meta.",
	},
	event.WarningNumberRegistered: {
		"O número continua registrado na Meta; remova-o no Gerenciador do WhatsApp.",
		"The number is still registered at Meta; remove it in WhatsApp Manager.",
	},
	event.WarningAppSubscribed: {
		"A Meta continua a nos avisar desta conta; remova o nosso aplicativo nas configurações da empresa.",
		"Meta still notifies us of this account; remove our application in the business settings.",
	},
}

var stageLabels = map[event.Stage]phrase{
	event.StageOAuth:        {"Autorização", "Authorization"},
	event.StageExchange:     {"Confirmação do acesso", "Confirming the access"},
	event.StageDiscovery:    {"Procura da conta", "Looking for the account"},
	event.StageCreation:     {"Criação da conta", "Creating the account"},
	event.StagePolling:      {"Espera pela conta", "Waiting for the account"},
	event.StageSubscription: {"Ativação dos avisos", "Switching on the notices"},
	event.StageRegistration: {"Registro do número", "Registering the number"},
	event.StageVerification: {"Verificação do número", "Verifying the number"},
	event.StageFinalCheck:   {"Conferência final", "Final check"},
	event.StageDone:         {"Pronto", "Done"},
}

var strategyLabels = map[event.Strategy]phrase{
	event.StrategyHint:     {"Informada no pedido", "Named in the request"},
	event.StrategyBusiness: {"Pela empresa", "By the business"},
	event.StrategyPage:     {"Pela página do Facebook", "By the Facebook page"},
	event.StrategyToken:    {"Pela autorização", "By the authorization"},
	event.StrategyClient:   {"Criação como cliente", "Created as a client"},
	event.StrategyAccounts: {"Criação na empresa", "Created in the business"},
	event.StrategyApps:     {"Criação por aplicativo", "Created by an application"},
	event.StrategyOfficial: {"Fluxo oficial da Meta", "Meta's official flow"},
	event.StrategyWebhook:  {"Aviso da Meta", "Notice from Meta"},
	event.StrategyAttached: {"Indicada à mão", "Attached by hand"},
}

var resultLabels = map[event.Result]phrase{
	event.ResultRefused: {"Recusada", "Refused"},
	event.ResultUnknown: {"Sem resposta", "Unanswered"},
	event.ResultCreated: {"Criada", "Created"},
	event.ResultSkipped: {"Não tentada", "Not tried"},
}

var actorLabels = map[event.Actor]phrase{
	event.ActorRestaurant: {"Restaurante", "Restaurant"},
	event.ActorOperator:   {"Nossa equipe", "Our team"},
	event.ActorMeta:       {"Meta", "Meta"},
	event.ActorAutomatic:  {"Ninguém: é automático", "Nobody: it is automatic"},
}

var actionLabels = map[event.ActionKind]phrase{
	event.ActionRestartSignup:    {"Começar de novo", "Start again"},
	event.ActionReauthorize:      {"Autorizar de novo", "Authorize again"},
	event.ActionGrantPermissions: {"Conceder permissões", "Grant permissions"},
	event.ActionCreateWaba:       {"Criar a conta na Meta", "Create the account at Meta"},
	event.ActionChooseWaba:       {"Escolher a conta", "Choose the account"},
	event.ActionChooseNumber:     {"Escolher o número", "Choose the number"},
	event.ActionAddNumber:        {"Adicionar um número", "Add a number"},
	event.ActionVerifyNumber:     {"Verificar o número", "Verify the number"},
	event.ActionEnterCode:        {"Digitar o código", "Type the code"},
	event.ActionChangeName:       {"Mudar o nome", "Change the name"},
	event.ActionProvidePin:       {"Informar o PIN", "Give the PIN"},
	event.ActionResolveBlock:     {"Resolver o bloqueio", "Settle the block"},
	event.ActionFixConfiguration: {"Corrigir a configuração", "Correct the configuration"},
	event.ActionContactSupport:   {"Falar com o suporte", "Contact support"},
	event.ActionWait:             {"Aguardar", "Wait"},
	event.ActionRetry:            {"Tentar de novo", "Try again"},
}

var actionTexts = map[event.ActionKind]phrase{
	event.ActionRestartSignup: {
		"Comece a conexão de novo e vá até o fim sem pausas.",
		"Start connecting again, and go through to the end without a break.",
	},
	event.ActionReauthorize: {
		"Autorize o acesso de novo na Meta.",
		"Authorize the access at Meta again.",
	},
	event.ActionGrantPermissions: {
		"Conecte de novo e aceite todas as permissões que a Meta mostrar.",
		"Connect again, and accept every permission that Meta shows.",
	},
	event.ActionCreateWaba: {
		"Crie a conta do WhatsApp no Gerenciador de Negócios da Meta; depois disso a conexão continua.",
		"Create the WhatsApp account in Meta's Business Manager; connecting goes on after that.",
	},
	event.ActionChooseWaba: {
		"Escolha qual conta do WhatsApp deve ser usada.",
		"Choose which WhatsApp account is to be used.",
	},
	event.ActionChooseNumber: {
		"Escolha qual número deve ser usado.",
		"Choose which number is to be used.",
	},
	event.ActionAddNumber: {
		"Adicione um número de telefone à conta, no Gerenciador do WhatsApp.",
		"Add a phone number to the account, in WhatsApp Manager.",
	},
	event.ActionVerifyNumber: {
		"Peça o código de verificação e digite-o aqui.",
		"Ask for the verification code, and type it here.",
	},
	event.ActionEnterCode: {
		"Digite aqui o código que chegou por SMS ou ligação, ou peça outro.",
		"Type the code that came by SMS or call here, or ask for another.",
	},
	event.ActionChangeName: {
		"Escolha outro nome de exibição para o número, no Gerenciador do WhatsApp.",
		"Choose another display name for the number, in WhatsApp Manager.",
	},
	event.ActionProvidePin: {
		"Informe o PIN de seis dígitos deste número, ou autorize que um novo seja definido.",
		"Give this number's PIN of six digits, or allow that a new one is set.",
	},
	event.ActionResolveBlock: {
		"Veja na Meta o motivo do bloqueio e siga o que ela pede.",
		"See at Meta why it was blocked, and do what it asks for.",
	},
	event.ActionFixConfiguration: {
		"Nossa equipe precisa corrigir a configuração; depois disso, tente de novo.",
		"Our team has to correct the configuration; try again after that.",
	},
	event.ActionContactSupport: {
		"Fale com o suporte e informe o número deste atendimento.",
		"Contact support, and give them the number of this incident.",
	},
	event.ActionWait: {
		"Não é preciso fazer nada agora.",
		"Nothing has to be done now.",
	},
	event.ActionRetry: {
		"Tente de novo daqui a pouco.",
		"Try again in a little while.",
	},
}
