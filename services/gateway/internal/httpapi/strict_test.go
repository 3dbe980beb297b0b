package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

func TestReadObject(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		text string
		want error
	}{
		{"an object", `{"a":1,"b":[{"a":null}],"c":{"a":"x"}}`, nil},
		{"white space around it", " \n{}\t", nil},
		{"the same key in different objects", `{"a":{"x":1},"b":{"x":2}}`, nil},
		{"a key twice", `{"a":1,"a":1}`, errRepeated},
		{"a key twice, escaped", `{"a":1,"\u0061":1}`, errRepeated},
		{"a key twice, deep", `{"a":[{"b":1,"B":2}]}`, errRepeated},
		{"two objects", `{}{}`, errTrailing},
		{"a comma after it", `{},`, errTrailing},
		{"a comma inside", `{"a":1,}`, errNotJSON},
		{"a comment", `{/* */}`, errNotJSON},
		{"single quotes", `{'a':1}`, errNotJSON},
		{"NaN", `{"a":NaN}`, errNotJSON},
		{"a number without end", `{"a":1e400}`, errNotJSON},
		{"a text", `"a"`, errNotObject},
		{"a byte order mark", "\ufeff{}", errNotJSON},
		{"16 deep", strings.Repeat(`{"a":`, 15) + `{}` + strings.Repeat(`}`, 15), nil},
		{"17 deep", strings.Repeat(`{"a":`, 16) + `{}` + strings.Repeat(`}`, 16), errTooDeep},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readObject([]byte(tt.text))
			require.ErrorIs(t, err, tt.want)
		})
	}
}

// What is taken is taken by the standard library too, to the same end.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,2.5,"x",null,true]}`, `{"a":1,"A":2}`, `[`, "{\"a\":\"\xff\"}", `{"a":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := readObject(text)
		if err != nil {
			return
		}
		var same map[string]any
		require.NoError(t, json.Unmarshal(text, &same))
		require.Equal(t, same, object)
	})
}

func TestReadPreference(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		headers []string
		want    preference
	}{
		{nil, preference{wait: 25 * time.Second}},
		{[]string{"wait=10"}, preference{wait: 10 * time.Second, applied: "wait=10"}},
		{[]string{`Wait="10"`}, preference{wait: 10 * time.Second, applied: "wait=10"}},
		{[]string{"wait=0"}, preference{applied: "wait=0"}},
		{[]string{"wait=56"}, preference{wait: 55 * time.Second, applied: "wait=55"}},
		{[]string{"wait=99999999999"}, preference{wait: 25 * time.Second}},
		{[]string{"wait=-1", "wait=x", "wait"}, preference{wait: 25 * time.Second}},
		{[]string{"return=minimal, wait=5; x=y"}, preference{wait: 5 * time.Second, applied: "wait=5"}},
		{[]string{"wait=5, wait=6"}, preference{wait: 5 * time.Second, applied: "wait=5"}},
		{[]string{"wait=5", "Respond-Async"}, preference{applied: "respond-async"}},
	} {
		r := &http.Request{Header: http.Header{"Prefer": tt.headers}}
		require.Equal(t, tt.want, readPreference(r, 25*time.Second), "%q", tt.headers)
	}
}

func TestARestaurantThatAsksTooOftenLeavesTheOthersTheirShare(t *testing.T) {
	t.Parallel()
	const loud, quiet event.RestaurantID = "loud", "quiet"
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	l := newLimits()
	refused := 0
	for range 1000 {
		if wait, ok := l.take(loud, now); !ok {
			require.Positive(t, wait)
			refused++
		}
	}
	require.Equal(t, 800, refused)
	_, ok := l.take(quiet, now)
	require.True(t, ok)
	_, ok = l.take(loud, now.Add(commandsEvery))
	require.True(t, ok)
	_, _ = l.take(quiet, now.Add(time.Hour))
	require.Len(t, l.buckets, 1, "who was quiet is forgotten")
}
