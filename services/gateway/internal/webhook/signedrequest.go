package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Callback is one of the requests that Meta's platform sends about a person.
type Callback string

// The callbacks.
const (
	Deauthorize  Callback = event.FieldDeauthorize  // the person has removed our app
	DataDeletion Callback = event.FieldDataDeletion // the person wants what we have deleted
)

// maxSignedRequest is more than any signed request has, in bytes.
const maxSignedRequest = 8 << 10

// AcceptCallback stores a callback and returns its name once it is durable, or was
// before. It is stored in the form of a webhook, of an object of our own, so that it
// takes the same way.
func (in *Inbox) AcceptCallback(ctx context.Context, callback Callback, signedRequest string) (event.Hash, error) {
	user, issued, err := in.read(signedRequest)
	if err != nil {
		return "", err
	}
	type object map[string]any
	body, err := json.Marshal(object{
		"object": event.ObjectPlatform,
		"entry": []object{{
			"id": user, "time": issued.Unix(),
			"changes": []object{{"field": callback, "value": object{}}},
		}},
	})
	if err != nil {
		return "", err
	}
	_, err = in.store(ctx, body)
	return event.WebhookID(body), err
}

// read returns whom a signed request is about, and since when, if it is signed with a
// secret of ours.
//
// Its form: base64url(signature) "." base64url(payload), both without padding; the
// signature is of the encoded payload.
// Source: https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
func (in *Inbox) read(text string) (user event.UserID, issued time.Time, err error) {
	if err := in.Ready(); err != nil {
		return "", time.Time{}, err
	}
	signature, payload, found := strings.Cut(text, ".")
	mac, err := strictURL.DecodeString(signature)
	if !found || err != nil || len(text) > maxSignedRequest {
		return "", time.Time{}, ErrUnsigned
	}
	good := false
	for _, secret := range in.secrets {
		good = hmac.Equal(mac, macOf(secret, []byte(payload))) || good
	}
	if !good {
		return "", time.Time{}, ErrUnsigned
	}
	var claims struct {
		Algorithm string       `json:"algorithm"`
		IssuedAt  int64        `json:"issued_at"`
		UserID    event.UserID `json:"user_id"`
	}
	body, err := strictURL.DecodeString(payload)
	if err != nil || json.Unmarshal(body, &claims) != nil {
		return "", time.Time{}, ErrMalformed
	}
	if claims.Algorithm != "HMAC-SHA256" { // another one is another's idea of safety
		return "", time.Time{}, ErrUnsigned
	}
	if !event.IsMetaID(string(claims.UserID)) || claims.IssuedAt <= 0 {
		return "", time.Time{}, ErrMalformed
	}
	return claims.UserID, time.Unix(claims.IssuedAt, 0).UTC(), nil
}

// strictURL refuses padding and bits that stand for nothing, so that each signature
// has one spelling.
var strictURL = base64.RawURLEncoding.Strict()

// ConfirmationOf returns the code by which a person asks what became of a request for
// deletion. It names the request and nobody, and only we can make one.
func ConfirmationOf(key seal.SigningKey, id event.Hash) string {
	erasure := string(event.ErasureID(id))
	sum := sha256.Sum256([]byte(key.Sign("data deletion", []byte(erasure))))
	return erasure + hex.EncodeToString(sum[:8])
}

// ParseConfirmation returns the request that a code is of; ok is false when we did not
// make the code.
func ParseConfirmation(key seal.SigningKey, code string) (id event.Hash, ok bool) {
	const erasure = 32
	if len(code) != erasure+16 {
		return "", false
	}
	id = event.Hash(code[:erasure])
	return id, hmac.Equal([]byte(ConfirmationOf(key, id)), []byte(code))
}
