package machine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

func TestNumbersBeyondThoseThatAreKept(t *testing.T) {
	t.Parallel()
	var numbers []machine.Number
	for i := range 40 {
		numbers = append(numbers, machine.Number{ID: event.PhoneNumberID(fmt.Sprint(106000000 + i)), Display: strings.Repeat("é", 100)})
	}
	body, err := json.Marshal(machine.Outcome{Found: []machine.Account{{ID: "880011223344", Numbers: numbers}}})
	require.NoError(t, err)
	w := newWorld(t)
	w.always[machine.Discover] = string(body)
	w.input(event.OAuthCodeReceived{CodeRef: "s", CodeHash: "h", Claims: event.Claims{PhoneNumberID: "106000039"}})
	require.Equal(t, event.StatusCompleted, w.state.Status)
	require.EqualValues(t, "106000039", w.state.PhoneNumberID)
	require.Equal(t, strings.Repeat("é", 32), w.state.DisplayPhoneNumber)

	w.begin()
	require.Equal(t, event.CodePhoneChoice, w.state.Error.Code)
	require.Len(t, w.state.NextAction.Choices, 20)
}

func TestSizes(t *testing.T) {
	t.Parallel()
	t.Run("a state is small in the worst usual case", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.always[machine.CreateWaba] = `{"error":{"operation":"create_waba","code":100,"subcode":33,"class":"not_found","http_status":400,"fbtrace_id":"AbCdEfGhIjKlMnOpQrStUvWx"}}`
		largest := 0
		w.after = func(event.Event) { largest = max(largest, len(encode(t, w.state))) }
		w.begin()
		w.always[machine.Discover] = found
		w.tick()
		require.Less(t, largest, 4<<10)
		require.Less(t, len(encode(t, w.state)), 3<<10)
	})
	t.Run("state and outcome fit the headers of a message together", func(t *testing.T) {
		t.Parallel()
		const headers = 1<<16 - 1<<10 // the server's limit, and what else is in headers
		e := event.MetaError{Operation: "list_client_wabas", Code: 100, Subcode: 2207013, Class: event.ClassPermission, HTTPStatus: 400, FbtraceID: strings.Repeat("x", 64)}
		o := machine.Outcome{Effect: machine.Discover}
		for i := range 1000 {
			id := fmt.Sprintf("%025d", i)
			o.Looks = append(o.Looks, event.Look{Strategy: event.StrategyClient, Call: "client_accounts", ID: id, Error: &e})
			o.Found = append(o.Found, machine.Account{ID: event.WabaID(id), Name: strings.Repeat("n", 100), Business: event.BusinessID(id), Strategy: event.StrategyClient})
		}
		for range 1000 {
			o.Found[0].Numbers = append(o.Found[0].Numbers, machine.Number{
				WabaID: event.WabaID(strings.Repeat("1", 25)), ID: event.PhoneNumberID(strings.Repeat("1", 25)),
				Display: strings.Repeat("1", 100), Connected: true, Managed: true, Unverified: true,
				State: event.NumberUnregistered, Verified: event.ReadingUnknown, NameStatus: strings.Repeat("X", 100),
			})
		}
		check := machine.Check{}
		for i := range 1000 {
			check.Scopes = append(check.Scopes, strings.Repeat("s", 100))
			check.Wabas = append(check.Wabas, event.WabaID(fmt.Sprintf("%025d", i)))
			check.Businesses = append(check.Businesses, event.BusinessID(fmt.Sprintf("%025d", i)))
		}
		one := o
		one.Found = o.Found[:1]
		for _, o := range []machine.Outcome{o, one, {Effect: machine.CheckToken, Check: &check}} {
			w := at(t, o.Effect) // with lists as long as they get
			w.state.GrantedWabas, w.state.GrantedBusinesses = (machine.Outcome{Check: &check}).Bounded().Check.Wabas, (machine.Outcome{Check: &check}).Bounded().Check.Businesses
			w.state.RedirectURI = strings.Repeat("x", 4096)
			for _, strategy := range policy().Strategies {
				w.state.Strategies = append(w.state.Strategies, event.StrategyAttempt{Strategy: strategy, Outcome: event.ResultRefused, Error: &e, StartedAt: w.now, EndedAt: w.now})
			}
			w.happen(o)
			w.work()
			require.Less(t, len(encode(t, w.state))+len(encode(t, o.Bounded())), headers)
			require.Equal(t, encode(t, o.Bounded()), encode(t, o.Bounded().Bounded()))
		}
	})
	t.Run("a request that brings more than that is refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, input := range []event.Event{
			event.OAuthCodeReceived{RedirectURI: long},
			event.OAuthCodeReceived{Claims: event.Claims{WabaID: event.WabaID(long)}},
			event.PollingRequested{Authority: event.Authority{TokenRef: event.SecretRef(long)}},
		} {
			require.Equal(t, event.InputRefused{Input: input.Name(), Code: event.CodeUnprocessable}, w.input(input))
		}
	})
}
