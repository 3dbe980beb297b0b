package machine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

const restaurant event.RestaurantID = "6f1c2b34-5d6e-4f70-8a91-b2c3d4e5f607"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// latency is how long each effect takes in a world.
const latency = 100 * time.Millisecond

func policy() machine.Policy {
	return machine.Policy{
		Strategies:      []event.Strategy{event.StrategyClient, event.StrategyAccounts, event.StrategyApps, event.StrategyOfficial},
		StrategyTimeout: 30 * time.Second,
		PollInterval:    3 * time.Second,
		PollMaxAttempts: 10,
		PollTimeout:     5 * time.Minute,
		RetryAfter:      5 * time.Minute,
		ManualURL:       "https://business.example/accounts",
	}
}

// goodDay is what Meta answers unless a test says otherwise: no account is there,
// and none can be made.
var goodDay = map[machine.Effect]string{
	machine.ExchangeCode: `{"token":{"ref":"cred_1","type":"bearer"}}`,
	machine.AdoptToken:   `{"token":{"ref":"cred_2","type":"bearer"}}`,
	machine.CheckToken: `{"check":{"ours":true,"valid":true,"type":"SYSTEM_USER","user_id":"12200001",
		"scopes":["whatsapp_business_management","whatsapp_business_messaging"]}}`,
	machine.Discover:      `{"make_in":"777000111"}`,
	machine.CreateWaba:    `{"error":{"operation":"create_waba","code":100,"subcode":33,"class":"not_found","http_status":400}}`,
	machine.LookForWaba:   `{}`,
	machine.SubscribeApp:  `{}`,
	machine.RegisterPhone: `{}`,
	machine.ReadNumber:    `{"number":{"id":"106000111","state":"unregistered","verified":"yes"}}`,
	machine.RequestCode:   `{}`,
	machine.VerifyCode:    `{}`,
	machine.AdoptPin:      `{}`,
	machine.SetPin:        `{}`,
	machine.ReadBack:      `{"number":{"id":"106000111","connected":true},"subscribed":true}`,

	machine.DeregisterPhone: `{}`,
	machine.UnsubscribeApp:  `{"subscribed":false}`,
	machine.DestroyToken:    `{}`,
}

// An account with a number to register, as a look shows it.
const found = `{"found":[{"id":"880011223344","business":"777000111","strategy":"business_search",` +
	`"numbers":[{"waba":"880011223344","id":"106000111","display":"+55 11 90000-0000"}]}]}`

// withNumber is that account with a number of which more is known.
func withNumber(words string) string {
	return strings.Replace(found, `"id":"106000111"`, `"id":"106000111",`+words, 1)
}

// A failed call.
func failure(class event.Class) string { return fmt.Sprintf(`{"error":{"code":0,"class":%q}}`, class) }

// world is a restaurant, a clock, and a Meta that answers what it is told to.
type world struct {
	tb       testing.TB
	state    machine.State
	now      time.Time
	policy   machine.Policy
	inputSeq uint64
	always   map[machine.Effect]string
	next     map[machine.Effect][]string // before always, each once
	effects  []machine.Effect            // performed so far
	decided  []event.Event
	after    func(event.Event) // called after each decision
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return &world{
		tb: tb, state: machine.Begin(restaurant), now: noon, policy: policy(),
		always: map[machine.Effect]string{}, next: map[machine.Effect][]string{},
		after: func(event.Event) {},
	}
}

// happen decides upon what happened.
func (w *world) happen(h machine.Happened) event.Event {
	w.tb.Helper()
	state, decision, err := machine.Next(w.state, h, w.now)
	require.NoError(w.tb, err)
	w.state = state
	w.decided = append(w.decided, decision)
	w.after(decision)
	return decision
}

// input decides upon a request, and then does what is to be done until the run
// waits, rests or ends. It returns the decision about the request.
func (w *world) input(e event.Event) event.Event {
	w.tb.Helper()
	w.inputSeq++
	decision := w.happen(machine.Input{Seq: w.inputSeq, Event: e, Policy: w.policy})
	w.work()
	return decision
}

// tick lets the present wait be over, and then does what is to be done.
func (w *world) tick() event.Event {
	w.tb.Helper()
	require.True(w.tb, w.state.Todo.Waits(), "the run does not wait")
	if w.now.Before(w.state.Todo.Until) {
		w.now = w.state.Todo.Until
	}
	decision := w.happen(machine.Tick{Name: w.state.Todo.Tick, Number: w.state.Todo.Number})
	w.work()
	return decision
}

// work performs effects until none is left.
func (w *world) work() {
	w.tb.Helper()
	for range 1000 {
		if w.state.Todo.Effect == "" {
			return
		}
		w.happen(w.perform(w.state.Todo.Effect))
	}
	require.Fail(w.tb, "a thousand effects without a wait")
}

func (w *world) perform(effect machine.Effect) machine.Outcome {
	w.tb.Helper()
	outcome := machine.Outcome{Effect: effect}
	if effect == machine.Proceed {
		return outcome
	}
	w.now = w.now.Add(latency)
	w.effects = append(w.effects, effect)
	answer, told := w.always[effect]
	if !told {
		answer = goodDay[effect]
	}
	if queue := w.next[effect]; len(queue) > 0 {
		answer, w.next[effect] = queue[0], queue[1:]
	}
	require.NoError(w.tb, json.Unmarshal([]byte(answer), &outcome), "%s", answer)
	outcome.Effect = effect
	return outcome
}

// begin opens a run with a code.
func (w *world) begin(stops ...event.Stop) {
	w.tb.Helper()
	w.input(event.OAuthCodeReceived{CodeRef: "secret_1", CodeHash: event.Hash(fmt.Sprint("hash_", w.inputSeq+1)), Stops: stops})
}

// count returns how often an effect was performed.
func (w *world) count(effect machine.Effect) int {
	n := 0
	for _, e := range w.effects {
		if e == effect {
			n++
		}
	}
	return n
}

// names returns the names of the decisions so far.
func (w *world) names() []event.Name {
	var names []event.Name
	for _, e := range w.decided {
		names = append(names, e.Name())
	}
	return names
}

const (
	made    = `{"waba":"880011223344"}`
	refused = `{"error":{"code":100,"subcode":33,"class":"not_found"}}`
)

// worlds bring a restaurant to where each effect is to be done.
var worlds = map[machine.Effect]func(*world){
	machine.ExchangeCode: func(*world) {},
	machine.AdoptToken:   func(*world) {},
	machine.CheckToken:   func(*world) {},
	machine.Discover:     func(*world) {},
	machine.CreateWaba:   func(*world) {},
	machine.LookForWaba:  func(w *world) { w.always[machine.CreateWaba] = made },
	machine.SubscribeApp: func(w *world) { w.always[machine.Discover] = found },
	machine.ReadNumber: func(w *world) {
		w.always[machine.Discover] = withNumber(`"state":"unclear"`)
		w.always[machine.ReadNumber] = `{"number":{"id":"106000111","state":"unclear"}}`
	},
	machine.RequestCode: func(w *world) { w.always[machine.Discover] = withNumber(`"state":"unregistered","verified":"no"`) },
	machine.VerifyCode:  func(w *world) { w.always[machine.Discover] = withNumber(`"state":"unregistered","verified":"no"`) },
	machine.AdoptPin: func(w *world) {
		w.always[machine.Discover] = found
		w.always[machine.RegisterPhone] = pinMismatch
	},
	machine.SetPin: func(w *world) {
		w.always[machine.Discover] = found
		w.always[machine.RegisterPhone] = pinMismatch
	},
	machine.RegisterPhone: func(w *world) { w.always[machine.Discover] = found },
	machine.ReadBack:      func(w *world) { w.always[machine.Discover] = found },

	machine.DeregisterPhone: func(w *world) { w.always[machine.Discover] = found },
	machine.UnsubscribeApp:  func(w *world) { w.always[machine.Discover] = found },
	machine.DestroyToken:    func(w *world) { w.always[machine.Discover] = found },
}

const pinMismatch = `{"tries":1,"error":{"operation":"register_phone","code":133005,"class":"invalid","http_status":400}}`

// answers are what somebody does that the run waits for.
var answers = map[event.ActionKind]event.Event{
	event.ActionVerifyNumber: event.PhoneCodeRequested{Method: "SMS", Language: "pt_BR"},
	event.ActionEnterCode:    event.PhoneCodeSubmitted{CodeRef: "secret_2"},
	event.ActionProvidePin:   event.PinSubmitted{PinRef: "secret_3", SetAnew: true},
}

// at returns a world in which an effect is to be done now.
func at(tb testing.TB, effect machine.Effect) *world {
	tb.Helper()
	w := newWorld(tb)
	worlds[effect](w)
	w.inputSeq++
	opening := event.Event(event.OAuthCodeReceived{CodeRef: "secret_1", CodeHash: "hash_1"})
	if effect == machine.AdoptToken {
		opening = event.DiscoveryRequested{Authority: event.Authority{TokenRef: "secret_1"}}
	}
	w.happen(machine.Input{Seq: w.inputSeq, Event: opening, Policy: w.policy})
	for w.state.Todo.Effect != effect {
		if w.state.Status == event.StatusCompleted {
			w.inputSeq++
			w.happen(machine.Input{Seq: w.inputSeq, Event: event.DisconnectRequested{}, Policy: w.policy})
			continue
		}
		if w.state.Status == event.StatusAction {
			w.inputSeq++
			w.happen(machine.Input{Seq: w.inputSeq, Event: answers[w.state.NextAction.Kind], Policy: w.policy})
			continue
		}
		if w.state.Todo.Then == effect {
			w.now = w.state.Todo.Until
			w.happen(machine.Tick{Name: w.state.Todo.Tick, Number: w.state.Todo.Number})
			continue
		}
		require.NotEmpty(tb, w.state.Todo.Effect)
		w.happen(w.perform(w.state.Todo.Effect))
	}
	return w
}

func outcome(tb testing.TB, effect machine.Effect, answer string) machine.Outcome {
	tb.Helper()
	o := machine.Outcome{Effect: effect}
	require.NoError(tb, json.Unmarshal([]byte(answer), &o))
	return o
}
