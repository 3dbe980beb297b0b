package app

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// Config is what an operator can set. A field that is left out has a value that
// works, except for keys, for who may call (nothing runs open) and for where Meta's
// dialog leads back to.
type Config struct {
	HTTPAddr config.Addr `env:"HTTP_ADDR" envDefault:":8080" doc:"Where the public API listens."`

	PublicURL  string        `env:"API_BASE_URL" doc:"Public address of the gateway. Links and redirects are made from it. Unset: links are relative, and OAUTH_REDIRECT_URI is needed unless WABA_OAUTH_STATE is caller."`
	SyncWait   time.Duration `env:"WABA_SYNC_WAIT" envDefault:"25s" doc:"How long a POST waits for the outcome before it answers 202; at most 55s."`
	RetryAfter time.Duration `env:"WABA_RETRY_AFTER" envDefault:"5m" doc:"After awaiting_waba_creation, before a retry is allowed and comes by itself."`
	Lang       string        `env:"WABA_LANG" envDefault:"pt-BR" doc:"Default language of messages: pt-BR or en. Accept-Language wins."`

	StateTTL    time.Duration `env:"WABA_OAUTH_STATE_TTL" envDefault:"10m" doc:"Life of an OAuth state that was issued here."`
	StateMode   StateMode     `env:"WABA_OAUTH_STATE" envDefault:"issued" doc:"Which OAuth state is accepted. issued: only one from oauth/start; caller: the authenticated web app makes and checks its own."`
	RedirectURI string        `env:"OAUTH_REDIRECT_URI" doc:"Redirect URI of the classic dialog. Unset: the gateway's own callback."`
	LoginConfig string        `env:"META_LOGIN_CONFIG_ID" doc:"Configuration of Embedded Signup. Set: the dialog uses it in place of scopes."`
	ReturnURLs  []string      `env:"WABA_RETURN_URLS" doc:"Allow-list for return_url, separated by commas: an origin, or an origin and the beginning of a path."`

	AppID      string `env:"FACEBOOK_APP_ID,required" doc:"Our app's id at Meta."`
	APIVersion string `env:"META_API_VERSION" envDefault:"v22.0" doc:"Version of the Graph API."`
	DialogBase string `env:"META_OAUTH_DIALOG_BASE" envDefault:"https://www.facebook.com" doc:"Where Meta's OAuth dialog is."`
	Scopes     string `env:"OAUTH_SCOPES" envDefault:"whatsapp_business_management,whatsapp_business_messaging,pages_show_list,pages_read_engagement" doc:"Scopes that the OAuth dialog asks for."`

	AppSecret       seal.Secret `env:"FACEBOOK_APP_SECRET" secret:"true" doc:"Our app's secret at Meta."`
	AppSecretBefore seal.Secret `env:"WABA_APP_SECRET_BEFORE" secret:"true" doc:"The app's secret until it was changed: what Meta signs with it is taken while this is set."`
	VerifyToken     seal.Secret `env:"WHATSAPP_VERIFY_TOKEN" secret:"true" doc:"What Meta repeats in the handshake of the webhook. Unset: no handshake succeeds."`

	SigningKeyFile string `env:"WABA_SIGNING_KEY_FILE" doc:"File with the key that signs OAuth state, handles and cursors; shared by all gateways."`
	SealKeyFile    string `env:"WABA_SEAL_PUBLIC_KEY_FILE" doc:"File with the public key to which codes and tokens are sealed."`
	APIKeysFile    string `env:"WABA_API_KEYS_FILE" doc:"File with the service keys that may call, with their restaurants and scopes."`
	OIDCIssuer     string `env:"WABA_OIDC_ISSUER" doc:"Issuer of the JWTs that may call. Refused by this version, which knows service keys only: leave it unset."`
	OIDCAudience   string `env:"WABA_OIDC_AUDIENCE" doc:"Audience that such a JWT must name. Refused by this version too."`
	ExposeTokens   bool   `env:"WABA_EXPOSE_META_TOKENS" envDefault:"false" doc:"Return Meta's token, in place of a handle, to callers with scope admin."`

	// Dev lets callers on loopback in without a credential, as principal dev, and
	// accepts "state":"dev" from them. `waba dev` alone sets it; the environment cannot.
	Dev bool
}

// StateMode says which OAuth state is accepted.
type StateMode string

// The modes.
const (
	StateIssued StateMode = "issued" // only a state that oauth/start has issued
	StateCaller StateMode = "caller" // the caller makes and checks its own
)

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *StateMode) UnmarshalText(text []byte) error {
	switch mode := StateMode(text); mode {
	case StateIssued, StateCaller:
		*m = mode
		return nil
	default:
		return fmt.Errorf("state mode is not %s", m.Want())
	}
}

// Want says which texts are accepted.
func (*StateMode) Want() string { return "issued or caller" }

// maxWait is the longest that any caller may wait.
const maxWait = 55 * time.Second

// Validate reports every mistake at once. It opens no file.
func (c Config) Validate() error {
	var errs []error
	wrong := func(name, format string, args ...any) {
		errs = append(errs, errors.New(name+" "+fmt.Sprintf(format, args...)))
	}
	if c.SyncWait < 0 || c.SyncWait > maxWait {
		wrong("WABA_SYNC_WAIT", "is not from 0s to %s", maxWait)
	}
	if c.RetryAfter <= 0 {
		wrong("WABA_RETRY_AFTER", "is not more than 0s")
	}
	if c.StateTTL <= 0 || c.StateTTL > time.Hour {
		wrong("WABA_OAUTH_STATE_TTL", "is not more than 0s and at most 1h")
	}
	if _, ok := errcode.ParseLang(c.Lang); !ok {
		wrong("WABA_LANG", "is not pt-BR or en")
	}
	for _, address := range []struct{ name, value string }{
		{"API_BASE_URL", c.PublicURL},
		{"OAUTH_REDIRECT_URI", c.RedirectURI},
		{"META_OAUTH_DIALOG_BASE", c.DialogBase},
	} {
		if address.value != "" && !isWebURL(address.value) {
			wrong(address.name, "is not an absolute http or https URL without user or fragment")
		}
	}
	if c.PublicURL == "" && c.RedirectURI == "" && c.StateMode == StateIssued {
		wrong("API_BASE_URL", "is not set, nor is OAUTH_REDIRECT_URI: no state could be issued, and no code accepted")
	}
	for _, allowed := range c.ReturnURLs {
		if !isWebURL(allowed) || strings.ContainsAny(allowed, "?*") {
			wrong("WABA_RETURN_URLS", "has an entry that is not an origin such as https://app.example.com, with or without a path")
			break
		}
	}
	if c.SigningKeyFile == "" {
		wrong("WABA_SIGNING_KEY_FILE", "is not set: `waba keys generate` makes one")
	}
	if c.SealKeyFile == "" {
		wrong("WABA_SEAL_PUBLIC_KEY_FILE", "is not set: `waba keys generate` makes one")
	}
	if c.OIDCIssuer != "" || c.OIDCAudience != "" {
		wrong("WABA_OIDC_ISSUER", "cannot be used in this version: set WABA_API_KEYS_FILE")
	}
	if c.APIKeysFile == "" && !c.Dev {
		wrong("WABA_API_KEYS_FILE", "is not set: without it nobody may call, and nothing runs open")
	}
	return errors.Join(errs...)
}

func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.Fragment == "" && u.Opaque == ""
}
