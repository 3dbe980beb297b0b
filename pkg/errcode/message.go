package errcode

import (
	"strings"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Message is what an answer that is no error says.
type Message string

// The messages. In Portuguese the first five are the plan's, to the letter.
const (
	TokenExchanged  Message = "token_exchanged"
	WabaFound       Message = "waba_found"
	WabaCreated     Message = "waba_created" // names the strategy
	WabaPolled      Message = "waba_polled"
	Completed       Message = "completed" // names the strategy
	InProgress      Message = "in_progress"
	Creating        Message = "creating"
	Awaiting        Message = "awaiting_waba_creation"
	ActionRequired  Message = "action_required"
	Rested          Message = "rested" // a step endpoint's stage is done and the run waits for the next
	SignupStarted   Message = "signup_started"
	StatusRead      Message = "status_read"
	ListRead        Message = "list_read"
	LogsRead        Message = "logs_read"
	RetryAccepted   Message = "retry_accepted"
	CancelAccepted  Message = "cancel_accepted"
	PhoneCodeSent   Message = "phone_code_sent"
	PhoneVerified   Message = "phone_verified"
	PhoneRegistered Message = "phone_registered"
	PhoneChosen     Message = "phone_chosen"
	RequestAccepted Message = "request_accepted"

	DeletionReceived Message = "deletion_received"
	DeletionDone     Message = "deletion_done"
	DeletionMeans    Message = "deletion_means"
	Disconnecting    Message = "disconnecting"
	Disconnected     Message = "disconnected"
	DisconnectedBut  Message = "disconnected_but" // data.warnings say what stayed at Meta
)

// strategyPlace stands in a message where the strategy's name belongs.
const strategyPlace = "%s"

var messages = map[Message]phrase{
	TokenExchanged:  {"Token trocado com sucesso", "Token exchanged successfully"},
	WabaFound:       {"WABA existente encontrada", "Existing WABA found"},
	WabaCreated:     {"WABA criada com sucesso via estratégia %s", "WABA created successfully by strategy %s"},
	WabaPolled:      {"WABA encontrada via polling", "WABA found by polling"},
	Completed:       {"Integração concluída via estratégia %s", "Integration completed by strategy %s"},
	InProgress:      {"A conexão está em andamento", "Connecting is under way"},
	Creating:        {"Nenhuma conta foi encontrada; a criação está em andamento", "No account was found; one is being created"},
	Awaiting:        {"A conta do WhatsApp precisa ser criada na Meta; depois disso a conexão continua", "The WhatsApp account has to be created at Meta; connecting goes on after that"},
	ActionRequired:  {"A conexão espera por uma ação", "Connecting waits for somebody to act"},
	Rested:          {"Esta etapa está pronta; a próxima espera ser pedida", "This step is done; the next one waits to be asked for"},
	SignupStarted:   {"Conexão iniciada; continue no endereço informado", "Connecting has begun; go on at the given address"},
	StatusRead:      {"Situação da integração", "Status of the integration"},
	ListRead:        {"Lista de integrações", "List of integrations"},
	LogsRead:        {"Histórico da integração", "History of the integration"},
	RetryAccepted:   {"Nova tentativa aceita", "Another try was accepted"},
	CancelAccepted:  {"Cancelamento aceito", "The cancellation was accepted"},
	PhoneCodeSent:   {"O código foi pedido à Meta", "Meta was asked for the code"},
	PhoneVerified:   {"O número foi verificado; a conexão continua", "The number was verified; connecting goes on"},
	PhoneRegistered: {"O número foi registrado; a conexão continua", "The number was registered; connecting goes on"},
	PhoneChosen:     {"Escolha aceita", "The choice was accepted"},
	RequestAccepted: {"Pedido aceito", "The request was accepted"},

	DeletionReceived: {"Recebemos o pedido de exclusão dos seus dados", "Your request to have your data deleted was received"},
	DeletionDone:     {"Seu pedido de exclusão foi cumprido", "Your request for deletion was carried out"},
	DeletionMeans:    {"Apagamos o acesso que você nos deu na Meta e a sua identificação.", "The access that you gave us at Meta is deleted, and who you are is forgotten."},
	Disconnecting:    {"A desconexão está em andamento", "Disconnecting is under way"},
	Disconnected:     {"WhatsApp desconectado", "WhatsApp was disconnected"},
	DisconnectedBut:  {"WhatsApp desconectado; uma parte ficou ligada na Meta e só pode ser desfeita lá", "WhatsApp was disconnected; a part stayed at Meta and can be undone only there"},
}

// In returns the message in a language. strategy is named, as it is, where the
// message has a place for it.
func (m Message) In(lang Lang, strategy event.Strategy) string {
	return strings.Replace(label(lang, messages, m), strategyPlace, string(strategy), 1)
}
