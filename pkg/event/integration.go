package event

import "time"

// Integration is the status document of a restaurant: what a user may see. Every
// decision carries it, so that no table is asked. Version and the words of the
// error are filled in by whoever shows it.
type Integration struct {
	RestaurantID       RestaurantID      `json:"restaurant_id"`
	IntegrationID      IntegrationID     `json:"integration_id"`
	Run                int               `json:"run"`
	Status             Status            `json:"status"`
	Stage              Stage             `json:"stage"`
	Strategy           Strategy          `json:"strategy,omitempty"`
	WabaID             WabaID            `json:"waba_id,omitempty"`
	BusinessID         BusinessID        `json:"business_id,omitempty"`
	PhoneNumberID      PhoneNumberID     `json:"phone_number_id,omitempty"`
	DisplayPhoneNumber string            `json:"display_phone_number,omitempty"`
	Number             NumberStanding    `json:"number,omitzero"`
	Polling            Polling           `json:"polling,omitzero"`
	Strategies         []StrategyAttempt `json:"strategies,omitempty"`
	Error              *Problem          `json:"error,omitempty"`
	NextAction         *NextAction       `json:"next_action,omitempty"`
	Warnings           []Warning         `json:"warnings,omitempty"`
	CreatedAt          time.Time         `json:"created_at,omitzero"`
	UpdatedAt          time.Time         `json:"updated_at,omitzero"`
}

// Snapshot is what a reader outside onboarding takes from [StateHeader]: the
// status document, and which requests it answers.
type Snapshot struct {
	Integration
	InputSeq      uint64        `json:"input_seq,omitempty"`      // place in WABA_IN of the last input decided upon
	CodeHash      Hash          `json:"code_hash,omitempty"`      // of the code that opened the run
	CredentialRef CredentialRef `json:"credential_ref,omitempty"` // set once the run has a token
	UserID        UserID        `json:"user_id,omitempty"`        // set once the token is checked
	TokenType     string        `json:"token_type,omitempty"`
	TokenExpires  time.Time     `json:"token_expires,omitzero"`  // zero: Meta names no end
	ResumeAt      time.Time     `json:"resume_at,omitzero"`      // when the run goes on by itself; zero: it is not waiting
	RestsBefore   Stop          `json:"rests_before,omitempty"`  // set while a step endpoint's run rests
	Made          WabaID        `json:"made,omitempty"`          // what a creation has answered; not seen yet
	Delays        int           `json:"delays,omitempty"`        // times that the present step was put off
	Failed        Code          `json:"failed,omitempty"`        // why the latest run came to nothing, while the connection before it stands
	Disconnecting bool          `json:"disconnecting,omitempty"` // the run undoes what was connected
}

// Status is what a run has come to.
type Status string

// The statuses of an integration.
const (
	StatusInProgress   Status = "in_progress"
	StatusAwaiting     Status = "awaiting_waba_creation"
	StatusAction       Status = "action_required"
	StatusCompleted    Status = "completed"
	StatusFailed       Status = "failed"
	StatusCancelled    Status = "cancelled"
	StatusExpired      Status = "expired"
	StatusReauth       Status = "reauth_required"
	StatusDisconnected Status = "disconnected"
)

// Statuses are all of them.
var Statuses = []Status{
	StatusInProgress, StatusAwaiting, StatusAction, StatusCompleted, StatusFailed, StatusCancelled,
	StatusExpired, StatusReauth, StatusDisconnected,
}

// Ended says whether a run with this status is over: what follows is a new run.
func (s Status) Ended() bool {
	switch s {
	case StatusCompleted, StatusFailed, StatusCancelled, StatusExpired, StatusReauth, StatusDisconnected:
		return true
	case StatusInProgress, StatusAwaiting, StatusAction:
	}
	return false
}

// Resting says whether a run with this status waits for a person.
func (s Status) Resting() bool { return s == StatusAwaiting || s == StatusAction }

// Stage is how far a run has come.
type Stage string

// The stages, in order.
const (
	StageOAuth        Stage = "oauth"
	StageExchange     Stage = "token_exchange"
	StageDiscovery    Stage = "waba_discovery"
	StageCreation     Stage = "waba_creation"
	StagePolling      Stage = "polling"
	StageSubscription Stage = "webhook_subscription"
	StageRegistration Stage = "phone_registration"
	StageVerification Stage = "phone_verification"
	StageFinalCheck   Stage = "final_check"
	StageDone         Stage = "done"
)

// Stages are all of them, in order.
var Stages = []Stage{
	StageOAuth, StageExchange, StageDiscovery, StageCreation, StagePolling,
	StageSubscription, StageRegistration, StageVerification, StageFinalCheck, StageDone,
}

// Strategy is a way in which an account was, or could be, found or made.
type Strategy string

// The strategies, by the names of the brief.
const (
	StrategyHint     Strategy = "session_hint"
	StrategyBusiness Strategy = "business_search"
	StrategyPage     Strategy = "page_search"
	StrategyToken    Strategy = "debug_token"                  // 2E
	StrategyClient   Strategy = "client_whatsapp_applications" // 2A
	StrategyAccounts Strategy = "whatsapp_business_accounts"   // 2B
	StrategyApps     Strategy = "applications"                 // 2C
	StrategyOfficial Strategy = "official_meta_flow"           // 2D
	StrategyWebhook  Strategy = "webhook"
	StrategyAttached Strategy = "attached"
)

// Strategies are all of them.
var Strategies = []Strategy{
	StrategyHint, StrategyBusiness, StrategyPage, StrategyToken,
	StrategyClient, StrategyAccounts, StrategyApps, StrategyOfficial,
	StrategyWebhook, StrategyAttached,
}

// Polling is how often Meta was asked whether the account is there.
type Polling struct {
	Attempts    int       `json:"attempts"`
	MaxAttempts int       `json:"max_attempts"`
	NextAt      time.Time `json:"next_at,omitzero"`
}

// Result is how a strategy ended.
type Result string

// The results of a strategy.
const (
	ResultRefused Result = "refused" // Meta said no, or could not be reached in time
	ResultUnknown Result = "unknown" // Meta may have made the account: look before anything else
	ResultCreated Result = "created"
	ResultSkipped Result = "skipped"
)

// StrategyAttempt is how one strategy went in this run.
type StrategyAttempt struct {
	Strategy  Strategy   `json:"strategy"`
	Outcome   Result     `json:"outcome,omitempty"` // empty: under way
	Error     *MetaError `json:"error,omitempty"`
	StartedAt time.Time  `json:"started_at,omitzero"`
	EndedAt   time.Time  `json:"ended_at,omitzero"`
}

// Problem is why a run stands where it stands. Its words are in the catalogue,
// by Code.
type Problem struct {
	Code      Code       `json:"code"`
	Class     Class      `json:"class,omitempty"`
	Message   string     `json:"message,omitempty"`
	Retryable bool       `json:"retryable"`
	Meta      *MetaError `json:"meta,omitempty"`
}

// NextAction says who must act next, and how.
type NextAction struct {
	Kind        ActionKind    `json:"kind"`
	Actor       Actor         `json:"actor"`
	URL         string        `json:"url,omitempty"`
	AvailableAt time.Time     `json:"available_at,omitzero"`
	Permissions []string      `json:"permissions,omitempty"` // missing ones, for grant_permissions
	Choices     []PhoneNumber `json:"choices,omitempty"`     // for choose_waba and choose_phone_number
}

// Actor is who must act.
type Actor string

// The actors.
const (
	ActorRestaurant Actor = "restaurant"
	ActorOperator   Actor = "operator"
	ActorMeta       Actor = "meta"
	ActorAutomatic  Actor = "automatic"
)

// ActionKind is what must be done.
type ActionKind string

// The actions.
const (
	ActionRestartSignup    ActionKind = "restart_signup"
	ActionReauthorize      ActionKind = "reauthorize"
	ActionGrantPermissions ActionKind = "grant_permissions"
	ActionCreateWaba       ActionKind = "create_waba_manually"
	ActionChooseWaba       ActionKind = "choose_waba"
	ActionChooseNumber     ActionKind = "choose_phone_number"
	ActionAddNumber        ActionKind = "add_phone_number"
	ActionVerifyNumber     ActionKind = "verify_phone_number"
	ActionEnterCode        ActionKind = "enter_phone_code"
	ActionChangeName       ActionKind = "change_display_name"
	ActionProvidePin       ActionKind = "provide_pin"
	ActionResolveBlock     ActionKind = "resolve_block"
	ActionFixConfiguration ActionKind = "fix_configuration"
	ActionContactSupport   ActionKind = "contact_support"
	ActionWait             ActionKind = "wait"
	ActionRetry            ActionKind = "retry"
)

// PhoneNumber is a number of an account, as Meta shows it. As a choice it may be an
// account alone, without a number.
type PhoneNumber struct {
	WabaID   WabaID        `json:"waba_id,omitempty"`
	WabaName string        `json:"waba_name,omitempty"`
	ID       PhoneNumberID `json:"phone_number_id,omitempty"`
	Display  string        `json:"display_phone_number,omitempty"`
}
