package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"sync"
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
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

var databases = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

// service is onboarding at work, with a bus, a database and a Meta of its own.
type service struct {
	js      jetstream.JetStream
	db      *bun.DB
	meta    *metasim.Server
	keyring *seal.Keyring
	config  app.Config
}

func start(t *testing.T, options ...func(*app.Config)) *service {
	t.Helper()
	return startOn(t, natstest.New(t), databases.SQLite(t), options...)
}

func startOn(t *testing.T, js jetstream.JetStream, db *bun.DB, options ...func(*app.Config)) *service {
	t.Helper()
	s := idle(t, js, db, options...)
	s.replica(t)
	return s
}

// idle is a service of which no process runs yet.
func idle(t *testing.T, js jetstream.JetStream, db *bun.DB, options ...func(*app.Config)) *service {
	t.Helper()
	meta, err := metasim.New(metasim.Options{})
	require.NoError(t, err)
	graph := httptest.NewServer(meta)
	t.Cleanup(graph.Close)
	keyring, err := seal.NewKeyring()
	require.NoError(t, err)
	s := &service{js: js, db: db, meta: meta, keyring: keyring, config: app.Config{
		AppID: metasim.DefaultAppID, AppSecret: seal.NewSecret(metasim.DefaultAppSecret),
		APIVersion: "v22.0", GraphBase: graph.URL,
		Strategies:      []string{"client_whatsapp_applications", "whatsapp_business_accounts", "applications", "official_meta_flow"},
		StrategyTimeout: 30 * time.Second, PollInterval: 50 * time.Millisecond, PollMaxAttempts: 10,
		PollTimeout: 5 * time.Minute, RetryAfter: 5 * time.Minute,
	}}
	for _, option := range options {
		option(&s.config)
	}
	require.NoError(t, s.config.Validate())
	return s
}

// replica runs one more process of the service. stop ends it early.
func (s *service) replica(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- app.Run(ctx, s.config, app.Deps{
			JetStream: s.js, DB: s.db, Keyring: s.keyring, Logger: slog.New(slog.DiscardHandler),
		})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

// run is a restaurant and the code that it came with.
type run struct {
	restaurant event.RestaurantID
	code       string
}

func (s *service) newRestaurant(t *testing.T) event.RestaurantID {
	t.Helper()
	id, err := event.ParseRestaurantID(uuid.NewString())
	require.NoError(t, err)
	return id
}

// receive does what the gateway does with a code.
func (s *service) receive(t *testing.T, code string, claims event.Claims) run {
	t.Helper()
	r := run{restaurant: s.newRestaurant(t), code: code}
	s.receiveFor(t, r, event.OAuthCodeReceived{Claims: claims})
	return r
}

func (s *service) receiveFor(t *testing.T, r run, input event.OAuthCodeReceived) {
	t.Helper()
	sealed, err := seal.SealTo(s.keyring.PublicKey(), event.PurposeCode, string(r.restaurant), seal.NewSecret(r.code))
	require.NoError(t, err)
	input.CodeRef = event.SecretRef(uuid.NewString())
	input.CodeHash = event.HashOf(r.restaurant, "code", r.code)
	require.NoError(t, bus.PutSecret(t.Context(), s.js, input.CodeRef, sealed))
	s.publish(t, r.restaurant, input)
}

func (s *service) publish(t *testing.T, id event.RestaurantID, input event.Event) {
	t.Helper()
	_, err := bus.PublishInput(t.Context(), s.js, event.Meta{
		ID: uuid.NewString(), Source: "test", Restaurant: id, Time: time.Now(),
	}, input)
	require.NoError(t, err)
}

// until returns the first state of a restaurant that satisfies a condition.
func (s *service) until(t *testing.T, r run, condition func(event.Snapshot) bool) event.Snapshot {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	consumer, err := s.js.OrderedConsumer(ctx, bus.Log, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{event.Subjects(event.FamilyDecision, r.restaurant)},
	})
	require.NoError(t, err)
	var seen []string
	for {
		msg, err := consumer.Next(jetstream.FetchContext(ctx))
		require.NoError(t, err, "seen so far: %v", seen)
		var snapshot event.Snapshot
		require.NoError(t, json.Unmarshal([]byte(msg.Headers().Get(event.StateHeader)), &snapshot))
		_, e, err := event.Decode(msg.Data())
		require.NoError(t, err)
		seen = append(seen, string(e.Name()))
		if condition(snapshot) {
			return snapshot
		}
	}
}

// requireReplays runs a restaurant's history through the machine again.
func (s *service) requireReplays(t *testing.T, id event.RestaurantID) {
	t.Helper()
	replayed, err := app.Replay(t.Context(), s.js, id)
	require.NoError(t, err)
	require.NotEmpty(t, replayed.Entries)
	for _, entry := range replayed.Entries {
		require.True(t, entry.Matches, "%d %s: %s", entry.Sequence, entry.Event, entry.Difference)
	}
}

const (
	waitFor  = 10 * time.Second
	lookEach = 10 * time.Millisecond
)

// owned returns how many numbers of a restaurant there are for which a condition holds.
func (s *service) owned(t *testing.T, id event.RestaurantID, condition string) int64 {
	t.Helper()
	n, err := s.db.NewSelect().Table("onboarding_phone_owners").Where("restaurant_id = ?", id).Where(condition).Count(t.Context())
	require.NoError(t, err)
	return n
}

// requireNoToken waits until a dead token is destroyed.
func (s *service) requireNoToken(t *testing.T, ref event.CredentialRef) {
	t.Helper()
	require.Eventually(t, func() bool {
		left, err := s.db.NewSelect().Table("whatsapp_credentials").
			Where("credential_ref = ?", ref).Where("user_access_token IS NOT NULL").Count(t.Context())
		return err == nil && left == 0
	}, waitFor, lookEach)
}
