package errcode

import (
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Message is what an answer that is no error says.
type Message string

// The messages. In Portuguese the first five are the plan's, to the letter.
const (
	MsgTokenExchanged  Message = "token_exchanged"
	MsgWabaFound       Message = "waba_found"
	MsgWabaCreated     Message = "waba_created" // names the strategy
	MsgWabaPolled      Message = "waba_polled"
	MsgCompleted       Message = "completed" // names the strategy
	MsgInProgress      Message = "in_progress"
	MsgCreating        Message = "creating"
	MsgAwaiting        Message = "awaiting_waba_creation"
	MsgActionRequired  Message = "action_required"
	MsgRested          Message = "rested" // a step endpoint's stage is done and the run waits for the next
	MsgSignupStarted   Message = "signup_started"
	MsgStatusRead      Message = "status_read"
	MsgListRead        Message = "list_read"
	MsgRetryAccepted   Message = "retry_accepted"
	MsgCancelAccepted  Message = "cancel_accepted"
	MsgRequestAccepted Message = "request_accepted"
)

// strategyPlace stands in a message where the strategy's name belongs.
const strategyPlace = "%s"

var messages = map[Message]phrase{
	MsgTokenExchanged:  {"Token trocado com sucesso", "Token exchanged successfully"},
	MsgWabaFound:       {"WABA existente encontrada", "Existing WABA found"},
	MsgWabaCreated:     {"WABA criada com sucesso via estratégia %s", "WABA created successfully by strategy %s"},
	MsgWabaPolled:      {"WABA encontrada via polling", "WABA found by polling"},
	MsgCompleted:       {"Integração concluída via estratégia %s", "Integration completed by strategy %s"},
	MsgInProgress:      {"A conexão está em andamento", "Connecting is under way"},
	MsgCreating:        {"Nenhuma conta foi encontrada; a criação está em andamento", "No account was found; one is being created"},
	MsgAwaiting:        {"A conta do WhatsApp precisa ser criada na Meta; depois disso a conexão continua", "The WhatsApp account has to be created at Meta; connecting goes on after that"},
	MsgActionRequired:  {"A conexão espera por uma ação", "Connecting waits for somebody to act"},
	MsgRested:          {"Esta etapa está pronta; a próxima espera ser pedida", "This step is done; the next one waits to be asked for"},
	MsgSignupStarted:   {"Conexão iniciada; continue no endereço informado", "Connecting has begun; go on at the given address"},
	MsgStatusRead:      {"Situação da integração", "Status of the integration"},
	MsgListRead:        {"Lista de integrações", "List of integrations"},
	MsgRetryAccepted:   {"Nova tentativa aceita", "Another try was accepted"},
	MsgCancelAccepted:  {"Cancelamento aceito", "The cancellation was accepted"},
	MsgRequestAccepted: {"Pedido aceito", "The request was accepted"},
}

// In returns the message in a language. strategy is named, as it is, where the
// message has a place for it.
func (m Message) In(lang Lang, strategy event.Strategy) string {
	return strings.Replace(label(lang, messages, m), strategyPlace, string(strategy), 1)
}
