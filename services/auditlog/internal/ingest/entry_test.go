package ingest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
)

const anna event.RestaurantID = "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// messageOf returns a message as the services publish it.
func messageOf(t *testing.T, stream string, seq uint64, e event.Event, snapshot *event.Snapshot) message {
	t.Helper()
	body, err := event.Encode(event.Meta{
		ID: event.DeriveID(stream, e.Name().Type()), Source: "waba/test", Restaurant: anna, Time: noon, CausationID: "cause", Sequence: 3,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}, e)
	require.NoError(t, err)
	family, ok := event.FamilyOf(e.Name())
	require.True(t, ok)
	m := message{stream: stream, seq: seq, subject: event.Subject(family, anna, e.Name()), body: body, stored: noon.Add(time.Second)}
	if snapshot != nil {
		m.state, err = json.Marshal(snapshot)
		require.NoError(t, err)
	}
	return m
}

func snapshotOf(change func(s *event.Snapshot)) *event.Snapshot {
	s := &event.Snapshot{Integration: event.Integration{
		RestaurantID: anna, IntegrationID: event.IntegrationOf(anna), Run: 2,
		Status: event.StatusInProgress, Stage: event.StageDiscovery, CreatedAt: noon, UpdatedAt: noon,
	}}
	if change != nil {
		change(s)
	}
	return s
}

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("a decision says where the restaurant stands", func(t *testing.T) {
		t.Parallel()
		blocked := &event.MetaError{Code: 368, Class: event.ClassBlocked}
		m := messageOf(t, "WABA", 9, event.OnboardingFailed{Code: event.CodeBlocked, Error: blocked}, snapshotOf(func(s *event.Snapshot) {
			s.Status, s.Error = event.StatusFailed, &event.Problem{Code: event.CodeBlocked, Meta: blocked}
		}))
		entry, odd := read(m)
		require.Empty(t, odd)
		require.Equal(t, store.Log{
			EventID: event.DeriveID("WABA", "waba.OnboardingFailed.v1"), EventType: "waba.OnboardingFailed.v1", Stream: "WABA", StreamSeq: 9,
			Step: event.StepDiscovery, ErrorMessage: "meta_blocked (Meta 368)", Run: 2, Time: noon,
			TraceID: "0af7651916cd43dd8448eb211c80319c", Details: entry.Details,
		}, entry.Log)
		require.JSONEq(t, `{"causation_id":"cause","sequence":3,
			"data":{"code":"meta_blocked","error":{"code":368,"class":"blocked"},"next_action":{"kind":"","actor":""}}}`, entry.Details)
		require.Equal(t, anna, entry.Restaurant)
		require.Equal(t, "meta_blocked (Meta 368)", entry.Standing.ErrorText)
		require.Equal(t, event.StatusFailed, entry.Standing.Document.Status)
		require.Nil(t, entry.Connection)
	})

	t.Run("an input brings the restaurant's name and no standing", func(t *testing.T) {
		t.Parallel()
		entry, odd := read(messageOf(t, "WABA_IN", 1, event.OAuthCodeReceived{RestaurantName: "Bistrô\x00"}, nil))
		require.Empty(t, odd)
		require.Equal(t, "Bistrô\x00", entry.Name, "cleaned where it is stored")
		require.NotContains(t, entry.Details, `\u0000`)
		require.True(t, entry.Success)
		require.Nil(t, entry.Standing)
	})

	t.Run("only some decisions make or end a connection", func(t *testing.T) {
		t.Parallel()
		known := snapshotOf(func(s *event.Snapshot) { s.WabaID = "1000001" })
		for _, tt := range []struct {
			happened event.Event
			snapshot *event.Snapshot
			want     store.ConnectionStatus
		}{
			{event.WabaReady{WabaID: "1000001", ReadyAt: noon}, snapshotOf(nil), store.Connected},
			{event.IntegrationDisconnected{}, snapshotOf(nil), store.Disconnected},
			{event.ReauthorizationRequired{}, known, store.Unauthorized},
			{event.ReauthorizationRequired{}, snapshotOf(nil), ""},
			{event.OnboardingFailed{}, known, ""},
			{event.WabaDiscovered{WabaID: "1000001"}, known, ""},
		} {
			entry, odd := read(messageOf(t, "WABA", 1, tt.happened, tt.snapshot))
			require.Empty(t, odd)
			if tt.want == "" {
				require.Nil(t, entry.Connection, tt.happened.Name())
				continue
			}
			require.Equal(t, tt.want, entry.Connection.Status, tt.happened.Name())
			require.Equal(t, 2, entry.Connection.Run)
		}
	})

	t.Run("an event of a newer service is a row like any other", func(t *testing.T) {
		t.Parallel()
		m := messageOf(t, "WABA", 4, event.PollDue{}, snapshotOf(nil))
		m.subject = strings.Replace(m.subject, "PollDue", "CatalogLinked", 1)
		m.body = []byte(strings.Replace(string(m.body), "waba.PollDue.v1", "waba.CatalogLinked.v7", 1))
		entry, odd := read(m)
		require.Empty(t, odd)
		require.Equal(t, "waba.CatalogLinked.v7", entry.EventType)
		require.Equal(t, event.StepDiscovery, entry.Step)
		require.Equal(t, anna, entry.Restaurant)
	})

	t.Run("a decision whose state is unreadable is still a row of its restaurant", func(t *testing.T) {
		t.Parallel()
		for _, state := range []string{"", "{", `{"run":"x"}`, `{"restaurant_id":"6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f002"}`} {
			m := messageOf(t, "WABA", 4, event.PollDue{}, nil)
			m.state = []byte(state)
			entry, odd := read(m)
			require.Equal(t, stateUnreadable, odd)
			require.Equal(t, anna, entry.Restaurant)
			require.Nil(t, entry.Standing)
		}
	})

	t.Run("what cannot be decoded is a row without a restaurant that repeats nothing of it", func(t *testing.T) {
		t.Parallel()
		good := messageOf(t, "WABA_IN", 5, event.PinSubmitted{PinRef: "ref"}, nil)
		for name, tt := range map[string]struct {
			subject, body string
			want          trouble
		}{
			"empty":          {good.subject, "", notDecoded},
			"no JSON":        {good.subject, "\xff\x00 152563", notDecoded},
			"a PIN by error": {good.subject, strings.Replace(string(good.body), `"ref"`, `152563`, 1), notDecoded},
			"no id":          {good.subject, strings.Replace(string(good.body), `"id"`, `"di"`, 1), notDecoded},
			"other subject":  {strings.Replace(good.subject, "PinSubmitted", "CancelRequested", 1), string(good.body), notConsistent},
			"other family":   {strings.Replace(good.subject, "waba.in", "waba.evt", 1), string(good.body), notConsistent},
			"no subject":     {"waba.in.x\x00", string(good.body), notConsistent},
			"other restaurant": {
				strings.Replace(good.subject, "f001", "f002", 1), string(good.body), notConsistent,
			},
		} {
			m := good
			m.subject, m.body = tt.subject, []byte(tt.body)
			entry, odd := read(m)
			require.Equal(t, tt.want, odd, name)
			require.Empty(t, entry.Restaurant, name)
			require.False(t, entry.Success, name)
			require.Equal(t, string(tt.want), entry.ErrorMessage, name)
			require.Equal(t, event.DeriveID("broken", "WABA_IN", "5"), entry.EventID, name)
			require.Equal(t, m.stored, entry.Time, name)
			require.NotContains(t, entry.Details, "152563", name)
			require.True(t, json.Valid([]byte(entry.Details)), name)
		}
	})

	t.Run("an impossible time gives way to the bus's", func(t *testing.T) {
		t.Parallel()
		m := messageOf(t, "WABA_IN", 5, event.CancelRequested{}, nil)
		m.body = []byte(strings.Replace(string(m.body), "2026-11-23T12:00:00Z", "0001-01-02T00:00:00Z", 1))
		entry, odd := read(m)
		require.Empty(t, odd)
		require.Equal(t, m.stored, entry.Time)
	})

	t.Run("a traceparent that is none gives no trace id", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{"", "x", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "00-0af7-b7ad-01", "0af7651916cd43dd8448eb211c80319c"} {
			require.Empty(t, traceID(text), text)
		}
	})
}

// FuzzRead looks for a message that makes no entry, or one that cannot be stored.
func FuzzRead(f *testing.F) {
	body, err := event.Encode(event.Meta{ID: "1", Restaurant: anna, Time: noon}, event.OAuthCodeReceived{RestaurantName: "x"})
	require.NoError(f, err)
	f.Add("waba.in."+string(anna)+".OAuthCodeReceived", body, []byte(nil))
	f.Add("waba.evt."+string(anna)+".PollDue", []byte("{}"), []byte(`{"run":1}`))
	f.Fuzz(func(t *testing.T, subject string, body, state []byte) {
		entry, _ := read(message{stream: "WABA", seq: 1, subject: subject, body: body, state: state, stored: noon})
		require.True(t, json.Valid([]byte(entry.Details)))
		require.Equal(t, strings.ToValidUTF8(entry.Details, "?"), entry.Details)
		require.NotContains(t, entry.Details, "\x00")
		require.NotEmpty(t, entry.EventID)
		require.NotEmpty(t, entry.Step)
	})
}
