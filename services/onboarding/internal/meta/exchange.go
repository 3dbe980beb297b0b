package meta

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Token is what a code was exchanged for.
type Token struct {
	Access    seal.Secret
	Type      string        // as Meta writes it, as in "bearer"; often empty
	ExpiresIn time.Duration // 0: Meta names no end
}

// longestLife is the longest life of a token that is believed.
const longestLife = 10 * 365 * 24 * time.Hour

// Exchange exchanges a code for a token. redirectURI is byte-identical to the
// dialog's, and empty for Embedded Signup. A code works once: call it once, and
// never again when the outcome is unknown.
//
// GET is the method that Meta documents, so the code and the app secret stand in
// the URL. It is written nowhere, and the connection is used for nothing else.
func (c *Client) Exchange(ctx context.Context, code seal.Secret, redirectURI string) (_ Token, err error) {
	ctx, end := c.span(ctx, errcode.OpExchangeCode, "Exchange")
	defer func() { end(err) }()
	query := url.Values{
		"client_id":     {string(c.appID)},
		"client_secret": {c.appSecret.Reveal()},
		"code":          {code.Reveal()},
	}
	if redirectURI != "" {
		query.Set("redirect_uri", redirectURI)
	}
	var got tokenAnswer
	err = c.do(ctx, request{
		op:        errcode.OpExchangeCode,
		method:    http.MethodGet,
		path:      []string{"oauth", "access_token"},
		query:     query,
		anonymous: true,
		effect:    true,
		once:      true,
	}, &got)
	if err != nil {
		return Token{}, err
	}
	return Token{Access: seal.NewSecret(got.Access), Type: got.tokenType(), ExpiresIn: got.life()}, nil
}

type tokenAnswer struct {
	Access    string          `json:"access_token"`
	Type      json.RawMessage `json:"token_type"` // read leniently: the token is there, and there is no other
	ExpiresIn json.RawMessage `json:"expires_in"`
}

func (a *tokenAnswer) complete() bool { return sendable(seal.NewSecret(a.Access)) }

func (a *tokenAnswer) tokenType() string {
	var text string
	if len(a.Type) == 0 || json.Unmarshal(a.Type, &text) != nil || !tokenType.MatchString(text) {
		return ""
	}
	return text
}

var tokenType = regexp.MustCompile(`^[A-Za-z_-]{1,32}$`)

func (a *tokenAnswer) life() time.Duration {
	var seconds number
	if len(a.ExpiresIn) == 0 || seconds.UnmarshalJSON(a.ExpiresIn) != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(int64(seconds), int64(longestLife/time.Second))) * time.Second
}
