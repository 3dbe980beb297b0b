package notice_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/fault"
	"github.com/waba-platform/onboarding/pkg/natstest"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/notice"
	"github.com/waba-platform/onboarding/services/onboarding/internal/vault"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/waba-platform/onboarding/pkg/database/postgresproc.launch.func1"))
}

var databases = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

// house is a router with a bus and a database of its own.
type house struct {
	t       *testing.T
	js      jetstream.JetStream
	history *bus.History
	vault   *vault.Vault
	db      *bun.DB
	router  *notice.Router
}

// each runs a test over each kind of database.
func each(t *testing.T, test func(h *house)) {
	t.Helper()
	run := func(kind string, open func(t *testing.T) *bun.DB) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(newHouse(t, open(t)))
		})
	}
	run("sqlite", func(t *testing.T) *bun.DB { return databases.SQLite(t) })
	run("postgres", func(t *testing.T) *bun.DB { return databases.PostgreSQL(t) })
}

func newHouse(t *testing.T, db *bun.DB) *house {
	t.Helper()
	h := &house{t: t, js: natstest.New(t), db: db}
	var err error
	h.history, err = bus.OpenHistory(t.Context(), h.js)
	require.NoError(t, err)
	keys, err := seal.NewKeyring()
	require.NoError(t, err)
	h.vault = vault.New(db, keys, time.Now)
	h.router = notice.NewRouter(h.js, h.history, h.vault, db, time.Now, slog.New(slog.DiscardHandler))
	return h
}

// restaurant makes one that is known by what is given.
func (h *house) restaurant(who notice.Identity) event.RestaurantID {
	h.t.Helper()
	id := event.RestaurantID(uuid.NewString())
	ref := event.CredentialRef("cred_" + uuid.NewString())
	_, err := h.vault.StoreToken(h.t.Context(), vault.Credential{Ref: ref, Restaurant: id, Token: seal.NewSecret("EAAG"), UserID: who.User})
	require.NoError(h.t, err)
	h.reflect(id, ref, who)
	return id
}

func (h *house) reflect(id event.RestaurantID, ref event.CredentialRef, who notice.Identity) {
	h.t.Helper()
	require.NoError(h.t, h.vault.Reflect(h.t.Context(), ref, id, vault.Reflection{WabaID: who.Waba, BusinessID: who.Business, PhoneNumberID: who.Phone}))
}

// receive lets the router have a webhook.
func (h *house) receive(body string) {
	h.t.Helper()
	require.NoError(h.t, h.handle(body))
}

func (h *house) handle(body string) error {
	return h.router.Handle(h.t.Context(), bus.Message{
		Stream: bus.Webhooks, Subject: event.WebhookSubject(event.WebhookID([]byte(body))), Body: []byte(body), Stored: time.Now(),
	})
}

// told returns what a restaurant was told, in order.
func (h *house) told(id event.RestaurantID) []event.MetaNotified {
	h.t.Helper()
	var list []event.MetaNotified
	for after := uint64(0); ; {
		input, ok, err := h.history.NextInput(h.t.Context(), id, after)
		require.NoError(h.t, err)
		if !ok {
			return list
		}
		require.NoError(h.t, input.Broken)
		list = append(list, input.Event.(event.MetaNotified))
		after = input.Seq
	}
}

func (h *house) kept() int64 {
	h.t.Helper()
	n, err := h.db.NewSelect().Table("onboarding_notices").Count(h.t.Context())
	require.NoError(h.t, err)
	return n
}

const (
	partnerAdded = `{"field":"account_update","value":{"event":"PARTNER_ADDED","waba_info":{"waba_id":"880011223344","owner_business_id":"777000111"}}}`
	nameApproved = `{"field":"phone_number_name_update","value":{"display_phone_number":"5511900000000","decision":"APPROVED"}}`
	message      = `{"field":"messages","value":{"metadata":{"phone_number_id":"106000111"}}}`
)

func TestEveryChangeComesToItsRestaurantsOnce(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		one := h.restaurant(notice.Identity{Waba: "880011223344", Business: "777000111"})
		two := h.restaurant(notice.Identity{Waba: "880011223344"})
		other := h.restaurant(notice.Identity{Waba: "880099887766", Business: "777000111"})
		body := entry(`"880011223344"`, nameApproved+","+message+","+partnerAdded)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := h.handle(body); err != nil {
					h.t.Error(err)
				}
			})
		}
		group.Wait()
		h.receive(body)
		for _, id := range []event.RestaurantID{one, two} {
			told := h.told(id)
			require.Len(h.t, told, 2, "once, and messages are none of ours")
			fields := map[int]string{told[0].Change: told[0].Field, told[1].Change: told[1].Field}
			require.Equal(h.t, map[int]string{0: "phone_number_name_update", 2: "account_update"}, fields)
			require.Equal(h.t, event.WebhookID([]byte(body)), told[0].BodyID)
			require.Equal(h.t, event.WabaID("880011223344"), told[1].WabaID)
			require.Len(h.t, told[1].Recent, 2)
			require.Equal(h.t, time.Unix(1795000123, 0).UTC(), told[0].HappenedAt)
			require.False(h.t, told[0].ReceivedAt.IsZero())
		}
		require.Empty(h.t, h.told(other), "the account decides, where there is one")
		require.Zero(h.t, h.kept())
	})
}

func TestWithoutAnAccountTheNumberTheBusinessOrThePersonDecides(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		id := h.restaurant(notice.Identity{Business: "777000111", Phone: "106000111", User: "10200012345"})
		h.receive(entry(`"555000999"`, partnerAdded))
		h.receive(entry(`"999000999"`, `{"field":"account_alerts","value":{"entity_type":"PHONE_NUMBER","entity_id":"106000111"}}`))
		h.receive(strings.Replace(entry(`"10200012345"`, `{"field":"deauthorize","value":{}}`), "whatsapp_business_account", "waba.platform", 1))
		require.Len(h.t, h.told(id), 3)
		h.receive(strings.Replace(entry(`"10200099999"`, `{"field":"deauthorize","value":{}}`), "whatsapp_business_account", "waba.platform", 1))
		require.Len(h.t, h.told(id), 3)
		require.Zero(h.t, h.kept(), "a person whom nobody knows is not kept")
	})
}

func TestANoticeForNobodyIsKeptAndJoinedWhenTheRestaurantAppears(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		h.receive(entry(`"555000999"`, partnerAdded))
		h.receive(entry(`"555000999"`, partnerAdded))
		h.receive(entry(`"880099887766"`, nameApproved))
		require.EqualValues(h.t, 2, h.kept())

		by := notice.Identity{Business: "777000111"}
		id := h.restaurant(by)
		require.NoError(h.t, h.router.Join(h.t.Context(), id, by))
		require.NoError(h.t, h.router.Join(h.t.Context(), id, by))
		told := h.told(id)
		require.Len(h.t, told, 1)
		require.Equal(h.t, "PARTNER_ADDED", told[0].Event)
		require.EqualValues(h.t, 1, h.kept(), "what is another's waits on")

		require.NoError(h.t, h.router.Join(h.t.Context(), id, notice.Identity{}), "who is known by nothing gets nothing")
		another := notice.Identity{Waba: "880011220000", Business: "777000111"}
		h.receive(entry(`"555000999"`, strings.Replace(partnerAdded, "777000111", "777000222", 1)))
		require.NoError(h.t, h.router.Join(h.t.Context(), id, another))
		require.Len(h.t, h.told(id), 1)
	})
}

func TestARestaurantThatAppearsAtTheSameTimeIsNotMissed(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		for range 20 {
			_, err := h.db.NewDelete().Table("onboarding_notices").Where("1 = 1").Exec(h.t.Context())
			require.NoError(h.t, err)
			waba := event.WabaID("88" + strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, uuid.NewString())[:8])
			var id event.RestaurantID
			var group sync.WaitGroup
			group.Go(func() { h.receive(entry(`"`+string(waba)+`"`, nameApproved)) })
			group.Go(func() {
				id = h.restaurant(notice.Identity{Waba: waba})
				require.NoError(h.t, h.router.Join(h.t.Context(), id, notice.Identity{Waba: waba}))
			})
			group.Wait()
			require.Len(h.t, h.told(id), 1)
			require.Zero(h.t, h.kept())
		}
	})
}

func TestWhoWantsToBeForgottenIs(t *testing.T) {
	t.Parallel()
	each(t, func(h *house) {
		person := event.UserID("10200012345")
		id := h.restaurant(notice.Identity{Waba: "880011223344", User: person})
		other := h.restaurant(notice.Identity{Waba: "880099887766", User: "10200067890"})
		body := strings.Replace(entry(`"10200012345"`, `{"field":"data_deletion","value":{}}`), "whatsapp_business_account", "waba.platform", 1)
		h.receive(body)
		h.receive(body)
		require.Len(h.t, h.told(id), 1)
		require.Empty(h.t, h.told(other))
		count := func(query, table string, args ...any) int64 {
			n, err := h.db.NewSelect().Table(table).Where(query, args...).Count(h.t.Context())
			require.NoError(h.t, err)
			return n
		}
		require.Zero(h.t, count("meta_user_id = ?", "whatsapp_credentials", person))
		require.Zero(h.t, count("restaurant_id = ? AND (user_access_token IS NOT NULL OR data_key <> '')", "whatsapp_credentials", id))
		require.EqualValues(h.t, 1, count("user_access_token IS NOT NULL", "whatsapp_credentials"), "another's stays")
		require.EqualValues(h.t, 1, count("erasure_id = ?", "onboarding_erasures", event.ErasureID(event.WebhookID([]byte(body)))))

		h.receive(strings.Replace(body, "data_deletion", "deauthorize", 1))
		require.Len(h.t, h.told(id), 1, "nobody knows the person any more")
	})
}

// Only our own object speaks of persons.
func TestAWebhookOfMetaCannotHaveAnybodyForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, databases.SQLite(t))
	h.restaurant(notice.Identity{User: "10200012345"})
	h.receive(entry(`"10200012345"`, `{"field":"data_deletion","value":{}}`))
	n, err := h.db.NewSelect().Table("whatsapp_credentials").Where("user_access_token IS NOT NULL").Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestABodyThatIsNoWebhookIsPutAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, databases.SQLite(t))
	permanent := func(err error) string {
		found, ok := err.(*fault.Permanent) //nolint:errorlint // it is not wrapped
		require.True(t, ok, "%v", err)
		return found.Reason
	}
	require.Equal(t, "webhook_malformed", permanent(h.handle("<html>")))
	require.Equal(t, "subject_malformed", permanent(h.router.Handle(t.Context(), bus.Message{Subject: "waba.webhook.x", Body: []byte("{}")})))
}
