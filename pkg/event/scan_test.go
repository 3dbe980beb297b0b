package event

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireSame checks that what scan reads is what encoding/json reads, if it reads
// anything.
func requireSame(t *testing.T, body []byte) (scanned bool) {
	t.Helper()
	quick, ok := scan(body)
	if !ok {
		return false
	}
	if !json.Valid(quick.Data) {
		return true // Decode turns to encoding/json
	}
	var slow Envelope
	require.NoError(t, json.Unmarshal(body, &slow), "%s", body)
	require.Equal(t, string(slow.Data), string(quick.Data))
	quick.Data, slow.Data = nil, nil
	require.True(t, slow.Time.Equal(quick.Time))
	quick.Time, slow.Time = time.Time{}, time.Time{}
	require.Equal(t, slow, quick)
	return true
}

func TestScanReadsWhatEncodeWrites(t *testing.T) {
	t.Parallel()
	for name := range kinds {
		body, err := Encode(Meta{
			ID: "id-1", Source: "waba/test", Restaurant: "6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001", Time: time.Now(),
			CausationID: "id-0", Sequence: 7, TraceParent: "00-0885b0210e273a1030f5634f247e8fe5-1401a2854ece54b4-01",
		}, Unknown{Kind: name, Data: json.RawMessage(`{"x":[1,{"y":"}"}]}`)})
		require.NoError(t, err)
		require.True(t, requireSame(t, body), "%s", body)
	}
}

func TestScanLeavesToOthersWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                   ``,
		"an empty object":           `{}`,
		"a space":                   `{ "id":"x","data":{}}`,
		"a field that it knows not": `{"id":"x","more":"y","data":{}}`,
		"a field twice":             `{"id":"x","id":"y","data":{}}`,
		"a field in capitals":       `{"ID":"x","data":{}}`,
		"an escape":                 `{"id":"\u0078","data":{}}`,
		"a letter that is no ASCII": `{"id":"ã","data":{}}`,
		"a time that is none":       `{"time":"noon","data":{}}`,
		"a number with a sign":      `{"sequence":-1,"data":{}}`,
		"a number with a zero":      `{"sequence":01,"data":{}}`,
		"a number that is too big":  `{"sequence":99999999999999999999,"data":{}}`,
		"a number that is a text":   `{"sequence":"1","data":{}}`,
		"no number":                 `{"sequence":,"data":{}}`,
		"a text that is a number":   `{"id":1,"data":{}}`,
		"a text without end":        `{"id":"x}`,
		"a key without value":       `{"id"}`,
		"no data":                   `{"id":"x"}`,
		"empty data":                `{"id":"x","data":}`,
	} {
		_, ok := scan([]byte(body))
		require.False(t, ok, name)
	}
}

func TestDataThatIsNotLastIsReadAllTheSame(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"PollDue", "SomethingNewer"} {
		body := []byte(`{"specversion":"1.0","type":"waba.` + kind + `.v1","subject":"6f1f64c5-95a7-4d0c-9d3c-0b8a43a1f001",` +
			`"data":{"attempt":3},"id":"id-1","source":"waba/test","time":"2026-11-23T12:00:00Z"}`)
		envelope, e, err := Decode(body)
		require.NoError(t, err)
		require.Equal(t, "id-1", envelope.ID)
		require.Equal(t, Name(kind), e.Name())
		require.JSONEq(t, `{"attempt":3}`, string(envelope.Data))
	}
}

func FuzzScan(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(f, err)
	for _, file := range files {
		body, err := os.ReadFile(file) //nolint:gosec // a file of the repository
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add([]byte(`{"id":"x","sequence":18446744073709551615,"data":{"a":1},"b":2}`))
	f.Fuzz(func(t *testing.T, body []byte) { requireSame(t, body) })
}
