package effect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/effect"
	"github.com/waba-platform/onboarding/services/onboarding/internal/engine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

var databases = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

// town is many restaurants, one process of the service, and a Meta, on a clock that
// the test moves.
type town struct {
	at      time.Time
	js      jetstream.JetStream
	history *bus.History
	db      *bun.DB
	keyring *seal.Keyring
	sim     *metasim.Server
	graph   string
	engine  *engine.Engine
	people  []*restaurant
}

type restaurant struct {
	id    event.RestaurantID
	code  string
	head  bus.Head
	state machine.State
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{at: time.Now(), js: natstest.New(t), db: databases.SQLite(t)}
	var err error
	w.history, err = bus.OpenHistory(t.Context(), w.js)
	require.NoError(t, err)
	w.keyring, err = seal.NewKeyring()
	require.NoError(t, err)
	w.sim, err = metasim.New(metasim.Options{Now: w.now})
	require.NoError(t, err)
	server := httptest.NewServer(w.sim)
	t.Cleanup(server.Close)
	w.graph = server.URL
	w.restart(t)
	return w
}

func (w *town) now() time.Time { return w.at }

// restart puts a process in the place of the one before: it has met no limit yet.
func (w *town) restart(t *testing.T) {
	t.Helper()
	client, err := meta.New(meta.Config{
		Base: w.graph, Version: "v22.0", AppID: metasim.DefaultAppID, AppSecret: seal.NewSecret(metasim.DefaultAppSecret), Now: w.now,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	secrets, err := bus.OpenSecrets(t.Context(), w.js)
	require.NoError(t, err)
	performer := &effect.Performer{
		Graph: client, Vault: vault.New(w.db, w.keyring, w.now), Secrets: secrets, Keyring: w.keyring,
		AppID: metasim.DefaultAppID, Limit: time.Minute, StepLimit: time.Minute, Now: w.now,
	}
	w.engine = engine.New(w.js, w.history, performer, machine.Policy{
		RetryAfter: 5 * time.Minute, PollMaxAttempts: 3, PollTimeout: time.Minute, Limits: machine.UsualLimitWaits,
	}, w.now, slog.New(slog.DiscardHandler))
}

// arrive brings a restaurant with its code, and has it go as far as it can.
func (w *town) arrive(t *testing.T, code string) *restaurant {
	t.Helper()
	id, err := event.ParseRestaurantID(uuid.NewString())
	require.NoError(t, err)
	sealed, err := seal.SealTo(w.keyring.PublicKey(), event.PurposeCode, string(id), seal.NewSecret(code))
	require.NoError(t, err)
	input := event.OAuthCodeReceived{CodeRef: event.SecretRef(uuid.NewString()), CodeHash: event.HashOf(id, "code", code)}
	require.NoError(t, bus.PutSecret(t.Context(), w.js, input.CodeRef, sealed))
	seq, err := bus.PublishInput(t.Context(), w.js, event.Meta{ID: uuid.NewString(), Source: "test", Restaurant: id, Time: w.at}, input)
	require.NoError(t, err)
	r := &restaurant{id: id, code: code}
	w.people = append(w.people, r)
	require.NoError(t, w.engine.Handle(t.Context(), bus.Message{
		Stream: bus.In, Seq: seq, Family: event.FamilyInput, Restaurant: id, Name: input.Name(),
	}))
	w.ring(t, r)
	return r
}

// ring rings a restaurant's bell until nothing moves any more.
func (w *town) ring(t *testing.T, r *restaurant) {
	t.Helper()
	for {
		head, err := w.history.Head(t.Context(), r.id)
		require.NoError(t, err)
		if head.Seq == r.head.Seq {
			return
		}
		r.head, r.state = head, machine.State{}
		require.NoError(t, json.Unmarshal(head.State, &r.state))
		w.bell(t, r)
	}
}

func (w *town) bell(t *testing.T, r *restaurant) {
	t.Helper()
	require.NoError(t, w.engine.Handle(t.Context(), bus.Message{
		Stream: bus.Log, Seq: r.head.Seq, Family: event.FamilyDecision, Restaurant: r.id, Name: r.head.Event.Name(),
	}))
}

// until lets time pass, wait by wait, until then or until nobody waits.
func (w *town) until(t *testing.T, then time.Time) {
	t.Helper()
	for {
		var next *restaurant
		for _, r := range w.people {
			if r.state.Status == event.StatusInProgress && (next == nil || r.state.ResumeAt.Before(next.state.ResumeAt)) {
				next = r
			}
		}
		if next == nil || next.state.ResumeAt.After(then) {
			w.at = then
			return
		}
		if next.state.ResumeAt.After(w.at) {
			w.at = next.state.ResumeAt
		}
		w.bell(t, next)
		w.ring(t, next)
	}
}

func (w *town) requireAllConnected(t *testing.T) {
	t.Helper()
	for _, r := range w.people {
		require.Equal(t, event.StatusCompleted, r.state.Status, "%s: %+v", r.code, r.state.Error)
		require.Equal(t, 1, w.sim.Calls(metasim.OpExchange, r.code), "a code is sent once")
		require.Equal(t, 1, w.sim.Executed(metasim.OpRegister, r.code))
	}
}

// during returns the calls between two times, the exchanges apart.
func (w *town) during(from, to time.Time) (calls, exchanges int) {
	for _, e := range w.sim.Ledger() {
		switch {
		case !e.Time.After(from) || !e.Time.Before(to):
		case e.Op == metasim.OpExchange:
			exchanges++
		default:
			calls++
		}
	}
	return calls, exchanges
}

func TestAnAppsLimitIsWaitedOutByAllAndNothingIsLost(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	begun := w.at
	require.NoError(t, w.sim.Inject(metasim.Fault{
		Ops: []metasim.Op{metasim.OpDebugToken}, Kind: metasim.FaultError, ErrorCode: 4, RegainMinutes: 60, Times: 1,
	}))
	for i := range 80 {
		w.at = w.at.Add(time.Second)
		w.arrive(t, fmt.Sprintf("town-%d", i))
	}
	over := begun.Add(time.Second + time.Hour) // the first has met it
	for _, r := range w.people {
		require.Equal(t, event.CodeRateLimited, r.state.Error.Code)
		require.False(t, r.state.ResumeAt.Before(over), "it says until when")
	}
	w.until(t, over.Add(-time.Second))
	calls, exchanges := w.during(begun.Add(time.Second), over)
	require.Zero(t, calls, "a call while a limit lasts prolongs it")
	require.Equal(t, 79, exchanges, "a code would not live to the end of it")

	w.until(t, over.Add(2*time.Hour))
	w.requireAllConnected(t)
	most := 0
	for second := over; second.Before(over.Add(20 * time.Minute)); second = second.Add(time.Second) {
		calls, _ := w.during(second.Add(-1), second.Add(time.Second))
		most = max(most, calls)
	}
	require.LessOrEqual(t, most, 60, "they come back one after another")
}

func TestWhoWaitsForALimitGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.arrive(t, "demo-rate-limited-first")
	w.arrive(t, "second")
	first, second := w.people[0].state.ResumeAt, w.people[1].state.ResumeAt
	calls := w.sim.Calls(metasim.OpAny, "")

	w.restart(t)
	for _, r := range w.people {
		w.bell(t, r) // every bell rings again
		w.ring(t, r)
	}
	require.Equal(t, first, w.people[0].state.ResumeAt)
	require.Equal(t, second, w.people[1].state.ResumeAt)
	require.Equal(t, calls, w.sim.Calls(metasim.OpAny, ""), "the new process knows of no limit, and makes no call all the same")

	w.until(t, w.at.Add(time.Hour))
	w.requireAllConnected(t)
}

func TestEachLimitEndsInAConnection(t *testing.T) {
	t.Parallel()
	for scenario, wait := range map[string]time.Duration{
		"rate-limited": 2 * time.Minute, "retry-after": 90 * time.Second, "usage-full": 5 * time.Minute,
		"account-rate-limited": 2 * time.Minute, "account-limit-unsaid": 30 * time.Minute, "account-usage-full": 2 * time.Minute,
		"number-rate-limited": time.Minute, "user-rate-limited": 2 * time.Minute,
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			begun := w.at
			r := w.arrive(t, "demo-"+scenario+"-town")
			require.Equal(t, event.CodeRateLimited, r.state.Error.Code)
			w.until(t, begun.Add(wait-time.Second))
			require.Equal(t, event.StatusInProgress, r.state.Status, "not before its time")
			w.until(t, begun.Add(2*wait+time.Minute))
			w.requireAllConnected(t)
		})
	}
}

func TestNoRestaurantIsLostInAStorm(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	// Each fifth call meets a limit of the app's, for an hour.
	for i := range 4 {
		require.NoError(t, w.sim.Inject(metasim.Fault{
			Ops:   []metasim.Op{metasim.OpDebugToken, metasim.OpOwned, metasim.OpSubscribe, metasim.OpRegister, metasim.OpPhone},
			After: 5 * i, Times: 1, Kind: metasim.FaultError, ErrorCode: 4, AppUsage: 120, RetryAfter: 60 + 10*i,
		}))
	}
	for i := range 12 {
		w.arrive(t, fmt.Sprintf("demo-account-rate-limited-%d", i))
	}
	w.until(t, w.at.Add(48*time.Hour))
	w.requireAllConnected(t)
}
