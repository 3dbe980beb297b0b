package event_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

// envelope returns a good envelope with some fields changed; nil removes one.
func envelope(t *testing.T, changes map[string]any) []byte {
	t.Helper()
	fields := map[string]any{
		"specversion": "1.0", "id": "id-1", "source": "waba/test", "type": "waba.PollDue.v1",
		"subject": restaurant, "time": "2026-11-23T12:00:00Z", "data": map[string]any{"attempt": 3},
	}
	for key, value := range changes {
		if value == nil {
			delete(fields, key)
		} else {
			fields[key] = value
		}
	}
	body, err := json.Marshal(fields)
	require.NoError(t, err)
	return body
}

func TestDecodeReadsAnEvent(t *testing.T) {
	t.Parallel()
	env, e, err := event.Decode(envelope(t, nil))
	require.NoError(t, err)
	require.Equal(t, event.PollDue{Attempt: 3}, e)
	require.Equal(t, restaurant, env.Subject)
	require.True(t, noon.Equal(env.Time))
}

func TestDecodeRefusesWhatIsNoEvent(t *testing.T) {
	t.Parallel()
	for name, body := range map[string][]byte{
		"nothing":                   nil,
		"a space":                   []byte(" "),
		"no JSON":                   []byte("{"),
		"two values":                append(envelope(t, nil), envelope(t, nil)...),
		"null":                      []byte("null"),
		"an array":                  []byte("[]"),
		"a text":                    []byte(`"x"`),
		"bytes":                     []byte("\x00\xff\xfe"),
		"nested too deep":           []byte(strings.Repeat(`{"data":`, 20_000)),
		"an answer of JetStream":    []byte(`{"stream":"WABA_IN","seq":1}`),
		"another specversion":       envelope(t, map[string]any{"specversion": "0.3"}),
		"no specversion":            envelope(t, map[string]any{"specversion": nil}),
		"no id":                     envelope(t, map[string]any{"id": nil}),
		"an empty id":               envelope(t, map[string]any{"id": ""}),
		"a long id":                 envelope(t, map[string]any{"id": strings.Repeat("x", 201)}),
		"an id that is a number":    envelope(t, map[string]any{"id": 7}),
		"no time":                   envelope(t, map[string]any{"time": nil}),
		"a time that is none":       envelope(t, map[string]any{"time": "noon"}),
		"no subject":                envelope(t, map[string]any{"subject": nil}),
		"a subject in upper case":   envelope(t, map[string]any{"subject": strings.ToUpper(string(restaurant))}),
		"a subject that is a star":  envelope(t, map[string]any{"subject": "*"}),
		"no type":                   envelope(t, map[string]any{"type": nil}),
		"a type of others":          envelope(t, map[string]any{"type": "com.example.PollDue.v1"}),
		"a type without version":    envelope(t, map[string]any{"type": "waba.PollDue"}),
		"a type without name":       envelope(t, map[string]any{"type": "waba..v1"}),
		"no data":                   envelope(t, map[string]any{"data": nil}),
		"data that is a text":       envelope(t, map[string]any{"data": "x"}),
		"data with a wrong type":    envelope(t, map[string]any{"data": map[string]any{"attempt": "3"}}),
		"data with a fraction":      envelope(t, map[string]any{"data": map[string]any{"attempt": 3.5}}),
		"data beyond its range":     []byte(strings.Replace(string(envelope(t, nil)), `"attempt":3`, `"attempt":1e99`, 1)),
		"a sequence below zero":     envelope(t, map[string]any{"sequence": -1}),
		"a traceparent as a number": envelope(t, map[string]any{"traceparent": 1}),
	} {
		_, _, err := event.Decode(body)
		require.ErrorIs(t, err, event.ErrMalformed, name)
	}
}

func TestFieldsOfANewerServiceAreIgnored(t *testing.T) {
	t.Parallel()
	_, e, err := event.Decode(envelope(t, map[string]any{
		"newextension": "x",
		"data":         map[string]any{"attempt": 3, "new_field": map[string]any{"a": []int{1}}},
	}))
	require.NoError(t, err)
	require.Equal(t, event.PollDue{Attempt: 3}, e)
}

func TestAKindOfANewerServicePassesThrough(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"waba.SomethingNew.v1", "waba.PollDue.v2", "waba.PollDue.v1.1"} {
		data := map[string]any{"a": []any{"b", 9007199254740993.0}, "attempt": "not a number here"}
		env, e, err := event.Decode(envelope(t, map[string]any{"type": kind, "data": data}))
		require.NoError(t, err)
		unknown, ok := e.(event.Unknown)
		require.True(t, ok)
		require.Equal(t, kind, unknown.Type)
		require.Equal(t, kind, "waba."+string(e.Name())+strings.TrimPrefix(kind, "waba."+string(e.Name())))
		again, err := json.Marshal(e)
		require.NoError(t, err)
		require.JSONEq(t, string(env.Data), string(again))
	}
	none, err := json.Marshal(event.Unknown{})
	require.NoError(t, err)
	require.Equal(t, "null", string(none))
}

func TestEncodeFillsInWhatFollowsFromTheRestaurant(t *testing.T) {
	t.Parallel()
	body, err := event.Encode(event.Meta{ID: "id-1", Source: "waba/test", Restaurant: restaurant, Time: noon.Local()}, event.PollDue{Attempt: 1})
	require.NoError(t, err)
	env, _, err := event.Decode(body)
	require.NoError(t, err)
	require.Equal(t, event.IntegrationOf(restaurant), env.CorrelationID)
	require.Equal(t, "application/json", env.DataContentType)
	require.Contains(t, string(body), `"time":"2026-11-23T12:00:00Z"`, "times are UTC")
	for _, absent := range []string{"sequence", "causationid", "traceparent"} {
		require.NotContains(t, string(body), absent)
	}
}

func TestATickHasANumberAndNothingElseHas(t *testing.T) {
	t.Parallel()
	for _, name := range allNames() {
		_, e, err := event.Decode(envelope(t, map[string]any{"type": name.Type(), "data": map[string]any{"number": 7}}))
		require.NoError(t, err)
		family, _ := event.FamilyOf(name)
		number, ok := event.TickNumber(e)
		require.Equal(t, family == event.FamilyTick, ok, name)
		if ok {
			require.EqualValues(t, 7, number)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add([]byte(`{"stream":"WABA_IN","seq":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		env, e, err := event.Decode(body)
		if err != nil {
			if !errors.Is(err, event.ErrMalformed) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if event.Audit(e, "").Step == "" {
			t.Fatal("an event without a step")
		}
		if _, ok := e.(event.Unknown); ok {
			return
		}
		// What can be read can be written, and then reads the same.
		again, err := event.Encode(event.Meta{ID: env.ID, Source: env.Source, Restaurant: env.Subject, Time: env.Time, Sequence: env.Sequence}, e)
		if err != nil {
			return // a year beyond 9999 in another zone
		}
		_, second, err := event.Decode(again)
		if err != nil {
			t.Fatalf("written anew it cannot be read: %v", err)
		}
		first, _ := json.Marshal(e)
		other, _ := json.Marshal(second)
		if string(first) != string(other) {
			t.Fatalf("%s became %s", first, other)
		}
	})
}
