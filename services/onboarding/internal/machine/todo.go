package machine

import (
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Todo says what is to be done now. With an Effect, that; else with a time, wait
// for the tick; else nothing.
type Todo struct {
	Effect Effect     `json:"effect,omitempty"`
	Until  time.Time  `json:"until,omitzero"`
	Tick   event.Name `json:"tick,omitempty"`
	Then   Effect     `json:"then,omitempty"` // after the tick
	// Number is the decision number when the effect was called for, or when the
	// wait began. It names the claim and the timer, and outlives refused inputs.
	Number uint64 `json:"number,omitempty"`
}

// Waits says whether time is all that is waited for, or somebody's request.
func (t Todo) Waits() bool { return t.Effect == "" && !t.Until.IsZero() }

// Effect is something to do outside: at most one call that changes anything.
type Effect string

// The effects.
const (
	ExchangeCode  Effect = "exchange_code" // once per code, ever
	AdoptToken    Effect = "adopt_token"   // store a token that a caller brought
	CheckToken    Effect = "check_token"
	Discover      Effect = "discover"
	CreateWaba    Effect = "create_waba" // claimed: an account cannot be unmade
	LookForWaba   Effect = "look_for_waba"
	SubscribeApp  Effect = "subscribe_app"
	ReadNumber    Effect = "read_number"
	RegisterPhone Effect = "register_phone" // claimed: ten tries in 72 hours
	ReadBack      Effect = "read_back"
	// What somebody brings for the number.
	AdoptPin    Effect = "adopt_pin"          // seal a PIN that came
	SetPin      Effect = "set_pin"            // at Meta, in place of one that nobody knows
	RequestCode Effect = "request_phone_code" // claimed: each call sends another
	VerifyCode  Effect = "verify_phone_code"  // claimed: few guesses are allowed
	// What a disconnection does.
	DeregisterPhone Effect = "deregister_phone" // claimed: ten tries in 72 hours
	UnsubscribeApp  Effect = "unsubscribe_app"
	DestroyToken    Effect = "destroy_token" // and give up the number
	// Proceed does nothing outside: the next decision follows from the state alone.
	Proceed Effect = "proceed"
)

// Effects are all of them, in the order of a run.
var Effects = []Effect{
	ExchangeCode, AdoptToken, CheckToken, Discover, CreateWaba, LookForWaba, SubscribeApp,
	ReadNumber, RequestCode, VerifyCode, AdoptPin, SetPin, RegisterPhone, ReadBack,
	DeregisterPhone, UnsubscribeApp, DestroyToken, Proceed,
}

// Harmless says whether the effect changes nothing at Meta: nobody could want it
// stopped, and what is asked for meanwhile is seen before the next that is not.
func (e Effect) Harmless() bool {
	switch e {
	case AdoptToken, CheckToken, Discover, LookForWaba, ReadNumber, AdoptPin, ReadBack, DestroyToken, Proceed:
		return true
	case ExchangeCode, CreateWaba, SubscribeApp, RequestCode, VerifyCode, SetPin, RegisterPhone, DeregisterPhone, UnsubscribeApp:
	}
	return false
}

func (s *State) do(effect Effect) { s.Todo = Todo{Effect: effect, Number: s.Sequence + 1} }

func (s *State) waitFor(tick event.Name, until time.Time) {
	s.Todo = Todo{Until: until, Tick: tick, Number: s.Sequence + 1}
}

// tryAt waits before a step is tried again.
func (s *State) tryAt(until time.Time, then Effect) {
	s.waitFor(event.NameStepTick, until)
	s.Todo.Then = then
}

func (s *State) stop() { s.Todo = Todo{} }

// Happened is what Next answers: an [Input], a [Tick] or an [Outcome].
type Happened interface{ happened() }

// Input is what somebody asks for, at its place in WABA_IN. Policy is for the run
// that it may open; one that is under way keeps its own.
type Input struct {
	Seq    uint64
	Event  event.Event
	Policy Policy
}

// Tick says that the wait with this number is over.
type Tick struct {
	Name   event.Name
	Number uint64
}

// Outcome is what came of the effect that the state calls for. It is recorded
// beside the decision, so that a history can be run again.
type Outcome struct {
	Effect Effect           `json:"effect"`
	Error  *event.MetaError `json:"error,omitempty"`   // Meta refused, or did not answer
	Code   event.Code       `json:"code,omitempty"`    // it could not be done, for a reason of ours
	Token  *Token           `json:"token,omitempty"`   // exchange_code, adopt_token
	Check  *Check           `json:"check,omitempty"`   // check_token
	Looks  []event.Look     `json:"looks,omitempty"`   // discover, look_for_waba
	Found  []Account        `json:"found,omitempty"`   // discover, look_for_waba
	MakeIn event.BusinessID `json:"make_in,omitempty"` // discover: the business that can have an account
	Waba   event.WabaID     `json:"waba,omitempty"`    // create_waba: empty when the answer names none
	Number *Number          `json:"number,omitempty"`  // read_number, register_phone, request_phone_code, verify_phone_code, read_back
	Tries  int              `json:"tries,omitempty"`   // register_phone: calls that Meta may have counted
	// Subscription is whether our app receives the account's webhooks, and Already that
	// it did before: subscribe_app, read_back. Subscribed stood here before.
	Subscription event.Reading `json:"subscription,omitempty"`
	Already      bool          `json:"already,omitempty"`
	Subscribed   *bool         `json:"subscribed,omitempty"`
}

// Token is a token in the vault.
type Token struct {
	Ref       event.CredentialRef `json:"ref"`
	Type      string              `json:"type,omitempty"`
	ExpiresAt time.Time           `json:"expires_at,omitzero"`
}

// Check is what Meta says of a token.
type Check struct {
	Ours       bool               `json:"ours"`
	Valid      bool               `json:"valid"`
	Type       string             `json:"type,omitempty"`
	UserID     event.UserID       `json:"user_id,omitempty"`
	Scopes     []string           `json:"scopes,omitempty"`
	ExpiresAt  time.Time          `json:"expires_at,omitzero"`
	Wabas      []event.WabaID     `json:"wabas,omitempty"`
	Businesses []event.BusinessID `json:"businesses,omitempty"`
}

// Account is a WABA that the token can see. Numbers are set when a call with the
// token has proved it.
type Account struct {
	ID       event.WabaID     `json:"id"`
	Name     string           `json:"name,omitempty"`
	Business event.BusinessID `json:"business,omitempty"`
	Strategy event.Strategy   `json:"strategy"`
	Numbers  []Number         `json:"numbers,omitempty"`
}

func (Input) happened()   {}
func (Tick) happened()    {}
func (Outcome) happened() {}
