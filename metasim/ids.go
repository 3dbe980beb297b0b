package metasim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// Key stands for a secret (a code, a token, a PIN) where the secret itself may
// not be written: the first 8 bytes of its SHA-256, in hex.
type Key string

// KeyOf returns the key of a secret, and "" for the empty one.
func KeyOf(secret string) Key {
	if secret == "" {
		return ""
	}
	return seedOf(secret).key()
}

// WorldIDs are the ids that the first of each kind has in a code's world,
// whether it exists from the start or is created later.
type WorldIDs struct {
	User     string `json:"user_id"`
	Business string `json:"business_id"`
	WABA     string `json:"waba_id"`
	Phone    string `json:"phone_number_id"`
	Page     string `json:"page_id"`
}

// IDs returns the ids of a code's world. They depend on nothing but the code.
func IDs(code string) WorldIDs {
	seed := seedOf(code)
	large := scenarioOf(code).shape.largeIDs
	text := func(kind nodeKind) string { return idText(seed.id(kind, 0, large)) }
	return WorldIDs{
		User:     text(kindUser),
		Business: text(kindBusiness),
		WABA:     text(kindWABA),
		Phone:    text(kindPhone),
		Page:     text(kindPage),
	}
}

// nodeKind says what an id names. Values are part of how ids are derived.
type nodeKind uint8

const (
	kindNone nodeKind = iota
	kindUser
	kindBusiness
	kindWABA
	kindPhone
	kindPage
	kindPayment
)

var nodeTypes = map[nodeKind]string{
	kindNone: "Unknown", kindUser: "User", kindBusiness: "Business", kindPage: "Page",
	kindWABA: "WhatsAppBusinessAccount", kindPhone: "WhatsAppBusinessPhoneNumber",
}

// seed is a code's SHA-256: all of its world follows from it.
type seed [sha256.Size]byte

func seedOf(code string) seed { return sha256.Sum256([]byte(code)) }

func (s seed) key() Key { return Key(hex.EncodeToString(s[:8])) }

const (
	smallestID   = 100_000_000_000_000    // 15 digits
	pastFloat64  = 9_007_199_254_740_993  // 2^53 + 1, the first integer that float64 loses
	pastLargest  = 10_000_000_000_000_000 // 17 digits
	ordinarySpan = pastLargest - smallestID
	largeSpan    = pastLargest - pastFloat64
)

// id returns the i-th id of a kind: 15 or 16 digits. A large one is an odd number
// above 2^53, which a reader that takes ids for floats gets wrong.
func (s seed) id(kind nodeKind, i int, large bool) uint64 {
	n := s.number(kind, i)
	if large {
		return (pastFloat64 + n%largeSpan) | 1
	}
	return smallestID + n%ordinarySpan
}

func (s seed) number(kind nodeKind, i int) uint64 {
	var text [sha256.Size + 3]byte
	copy(text[:], s[:])
	text[sha256.Size] = byte(kind)
	binary.BigEndian.PutUint16(text[sha256.Size+1:], uint16(i))
	sum := sha256.Sum256(text[:])
	return binary.BigEndian.Uint64(sum[:])
}

// token returns the token that the code is exchanged for. It cannot be guessed
// without the app secret.
func (s seed) token(appSecret, canary string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(s[:])
	first := mac.Sum(nil)
	mac.Write(first)
	text := append(make([]byte, 0, 4+len(canary)+2*sha256.Size), "EAAG"...)
	text = append(text, canary...)
	for _, b := range mac.Sum(first) {
		text = append(text, letters[int(b)%len(letters)])
	}
	return string(text)
}

func idText(id uint64) string { return strconv.FormatUint(id, 10) }

// parseID returns 0 for what is no id in its one spelling.
func parseID(text string) uint64 {
	if text == "" || text[0] == '0' || text[0] == '+' {
		return 0
	}
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}
