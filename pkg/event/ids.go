package event

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// RestaurantID names a restaurant: a UUID in its one canonical spelling, lower
// case with hyphens. It is a token of NATS subjects, so nothing else is let in.
// Make one with [ParseRestaurantID].
type RestaurantID string

// IntegrationID names the integration of a restaurant: a UUID that is stable
// over all runs. See [IntegrationOf].
type IntegrationID string

// Ids of Meta's objects. They are strings of digits, longer than 2^53 allows.
type (
	// WabaID names a WhatsApp Business Account.
	WabaID string
	// BusinessID names a business portfolio.
	BusinessID string
	// PhoneNumberID names a phone number of a WABA; it is not the number itself.
	PhoneNumberID string
	// UserID names the user or system user behind a token.
	UserID string
)

// CredentialRef names a sealed token in the vault. It is no secret.
type CredentialRef string

// SecretRef names a sealed secret in the stream WABA_SECRETS, for one hour.
type SecretRef string

// Hash is the hex SHA-256 of something that must not be stored in clear.
type Hash string

// ErrRestaurantID says that a text is no UUID.
var ErrRestaurantID = errors.New("restaurant id is not a UUID")

// ParseRestaurantID accepts a UUID of 36 characters in either case, and returns
// its canonical spelling. Braces, the urn form and the nil UUID are refused.
func ParseRestaurantID(text string) (RestaurantID, error) {
	if !isUUID(text) {
		return "", ErrRestaurantID
	}
	canonical := strings.ToLower(text)
	if canonical == "00000000-0000-0000-0000-000000000000" {
		return "", ErrRestaurantID
	}
	return RestaurantID(canonical), nil
}

// String returns the canonical spelling.
func (id RestaurantID) String() string { return string(id) }

// IntegrationOf returns the integration id of a restaurant. It is derived, so
// that every service knows it without asking.
func IntegrationOf(id RestaurantID) IntegrationID {
	return IntegrationID(DeriveID("integration", string(id)))
}

// HashOf hashes a secret with the restaurant it belongs to, so that equal
// secrets of two restaurants do not show as equal.
func HashOf(restaurant RestaurantID, purpose, secret string) Hash {
	sum := sha256.Sum256(lengthPrefixed(string(restaurant), purpose, secret))
	return Hash(hex.EncodeToString(sum[:]))
}

// DeriveID returns a UUID (version 8, RFC 9562) made of its parts: the same
// parts always give the same id.
func DeriveID(parts ...string) string {
	sum := sha256.Sum256(lengthPrefixed(parts...))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	text := make([]byte, 0, 36)
	for i, from := range []int{0, 4, 6, 8, 10} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, b[from:[]int{4, 6, 8, 10, 16}[i]])
	}
	return string(text)
}

// IsMetaID says whether a text has the form of Meta's ids: 5 to 25 digits.
func IsMetaID(text string) bool {
	if len(text) < 5 || len(text) > 25 {
		return false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// lengthPrefixed joins parts so that no two lists of parts give the same bytes.
func lengthPrefixed(parts ...string) []byte {
	b := make([]byte, 0, 160)
	for _, part := range parts {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(b, ':')
		b = append(b, part...)
	}
	return b
}

func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, c := range []byte(text) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
