package machine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestNoSequenceOfHappeningsBreaksAPromise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, promises)
}

func FuzzNext(f *testing.F) { f.Fuzz(rapid.MakeFuzz(promises)) }

// promises lets anything happen, and checks after each step what is promised.
func promises(t *rapid.T) {
	h := &history{state: machine.Begin(restaurant), now: noon}
	for range rapid.IntRange(1, 80).Draw(t, "steps") {
		h.now = h.now.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "passes")) * time.Millisecond)
		h.step(t, h.draw(t))
	}
}

// history is a restaurant to which anything may happen.
type history struct {
	state    machine.State
	now      time.Time
	inputSeq uint64

	// Of the present run:
	exchanged  bool // the code may be spent
	mayBeThere bool // a creation was not answered, and not looked for since
	made       bool // Meta says that it has made an account
}

// draw returns something that may happen: mostly what the state waits for.
func (h *history) draw(t *rapid.T) machine.Happened {
	todo := h.state.Todo
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind == 0: // of another time
		return rapid.SampledFrom([]machine.Happened{
			machine.Tick{Name: event.NamePollTick, Number: todo.Number + 1},
			machine.Tick{Name: event.NameRetryTick, Number: todo.Number - 1},
			machine.Input{Seq: h.inputSeq, Event: event.CancelRequested{}},
			machine.Outcome{Effect: "make_tea"},
			machine.Outcome{},
		}).Draw(t, "stale")
	case kind < 8 && todo.Effect != "":
		return drawOutcome(t, todo.Effect)
	case kind < 8 && todo.Waits():
		if h.now.Before(todo.Until) && rapid.IntRange(0, 9).Draw(t, "early") > 0 {
			h.now = todo.Until
		}
		return machine.Tick{Name: todo.Tick, Number: todo.Number}
	}
	h.inputSeq += uint64(rapid.IntRange(1, 3).Draw(t, "gap"))
	return machine.Input{Seq: h.inputSeq, Event: drawInput(t, h.state), Policy: drawPolicy(t)}
}

// step decides, and checks every promise.
func (h *history) step(t *rapid.T, happened machine.Happened) {
	before := h.state
	after, decision, err := machine.Next(before, happened, h.now)
	if !awaited(before, happened) {
		_, illegal := errors.AsType[*machine.IllegalError](err)
		require.True(t, illegal, "%+v at %+v decided %v", happened, before.Todo, decision)
		require.Equal(t, encode(t, before), encode(t, after))
		return
	}
	require.NoError(t, err)
	h.state = after

	plain, plainly := machine.Decide(before, happened, h.now)
	require.True(t, machine.Legal(before.Stage, plainly, plain.Stage), "the rules do not know %T from %q to %q", plainly, before.Stage, plain.Stage)
	require.Equal(t, before.Sequence+1, after.Sequence, "decisions are counted")
	require.Equal(t, h.now, after.UpdatedAt)
	input, isInput := happened.(machine.Input)
	if isInput {
		require.Equal(t, input.Seq, after.InputSeq, "an input is decided once")
	} else {
		require.Equal(t, before.InputSeq, after.InputSeq)
	}
	require.Empty(t, stuck(after))
	requireDeterministic(t, before, after, decision, happened, h.now)
	requireSmall(t, after)

	switch e := decision.(type) {
	case event.InputRefused:
		requireUnchanged(t, before, after)
		requireJustified(t, before, input, e)
	case event.OnboardingStarted:
		require.Equal(t, before.Run+1, after.Run)
		if e.From != event.OriginRetry {
			requireFresh(t, before, after, input, h.now)
		}
		h.exchanged, h.mayBeThere, h.made = false, false, false
	case event.DisconnectStarted:
		require.Equal(t, before.Run+1, after.Run)
		require.True(t, after.Disconnecting)
		require.NotEmpty(t, after.CredentialRef)
		h.exchanged, h.mayBeThere, h.made = false, false, false
	case event.IntegrationDisconnected:
		outcome, ok := happened.(machine.Outcome)
		require.True(t, ok && outcome.Effect == machine.DestroyToken, "the token is destroyed first")
		require.False(t, after.Disconnecting)
		require.Nil(t, after.Undo)
		require.Nil(t, after.Connection)
	case event.WabaReady:
		outcome, ok := happened.(machine.Outcome)
		require.True(t, ok && outcome.Effect == machine.ReadBack)
		require.True(t, outcome.Number.State == event.NumberConnected || outcome.Number.State == "" && outcome.Number.Connected)
		require.True(t, outcome.Subscription == event.ReadingYes || outcome.Subscription == "" && *outcome.Subscribed)
		require.NotEmpty(t, e.PhoneNumberID)
		require.NotEmpty(t, e.CredentialRef)
		require.NotEmpty(t, e.WabaID)
		if claimed := after.Claims.PhoneNumberID; claimed != "" {
			require.Equal(t, claimed, e.PhoneNumberID, "never another number instead")
		}
		if c := before.Connection; c != nil && before.Policy.Edition >= machine.ThirdEdition {
			require.Equal(t, c.PhoneNumberID, e.PhoneNumberID, "another number takes a disconnection first")
		}
	default:
		require.False(t, before.Status.Ended() && before.Undo == nil, "%s is over, and only a new run follows", before.Status)
	}
	requireKept(t, before, after, decision)
	h.requireOnce(t, before, after, happened)
}

// requireKept checks that a connected restaurant is connected as it was when the run
// that was to renew its connection comes to nothing.
func requireKept(t *rapid.T, before, after machine.State, decision event.Event) {
	c := before.Connection
	if c == nil || before.Policy.Edition < machine.ThirdEdition || before.Undo != nil || after.Undo != nil {
		return
	}
	require.NotEqual(t, machine.CreateWaba, after.Todo.Effect, "nothing is made beside what is there")
	require.NotEqual(t, event.NameReauthorizationRequired, decision.Name(), "its token is another one")
	if after.Run != before.Run || !after.Status.Ended() || after.Failed == "" {
		require.False(t, after.Status.Ended() && after.Status != event.StatusCompleted && after.Run == before.Run)
		return
	}
	require.Equal(t, event.StatusCompleted, after.Status)
	require.Equal(t, c.PhoneNumberID, after.PhoneNumberID)
	require.Equal(t, c.WabaID, after.WabaID)
	require.Equal(t, c.CredentialRef, after.CredentialRef)
}

// awaited says whether something can happen now.
func awaited(s machine.State, happened machine.Happened) bool {
	switch h := happened.(type) {
	case machine.Input:
		return h.Seq > s.InputSeq
	case machine.Tick:
		return s.Todo.Waits() && s.Todo.Tick == h.Name && s.Todo.Number == h.Number
	case machine.Outcome:
		return h.Effect != "" && h.Effect == s.Todo.Effect
	}
	return false
}

// requireOnce checks what Meta does once: it is asked for once.
func (h *history) requireOnce(t *rapid.T, before, after machine.State, happened machine.Happened) {
	if after.Todo.Effect == machine.CreateWaba && before.Todo.Effect != machine.CreateWaba {
		require.False(t, h.mayBeThere, "a creation that may have gone through is looked for before the next")
		require.False(t, h.made, "an account was made in this run")
	}
	if after.Todo.Effect == machine.ExchangeCode {
		require.False(t, h.exchanged, "the code may be spent")
	}
	outcome, ok := happened.(machine.Outcome)
	if !ok {
		return
	}
	sent := outcome.Error == nil || outcome.Error.Class != event.ClassUnreachable
	switch outcome.Effect {
	case machine.ExchangeCode:
		h.exchanged = sent
	case machine.CreateWaba:
		h.made = h.made || outcome.Error == nil && outcome.Code == ""
		h.mayBeThere = outcome.Error != nil && (outcome.Error.Class == event.ClassUnanswered || outcome.Error.Class == event.ClassTransient)
	case machine.LookForWaba, machine.Discover:
		h.mayBeThere = h.mayBeThere && outcome.Error != nil
	case machine.RequestCode, machine.VerifyCode, machine.AdoptPin, machine.SetPin:
	case machine.AdoptToken, machine.CheckToken, machine.SubscribeApp, machine.ReadNumber, machine.RegisterPhone, machine.ReadBack,
		machine.Proceed, machine.DeregisterPhone, machine.UnsubscribeApp, machine.DestroyToken:
	}
}

// tokenless are what a run without a token can do.
var tokenless = []machine.Effect{machine.ExchangeCode, machine.AdoptToken}

// stuck says how a run breaks the promise that it has something to do or to wait
// for while it is not over, and nothing afterwards.
func stuck(s machine.State) string {
	todo := s.Todo
	switch {
	case s.Status == event.StatusCancelled && s.Undo != nil:
		if todo.Effect != machine.Proceed {
			return "is cancelled to be disconnected, and is not"
		}
		return ""
	case s.None() || s.Status.Ended():
		if todo != (machine.Todo{}) || !s.ResumeAt.IsZero() {
			return "is over, and has something to do"
		}
		return ""
	case todo.Number == 0:
		return "has nothing to do, or does not know since when"
	case todo.Effect != "" && (todo.Waits() || todo.Tick != ""):
		return "waits and has something to do"
	case todo.Effect == "" && (!todo.Waits() || todo.Tick == ""):
		return "awaits nothing"
	case todo.Waits() && !todo.Until.Equal(s.ResumeAt):
		return "waits for another time than it says"
	case s.CredentialRef == "" && !slices.Contains(tokenless, todo.Effect) && !slices.Contains(tokenless, todo.Then):
		return "goes on without a token"
	case (todo.Tick == event.NameStepTick) != (todo.Then != ""):
		return "does not know what to do after its wait"
	case s.RestsBefore != "" && s.Status != event.StatusInProgress:
		return "rests twice"
	}
	return ""
}

// requireDeterministic checks that a state survives JSON, and that the decision
// follows from what was recorded.
func requireDeterministic(t require.TestingT, before, after machine.State, decision event.Event, happened machine.Happened, now time.Time) {
	var decoded machine.State
	require.NoError(t, json.Unmarshal(encode(t, before), &decoded))
	require.Equal(t, string(encode(t, before)), string(encode(t, decoded)))
	if outcome, ok := happened.(machine.Outcome); ok {
		var recorded machine.Outcome
		require.NoError(t, json.Unmarshal(encode(t, outcome.Bounded()), &recorded))
		happened = recorded
	}
	again, decidedAgain, err := machine.Next(decoded, happened, now)
	require.NoError(t, err)
	require.Equal(t, string(encode(t, after)), string(encode(t, again)))
	require.Equal(t, decision.Name(), decidedAgain.Name())
	require.Equal(t, string(encode(t, decision)), string(encode(t, decidedAgain)))
}

// requireSmall checks that a state fits its header with much room to spare, for
// the outcome is in another header of the same message.
func requireSmall(t require.TestingT, s machine.State) {
	require.Less(t, len(encode(t, s)), event.MaxStateHeader/2)
}

// requireUnchanged checks that a refused input has changed nothing.
func requireUnchanged(t require.TestingT, before, after machine.State) {
	before.Sequence, before.UpdatedAt, before.InputSeq = after.Sequence, after.UpdatedAt, after.InputSeq
	require.Equal(t, string(encode(t, before)), string(encode(t, after)))
}

// requireJustified checks that nobody is sent away who asks for an account that
// the run waits for and that nobody was asked to make.
func requireJustified(t require.TestingT, before machine.State, input machine.Input, refused event.InputRefused) {
	creation, ok := input.Event.(event.CreationRequested)
	if !ok || refused.Code != event.CodeNotPossibleNow || creation.Claims != (event.Claims{}) {
		return
	}
	untried := len(before.Strategies) == 0 && before.Made == "" && len(before.Policy.Strategies) > 0
	require.False(t, before.Status == event.StatusAwaiting && untried, "no strategy was tried, and none is")
}

// requireFresh checks that nothing of an earlier run is in a new one, but an
// account that was made and is still waited for.
func requireFresh(t require.TestingT, before, after machine.State, input machine.Input, now time.Time) {
	fresh := machine.Begin(restaurant)
	fresh.Run, fresh.Sequence, fresh.InputSeq = before.Run, before.Sequence, before.InputSeq
	fresh.Status = event.StatusCancelled
	fresh.Tries, fresh.Verification = before.Tries, before.Verification
	if before.Status != event.StatusCompleted && before.Made != "" {
		fresh.Made, fresh.MadeIn = before.Made, before.MadeIn
	}
	if input.Policy.Edition >= machine.SecondEdition {
		fresh.Connection = after.Connection // which a disconnection undoes
		require.Equal(t, before.Status == event.StatusCompleted || before.Connection != nil, after.Connection != nil)
	}
	want, _, err := machine.Next(fresh, input, now)
	require.NoError(t, err)
	require.Equal(t, string(encode(t, want)), string(encode(t, after)))
}

func encode(t require.TestingT, v any) []byte {
	body, err := json.Marshal(v)
	require.NoError(t, err)
	return body
}

func drawInput(t *rapid.T, s machine.State) event.Event {
	return rapid.SampledFrom([]func(*rapid.T) event.Event{
		func(t *rapid.T) event.Event {
			return event.OAuthCodeReceived{
				CodeRef: "secret", CodeHash: event.Hash(rapid.SampledFrom([]string{"", "h1", "h2", "h3"}).Draw(t, "code")),
				RedirectURI: rapid.SampledFrom([]string{"", "https://app.example/callback", long}).Draw(t, "redirect"),
				Claims:      drawClaims(t), Stops: drawStops(t),
			}
		},
		func(t *rapid.T) event.Event {
			return event.DiscoveryRequested{Authority: drawAuthority(t, s), Claims: drawClaims(t), AllStops: rapid.Bool().Draw(t, "all")}
		},
		func(t *rapid.T) event.Event {
			return event.CreationRequested{Authority: drawAuthority(t, s), Claims: drawClaims(t)}
		},
		func(t *rapid.T) event.Event {
			return event.PollingRequested{Authority: drawAuthority(t, s), Claims: drawClaims(t), MaxAttempts: rapid.IntRange(-1, 101).Draw(t, "polls")}
		},
		func(*rapid.T) event.Event { return event.RetryRequested{} },
		func(*rapid.T) event.Event { return event.RetryRequested{} },
		func(*rapid.T) event.Event { return event.CancelRequested{} },
		func(t *rapid.T) event.Event {
			if s.NextAction != nil && answers[s.NextAction.Kind] != nil && rapid.Bool().Draw(t, "answers") {
				return answers[s.NextAction.Kind]
			}
			return rapid.SampledFrom([]event.Event{
				event.PhoneCodeRequested{},
				event.PhoneCodeRequested{Method: "VOICE", Language: "en_US"},
				event.PhoneCodeSubmitted{CodeRef: "secret_2"},
				event.PhoneCodeSubmitted{CodeRef: event.SecretRef(long)},
				event.PinSubmitted{PinRef: "secret_3"},
				event.PinSubmitted{PinRef: event.SecretRef(long)},
			}).Draw(t, "of the number")
		},
		func(*rapid.T) event.Event { return event.DisconnectRequested{} },
		func(t *rapid.T) event.Event {
			rule := rapid.SampledFrom(append(slices.Clone(machine.NoticeRules), machine.NoticeRule{Field: "messages"})).Draw(t, "notice")
			return event.MetaNotified{
				Field: rule.Field, Event: rule.Event, BodyID: "b",
				ReceivedAt: noon.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "received")) * time.Minute),
			}
		},
		func(t *rapid.T) event.Event { return drawChoice(t, s) },
		func(t *rapid.T) event.Event {
			return rapid.SampledFrom([]event.Event{
				event.DisconnectRequested{Reason: long[:rapid.SampledFrom([]int{0, 10, 70_000}).Draw(t, "reason")]},
				event.WabaAttached{WabaID: "880011223344"},
				event.Unknown{Kind: "FromTheFuture"},
			}).Draw(t, "later")
		},
	}).Draw(t, "input")(t)
}

var long = string(slices.Repeat([]byte("x"), 70_000))

func drawClaims(t *rapid.T) event.Claims {
	return event.Claims{
		WabaID:        event.WabaID(rapid.SampledFrom([]string{"", "", "880000000001", long}).Draw(t, "waba")),
		BusinessID:    event.BusinessID(rapid.SampledFrom([]string{"", "777000111", "777000999"}).Draw(t, "business")),
		PhoneNumberID: event.PhoneNumberID(rapid.SampledFrom([]string{"", "", "106000001"}).Draw(t, "phone")),
	}
}

// drawChoice draws one of the choices that a run offers, or something else.
func drawChoice(t *rapid.T, s machine.State) event.PhoneSelected {
	choices := []event.PhoneNumber{{}, {ID: "106000001"}, {WabaID: "880000000001"}, {WabaID: event.WabaID(long), ID: event.PhoneNumberID(long)}}
	if s.NextAction != nil {
		choices = append(choices, s.NextAction.Choices...)
	}
	choice := rapid.SampledFrom(choices).Draw(t, "choice")
	if rapid.Bool().Draw(t, "number only") {
		choice.WabaID = ""
	}
	return event.PhoneSelected{WabaID: choice.WabaID, PhoneNumberID: choice.ID}
}

func drawStops(t *rapid.T) []event.Stop {
	return rapid.SampledFrom([][]event.Stop{
		nil, {event.StopDiscovery, event.StopPolling}, {event.StopPolling}, {event.StopDiscovery}, {"tea", event.StopDiscovery},
	}).Draw(t, "stops")
}

func drawAuthority(t *rapid.T, s machine.State) event.Authority {
	return rapid.SampledFrom([]event.Authority{
		{}, {CredentialRef: s.CredentialRef}, {CredentialRef: "cred_of_another"}, {TokenRef: "secret"},
	}).Draw(t, "authority")
}

func drawPolicy(t *rapid.T) machine.Policy {
	p := policy()
	if rapid.Bool().Draw(t, "limits") {
		p.Limits = machine.UsualLimitWaits
	}
	if rapid.IntRange(0, 4).Draw(t, "odd") == 0 {
		p.Strategies = p.Strategies[:rapid.IntRange(0, 4).Draw(t, "strategies")]
		p.StrategyTimeout = time.Duration(rapid.IntRange(0, 60).Draw(t, "window")) * time.Second
		p.PollMaxAttempts = rapid.IntRange(0, 5).Draw(t, "polls")
		p.PollTimeout = time.Duration(rapid.IntRange(0, 20).Draw(t, "timeout")) * time.Second
		p.PollInterval = time.Duration(rapid.IntRange(0, 5).Draw(t, "interval")) * time.Second
		p.Edition = rapid.SampledFrom([]machine.Edition{machine.FirstEdition, machine.PresentEdition}).Draw(t, "edition")
		p.RetryAfter = time.Duration(rapid.IntRange(0, 100).Draw(t, "retry")) * time.Hour
	}
	return p
}

func drawError(t *rapid.T, effect machine.Effect) *event.MetaError {
	if codes := machine.MetaCodes()[effect]; len(codes) > 0 && rapid.IntRange(0, 3).Draw(t, "own") == 0 {
		slices.SortFunc(codes, func(a, b event.MetaError) int { return a.Code*1_000_000 + a.Subcode - b.Code*1_000_000 - b.Subcode })
		e := rapid.SampledFrom(codes).Draw(t, "code")
		e.Class = event.ClassInvalid
		return &e
	}
	return &event.MetaError{
		Operation:  "operation",
		Code:       rapid.SampledFrom([]int{0, 1, 4, 10, 100, 190, 368}).Draw(t, "code"),
		Class:      rapid.SampledFrom(append(slices.Clone(machine.Classes), "of_tomorrow")).Draw(t, "class"),
		RetryAfter: rapid.SampledFrom([]int{0, 0, 60, 3600, 700_000}).Draw(t, "retry_after"),
		FbtraceID:  "AbCdEfGhIjKlMnOpQrStUv",
	}
}

func drawOutcome(t *rapid.T, effect machine.Effect) machine.Outcome {
	o := machine.Outcome{Effect: effect}
	if effect == machine.Proceed {
		return o
	}
	switch rapid.IntRange(0, 9).Draw(t, "luck") {
	case 0, 1, 2:
		if o.Error = drawError(t, effect); effect != machine.AdoptToken && effect != machine.DestroyToken && effect != machine.AdoptPin {
			if effect == machine.RequestCode && rapid.Bool().Draw(t, "read") {
				n := drawNumber(t, 1)
				o.Number = &n
			}
			return o
		}
		o.Error = nil
	case 3:
		if rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
			o.Code = rapid.SampledFrom([]event.Code{event.CodeSecretGone, event.CodePhoneConflict, "of_tomorrow"}).Draw(t, "ours")
			return o
		}
	}
	switch effect {
	case machine.ExchangeCode, machine.AdoptToken:
		o.Token = &machine.Token{Ref: "cred_1", Type: "bearer", ExpiresAt: noon.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "life")) * time.Hour)}
	case machine.CheckToken:
		o.Check = drawCheck(t)
	case machine.Discover, machine.LookForWaba:
		o.Found = drawAccounts(t)
		o.MakeIn = event.BusinessID(rapid.SampledFrom([]string{"777000111", "777000111", ""}).Draw(t, "make_in"))
		for range rapid.SampledFrom([]int{0, 3, 500}).Draw(t, "looks") {
			o.Looks = append(o.Looks, event.Look{Strategy: event.StrategyPage, Call: "client_accounts", ID: "777000111"})
		}
	case machine.CreateWaba:
		o.Waba = event.WabaID(rapid.SampledFrom([]string{"", "880000000001"}).Draw(t, "made"))
	case machine.RequestCode, machine.VerifyCode, machine.AdoptPin, machine.SetPin:
	case machine.RegisterPhone:
		o.Tries = rapid.IntRange(0, 2).Draw(t, "tries")
		if rapid.Bool().Draw(t, "read") {
			n := drawNumber(t, 1)
			o.Number = &n
		}
	case machine.ReadNumber:
		n := drawNumber(t, rapid.IntRange(1, 2).Draw(t, "which"))
		o.Number = &n
	case machine.ReadBack:
		n, yes := drawNumber(t, 1), rapid.Bool().Draw(t, "subscribed")
		o.Number, o.Subscribed = &n, &yes
		o.Subscription = drawReading(t)
	case machine.SubscribeApp:
		o.Subscription = drawReading(t)
	case machine.DeregisterPhone:
		if rapid.Bool().Draw(t, "read") {
			n := drawNumber(t, 1)
			o.Number = &n
		}
	case machine.UnsubscribeApp:
		shared := rapid.Bool().Draw(t, "shared")
		o.Subscribed = &shared
	case machine.DestroyToken, machine.Proceed:
	}
	return o
}

func drawCheck(t *rapid.T) *machine.Check {
	check := &machine.Check{
		Ours: rapid.IntRange(0, 19).Draw(t, "foreign") > 0, Valid: rapid.IntRange(0, 19).Draw(t, "dead") > 0,
		Type: "USER", UserID: "12200001", Scopes: []string{"whatsapp_business_management", "whatsapp_business_messaging"},
	}
	check.Scopes = check.Scopes[:rapid.SampledFrom([]int{2, 2, 2, 2, 1}).Draw(t, "scopes")]
	for i := range rapid.SampledFrom([]int{0, 1, 300}).Draw(t, "granted") {
		check.Wabas = append(check.Wabas, event.WabaID(fmt.Sprint(880000000000+i)))
		check.Businesses = append(check.Businesses, event.BusinessID(fmt.Sprint(777000000-i)))
		check.Scopes = append(check.Scopes, "scope_"+long[:i%80])
	}
	return check
}

func drawAccounts(t *rapid.T) []machine.Account {
	var accounts []machine.Account
	for i := range rapid.SampledFrom([]int{0, 0, 1, 1, 1, 2, 200}).Draw(t, "accounts") {
		account := machine.Account{ID: event.WabaID(fmt.Sprint(880000000001 + i)), Name: long[:70], Business: "777000111", Strategy: event.StrategyBusiness}
		for j := range rapid.SampledFrom([]int{0, 1, 1, 1, 3, 200}).Draw(t, "numbers") {
			account.Numbers = append(account.Numbers, drawNumber(t, j+1))
		}
		accounts = append(accounts, account)
		if i > 3 {
			break
		}
	}
	return accounts
}

func drawNumber(t *rapid.T, i int) machine.Number {
	n := machine.Number{WabaID: "880000000001", ID: event.PhoneNumberID(fmt.Sprint(106000000 + i)), Display: "+55 11 90000-0000"}
	if i > 3 {
		n.Display = long[:70]
		return n
	}
	n.Connected = rapid.Bool().Draw(t, "connected")
	n.Managed = rapid.IntRange(0, 9).Draw(t, "managed") == 0
	n.Unverified = rapid.IntRange(0, 4).Draw(t, "unverified") == 0
	if rapid.Bool().Draw(t, "words") {
		n.State = rapid.SampledFrom([]event.NumberState{
			event.NumberConnected, event.NumberUnregistered, event.NumberUnregistered, event.NumberRestricted,
			event.NumberBanned, event.NumberGone, event.NumberUnclear, "of_tomorrow",
		}).Draw(t, "state")
		n.Verified = drawReading(t)
		n.NameStatus = rapid.SampledFrom([]string{"", "APPROVED", "PENDING_REVIEW", "DECLINED", long[:70]}).Draw(t, "name")
	}
	return n
}

func drawReading(t *rapid.T) event.Reading {
	return rapid.SampledFrom([]event.Reading{"", event.ReadingYes, event.ReadingNo, event.ReadingUnknown}).Draw(t, "reading")
}

// A Meta that always gives the same answers, whatever they are, and people who
// never act.
func TestARunThatIsLeftAloneComesToAnEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := &history{state: machine.Begin(restaurant), now: noon}
		answers := map[machine.Effect]machine.Outcome{}
		for _, effect := range machine.Effects {
			answers[effect] = drawOutcome(t, effect)
		}
		opening := rapid.SampledFrom([]event.Event{
			event.OAuthCodeReceived{CodeRef: "secret"},
			event.OAuthCodeReceived{CodeRef: "secret", Stops: []event.Stop{event.StopDiscovery}},
			event.OAuthCodeReceived{CodeRef: "secret", Stops: []event.Stop{event.StopPolling}},
			event.PollingRequested{Authority: event.Authority{TokenRef: "secret"}, MaxAttempts: 100},
		}).Draw(t, "opening")
		registrations, between := []time.Time{}, 0
		var happened machine.Happened = machine.Input{Seq: 1, Event: opening, Policy: policy()}
		for range 20_000 {
			before := h.state
			state, _, err := machine.Next(before, happened, h.now)
			if err != nil || stuck(state) != "" {
				require.Fail(t, stuck(state), "%v %+v", err, state)
			}
			h.requireOnce(t, before, state, happened)
			h.state = state
			switch todo := state.Todo; {
			case state.Status.Ended():
				require.Less(t, h.now.Sub(noon), 100*24*time.Hour, "it rests for thirty days where it has come to")
				return
			case todo.Waits():
				h.now, between = todo.Until, 0
				happened = machine.Tick{Name: todo.Tick, Number: todo.Number}
			default:
				between++
				require.Less(t, between, 50, "a run that never waits")
				h.now = h.now.Add(latency)
				happened = answers[todo.Effect]
				if todo.Effect == machine.RegisterPhone && answers[todo.Effect].Number == nil { // a number that was read was not registered
					registrations = append(registrations, h.now)
					if n := len(registrations); n > 10 {
						require.GreaterOrEqual(t, h.now.Sub(registrations[n-11]), 72*time.Hour, "Meta allows ten calls in 72 hours")
					}
				}
			}
		}
		require.Fail(t, "it never ends", "%s %s %+v", h.state.Stage, h.state.Status, h.state.Todo)
	})
}
