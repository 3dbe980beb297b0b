package event

import (
	"crypto/sha256"
	"encoding/hex"
)

// ObjectPlatform is the object of what Meta's platform asks for by a signed request:
// it is stored in the form of a webhook. No object of Meta's has this name.
const ObjectPlatform = "waba.platform"

// The fields of changes of [ObjectPlatform]. The entry's id is that of the person, as
// our app knows it.
const (
	FieldDeauthorize  = "deauthorize"
	FieldDataDeletion = "data_deletion"
)

// WebhookID names a webhook by its body: the same body is the same webhook.
func WebhookID(body []byte) Hash {
	sum := sha256.Sum256(body)
	return Hash(hex.EncodeToString(sum[:]))
}

// WebhookSubject returns where a webhook is stored.
func WebhookSubject(id Hash) string { return "waba.webhook." + string(id) }

// ParseWebhookSubject returns the name of the webhook that is stored under a subject.
func ParseWebhookSubject(subject string) (id Hash, ok bool) {
	const prefix = "waba.webhook."
	if len(subject) != len(prefix)+2*sha256.Size || subject[:len(prefix)] != prefix {
		return "", false
	}
	return Hash(subject[len(prefix):]), true
}

// ErasureID names a request for deletion by the webhook that it is stored as: half of
// that name, which is no secret and is enough.
func ErasureID(webhook Hash) Hash { return webhook[:min(len(webhook), sha256.Size)] }
