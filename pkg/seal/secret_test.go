package seal_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
)

const canary = "EAACANARY"

// holder has its secret where fmt cannot ask for the methods.
type holder struct {
	name   string
	secret seal.Secret
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := seal.NewSecret(canary)
	values := map[string]any{
		"value":      secret,
		"pointer":    &secret,
		"slice":      []seal.Secret{secret},
		"map":        map[string]seal.Secret{"a": secret},
		"unexported": holder{name: "a", secret: secret},
		"exported":   struct{ Secret seal.Secret }{secret},
		"error":      fmt.Errorf("send %v: %w", secret, errors.New("no")),
	}
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%10.3s", "%T %[1]v"} {
				require.NotContains(t, fmt.Sprintf(verb, value), canary)
				require.NotContains(t, fmt.Sprintf(verb, value), fmt.Sprintf("%x", canary))
			}
			require.NotContains(t, fmt.Sprintln(value), canary)
			for _, format := range []func(*bytes.Buffer) slog.Handler{
				func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
				func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			} {
				var out bytes.Buffer
				slog.New(format(&out)).InfoContext(t.Context(), "said", "value", value)
				require.NotEmpty(t, out.String())
				require.NotContains(t, out.String(), canary)
			}
			encoded, err := json.Marshal(value)
			require.NoError(t, err)
			require.NotContains(t, string(encoded), canary)
		})
	}
	require.Equal(t, "[redacted] [redacted] [redacted]", fmt.Sprintf("%v %q %#v", secret, secret, secret))
}

func TestSecretIsNeverEncoded(t *testing.T) {
	t.Parallel()
	type carrier struct{ Secret seal.Secret }
	in := carrier{seal.NewSecret(canary)}

	encoded, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"Secret":"[redacted]"}`, string(encoded))

	encoded, err = xml.Marshal(in)
	require.NoError(t, err)
	require.Equal(t, `<carrier><Secret>[redacted]</Secret></carrier>`, string(encoded))

	var out bytes.Buffer
	require.NoError(t, gob.NewEncoder(&out).Encode(in))
	require.NotContains(t, out.String(), canary)
	require.ErrorContains(t, gob.NewDecoder(&out).Decode(&in), "does not travel by gob")

	_, err = in.Secret.Value()
	require.ErrorContains(t, err, "not stored in clear")
}

func TestSecretIsReadFromTextAndComparedByContent(t *testing.T) {
	t.Parallel()
	var request struct {
		Code seal.Secret `json:"code"`
		PIN  seal.Secret `json:"pin,omitzero"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"code":"EAACANARY"}`), &request))
	require.Equal(t, canary, request.Code.Reveal())
	require.True(t, request.Code.Equal(seal.NewSecret(canary)))
	require.False(t, request.Code.Equal(seal.NewSecret(canary+"x")))
	require.False(t, request.Code.Equal(seal.Secret{}))

	require.True(t, request.PIN.IsZero())
	require.Empty(t, request.PIN.Reveal())
	require.True(t, request.PIN.Equal(seal.NewSecret("")))
	encoded, err := json.Marshal(request)
	require.NoError(t, err)
	require.JSONEq(t, `{"code":"[redacted]"}`, string(encoded))
}
