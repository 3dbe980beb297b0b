package seal

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what stands wherever a secret would have been printed.
const Redacted = "[redacted]"

// hidden makes the type that embeds it unprintable: every way in which the
// standard library turns a value into text gives [Redacted].
type hidden struct{}

// String implements [fmt.Stringer].
func (hidden) String() string { return Redacted }

// GoString implements [fmt.GoStringer].
func (hidden) GoString() string { return Redacted }

// Format implements [fmt.Formatter] for every verb and flag.
func (hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue implements [slog.LogValuer].
func (hidden) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements [encoding.TextMarshaler], for XML, YAML and map keys.
func (hidden) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON implements [json.Marshaler].
func (hidden) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// GobEncode implements [gob.GobEncoder].
func (hidden) GobEncode() ([]byte, error) { return []byte(Redacted), nil }

// GobDecode implements [gob.GobDecoder]. It always fails: what gob carried is
// not the secret.
func (hidden) GobDecode([]byte) error { return errors.New("seal: a secret does not travel by gob") }

// Value implements [driver.Valuer]. It always fails, so that a secret is sealed
// before it is stored, or not stored at all.
func (hidden) Value() (driver.Value, error) {
	return nil, errors.New("seal: a secret is not stored in clear")
}
