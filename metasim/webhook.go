package metasim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"
)

// DefaultVerifyToken is what a simulator without options repeats in the handshake of
// a webhook.
const DefaultVerifyToken = "simulated-verify-token"

// PartnerBusinessID is our own business: what a partner is told is of it.
const PartnerBusinessID = "555000999000"

// Notice is a webhook about the world of a code. It may be sent before the code was
// ever used, as Meta does.
type Notice struct {
	Code  string `json:"code"`            // as it was issued; its world's ids follow from it
	Field string `json:"field"`           // as in account_update
	Event string `json:"event,omitempty"` // the event, or the decision
}

// ErrNoWebhook says that the simulator does not know where to send webhooks.
var ErrNoWebhook = errors.New("no address for webhooks is set")

// webhookTimeout is how long an answer may take. Meta names no limit.
const webhookTimeout = 10 * time.Second

// Notify sends a webhook, signed, and returns the status with which it was answered.
// Unlike Meta it sends it once.
func (s *Server) Notify(ctx context.Context, n Notice) (status int, err error) {
	body, err := s.webhookBody(n)
	if err != nil {
		return 0, err
	}
	return s.SendWebhook(ctx, body)
}

// SendWebhook sends a body as it is, signed as Meta signs.
//
// Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
func (s *Server) SendWebhook(ctx context.Context, body []byte) (status int, err error) {
	if s.options.WebhookURL == "" {
		return 0, ErrNoWebhook
	}
	ctx, cancel := context.WithTimeout(ctx, webhookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.options.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "facebookexternalua")
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf(s.options.AppSecret, body)))
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)) // what it says is of no interest
	return response.StatusCode, nil
}

func macOf(secret string, text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return mac.Sum(nil)
}

// webhookBody writes a webhook. Its entry is of the account, but for what partners are
// told.
func (s *Server) webhookBody(n Notice) ([]byte, error) {
	if n.Code == "" || n.Field == "" {
		return nil, errors.New("a notice has a code and a field")
	}
	ids := IDs(n.Code)
	entry, value := ids.WABA, map[string]any{}
	switch n.Field {
	case "account_update":
		value["event"] = n.Event
		if strings.HasPrefix(n.Event, "PARTNER_") {
			entry = PartnerBusinessID
			value["waba_info"] = map[string]any{"waba_id": ids.WABA, "owner_business_id": ids.Business}
		}
	case "account_review_update":
		value["decision"] = n.Event
	case "phone_number_name_update":
		value["decision"], value["requested_verified_name"] = n.Event, "Cantina São João & Filhos"
		value["display_phone_number"], value["rejection_reason"] = "551190000000", nil
	case "phone_number_quality_update", "security":
		value["event"], value["display_phone_number"] = n.Event, "551190000000"
	default:
		value["event"] = n.Event
	}
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry": []any{map[string]any{
			"id": entry, "time": s.options.Now().Unix(),
			"changes": []any{map[string]any{"field": n.Field, "value": value}},
		}},
	})
	return escaped(body), err
}

// escaped writes JSON as Meta does: what is not ASCII by its number, in lower case.
func escaped(body []byte) []byte {
	var out strings.Builder
	for _, r := range string(body) {
		switch {
		case r < 0x80:
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return []byte(out.String())
}

// SignedRequest returns what Meta's platform posts about a person who is the user of a
// code's world: that our app was removed, or that data is to be deleted.
//
// Source: https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
func (s *Server) SignedRequest(code string) string {
	payload := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"algorithm":"HMAC-SHA256","issued_at":%d,"user_id":"%s"}`, s.options.Now().Unix(), IDs(code).User))
	return base64.RawURLEncoding.EncodeToString(macOf(s.options.AppSecret, []byte(payload))) + "." + payload
}

// postWebhook sends what it is asked to send, and says how that was answered.
func (s *Server) postWebhook(w http.ResponseWriter, r *http.Request) {
	var n Notice
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&n); err != nil {
		refuse(w, http.StatusBadRequest, "the notice is not valid JSON of a notice")
		return
	}
	status, err := s.Notify(r.Context(), n)
	if err != nil {
		refuse(w, http.StatusBadGateway, err.Error())
		return
	}
	reply(w, http.StatusOK, map[string]any{"success": status == http.StatusOK, "status": status})
}
