package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

// site is a call at Meta, in a run that depends on its answer.
type site struct {
	call     effect.Call
	op       metasim.Op
	scenario string
	after    int        // calls of that operation before the one that is meant
	without  event.Code // why the run rests when a search passes over the call; empty: it goes on to its end
}

// sites are a run for each of [effect.Calls].
var sites = []site{
	{callOf(machine.ExchangeCode, errcode.OpExchangeCode, event.StageExchange), metasim.OpExchange, "default", 0, ""},
	{callOf(machine.CheckToken, errcode.OpInspectToken, event.StageExchange), metasim.OpDebugToken, "default", 0, ""},
	{callOf(machine.Discover, errcode.OpClientBusiness, event.StageDiscovery), metasim.OpClientBusiness, "default", 0, event.CodeWabaNotCreated},
	{callOf(machine.Discover, errcode.OpListBusinesses, event.StageDiscovery), metasim.OpBusinesses, "existing-business", 0, ""},
	{callOf(machine.Discover, errcode.OpListOwned, event.StageDiscovery), metasim.OpOwned, "default", 0, ""},
	{callOf(machine.Discover, errcode.OpListClients, event.StageDiscovery), metasim.OpClient, "existing-client", 0, event.CodeWabaNotCreated},
	{callOf(machine.Discover, errcode.OpListPages, event.StageDiscovery), metasim.OpPages, "existing-page", 0, event.CodeWabaNotCreated},
	{callOf(machine.Discover, errcode.OpPageBusiness, event.StageDiscovery), metasim.OpPage, "existing-page", 0, event.CodeWabaNotCreated},
	{callOf(machine.Discover, errcode.OpListNumbers, event.StageDiscovery), metasim.OpPhoneNumbers, "default", 0, ""},
	{callOf(machine.CreateWaba, errcode.OpCreateWaba, event.StageCreation), metasim.OpCreate2B, "creates-2b", 0, ""},
	{callOf(machine.LookForWaba, errcode.OpListOwned, event.StageCreation), metasim.OpOwned, "created-but-unanswered", 1, ""},
	{callOf(machine.LookForWaba, errcode.OpListNumbers, event.StageCreation), metasim.OpPhoneNumbers, "created-but-unanswered", 0, ""},
	{callOf(machine.LookForWaba, errcode.OpListNumbers, event.StagePolling), metasim.OpPhoneNumbers, "creates-2b", 0, event.CodeWabaNotVisible},
	{callOf(machine.SubscribeApp, errcode.OpListSubscribers, event.StageSubscription), metasim.OpSubscribedApps, "default", 0, ""},
	{callOf(machine.SubscribeApp, errcode.OpSubscribeApp, event.StageSubscription), metasim.OpSubscribe, "default", 0, ""},
	{callOf(machine.ReadNumber, errcode.OpReadNumber, event.StageRegistration), metasim.OpPhone, "number-unclear", 0, ""},
	{callOf(machine.RegisterPhone, errcode.OpRegisterNumber, event.StageRegistration), metasim.OpRegister, "default", 0, ""},
	{callOf(machine.RegisterPhone, errcode.OpReadNumber, event.StageRegistration), metasim.OpPhone, "registered-but-unanswered", 0, ""},
	{callOf(machine.ReadBack, errcode.OpReadNumber, event.StageFinalCheck), metasim.OpPhone, "default", 0, ""},
	{callOf(machine.ReadBack, errcode.OpListSubscribers, event.StageFinalCheck), metasim.OpSubscribedApps, "default", 1, ""},
}

// elsewhereCalled are calls that no short run makes. In polls without a known id,
// which begin when the strategies' time is over, lists are read as in discovery. What
// somebody brings for a number, and how a restaurant is disconnected, have tests of
// their own.
var elsewhereCalled = []effect.Call{
	callOf(machine.LookForWaba, errcode.OpListOwned, event.StagePolling),
	callOf(machine.LookForWaba, errcode.OpListClients, event.StagePolling),
	callOf(machine.RequestCode, errcode.OpRequestCode, event.StageVerification),
	callOf(machine.VerifyCode, errcode.OpVerifyCode, event.StageVerification),
	callOf(machine.VerifyCode, errcode.OpReadNumber, event.StageVerification),
	callOf(machine.SetPin, errcode.OpSetPin, event.StageRegistration),
	callOf(machine.DeregisterPhone, errcode.OpReadNumber, event.StageDone),
	callOf(machine.DeregisterPhone, errcode.OpDeregister, event.StageDone),
	callOf(machine.UnsubscribeApp, errcode.OpListNumbers, event.StageDone),
	callOf(machine.UnsubscribeApp, errcode.OpUnsubscribeApp, event.StageDone),
	callOf(machine.UnsubscribeApp, errcode.OpSubscribeApp, event.StageDone),
}

func callOf(e machine.Effect, op errcode.Operation, stage event.Stage) effect.Call {
	for _, call := range effect.Calls {
		if call.Effect == e && call.Op == op && call.Stage == stage {
			return call
		}
	}
	return effect.Call{}
}

// walked is one restaurant that meets one misbehaviour of Meta at one call.
type walked struct {
	name  string
	at    site
	fault metasim.Fault
	over  func(event.Snapshot) bool
	check func(t *testing.T, s *service, w *walked)

	run    run
	since  time.Time
	last   event.Snapshot
	got    *event.Snapshot // the first in which it is over
	ledger []metasim.Entry // what Meta saw of it
}

// walk lets every restaurant begin, and checks each when it has come to its end, or
// to its wait. All of them run beside each other.
func (s *service) walk(t *testing.T, all []*walked) {
	t.Helper()
	open := make(map[event.RestaurantID]*walked, len(all))
	for _, w := range all {
		w.run.restaurant = s.newRestaurant(t)
		w.run.code = fmt.Sprintf("demo-%s-%s", w.at.scenario, w.run.restaurant)
		w.fault.Ops, w.fault.Code, w.fault.After = []metasim.Op{w.at.op}, w.run.code, w.at.after
		require.NoError(t, s.meta.Inject(w.fault), w.name)
		open[w.run.restaurant] = w
	}
	require.NotEmpty(t, open)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	decisions, err := s.js.OrderedConsumer(ctx, bus.Log, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy})
	require.NoError(t, err)
	messages, err := decisions.Messages()
	require.NoError(t, err)
	t.Cleanup(messages.Stop)
	for _, w := range all {
		w.since = time.Now()
		s.receiveFor(t, w.run, event.OAuthCodeReceived{})
	}
	for len(open) > 0 {
		message, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			break
		}
		var seen event.Snapshot
		require.NoError(t, json.Unmarshal([]byte(message.Headers().Get(event.StateHeader)), &seen))
		w, ok := open[seen.RestaurantID]
		if !ok {
			continue
		}
		w.last = seen
		if w.over(seen) {
			w.got = &seen
			delete(open, seen.RestaurantID)
		}
	}
	ledger := map[metasim.Key][]metasim.Entry{}
	for _, entry := range s.meta.Ledger() {
		ledger[entry.Code] = append(ledger[entry.Code], entry)
	}
	for _, w := range all {
		t.Run(w.name, func(t *testing.T) {
			require.NotNil(t, w.got, "it has not come to its end: %+v", w.last.Integration)
			w.ledger = ledger[metasim.KeyOf(w.run.code)]
			w.check(t, s, w)
			s.requireNothingTwice(t, w)
			s.requireReplays(t, w.run.restaurant)
		})
	}
}

// requireNothingTwice says what holds whatever Meta answers.
func (s *service) requireNothingTwice(t *testing.T, w *walked) {
	t.Helper()
	made := 0
	for _, op := range creations {
		made += s.meta.Executed(op, w.run.code)
	}
	require.LessOrEqual(t, made, 1, "accounts made")
	require.LessOrEqual(t, s.meta.Calls(metasim.OpExchange, w.run.code), 1, "exchanges")
	require.LessOrEqual(t, s.meta.Executed(metasim.OpRegister, w.run.code), 1, "registrations")
	if w.got.Status == event.StatusCompleted {
		require.Nil(t, w.got.Error)
		ids := metasim.IDs(w.run.code)
		require.Equal(t, ids.Phone, string(w.got.PhoneNumberID))
		require.Equal(t, ids.WABA, string(w.got.WabaID))
		require.Equal(t, 1, s.meta.Executed(metasim.OpRegister, w.run.code))
		require.Positive(t, s.meta.Executed(metasim.OpSubscribe, w.run.code))
	}
}
