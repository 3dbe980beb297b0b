package event

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// WebhookBody is what every webhook of Meta has in common. What is not in it is of
// kinds, and stays as it came.
type WebhookBody struct {
	Object string         `json:"object"` // missing in some: it decides nothing
	Entry  []WebhookEntry `json:"entry"`
}

// WebhookEntry is what happened to one object of Meta's, usually an account.
type WebhookEntry struct {
	ID      string          `json:"id"`
	Time    int64           `json:"time"` // seconds; of some kinds missing
	Changes []WebhookChange `json:"changes"`
}

// WebhookChange is one thing that happened.
type WebhookChange struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// WebhookID names a webhook by its body: the same body is the same webhook.
func WebhookID(body []byte) Hash {
	sum := sha256.Sum256(body)
	return Hash(hex.EncodeToString(sum[:]))
}

// WebhookSubject returns where a webhook is stored.
func WebhookSubject(id Hash) string { return "waba.webhook." + string(id) }
