package httpapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/gateway/internal/auth"
	"github.com/waba-platform/onboarding/services/gateway/internal/intake"
)

// Dialog is how Meta's OAuth dialog is opened.
type Dialog struct {
	Base        string // without a slash at its end
	Version     string
	AppID       string
	Scopes      string
	LoginConfig string // of Embedded Signup; set: in place of scopes
	RedirectURI string // empty: the gateway's own callback
}

const callbackPath = "/api/whatsapp/oauth/callback"

func (s *Server) oauthRoutes() {
	post(s, endpoint{
		path: "/api/whatsapp/oauth/start", id: "startOAuth", scope: auth.ScopeOnboard,
		summary: "The address of Meta's dialog, with a state that works once, for this restaurant.", data: startData{},
	}, (*call).start)
	s.serve(endpoint{
		method: http.MethodGet, path: callbackPath, id: "oauthCallback",
		summary: "Where Meta sends the browser back to. Redirects to the return_url of oauth/start, else shows a page.",
		query: []parameter{
			{name: "code", doc: "From Meta."},
			{name: "state", doc: "From oauth/start."},
			{name: "error", doc: "access_denied, when the restaurant has said no."},
		},
		statuses: map[int]string{http.StatusSeeOther: "To the return_url.", http.StatusOK: "A page."},
	}, (*call).callback)
}

// startData is the data of oauth/start.
type startData struct {
	URL       string    `json:"url"`
	State     string    `json:"state"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (c *call) start(b startBody) error {
	id, err := c.restaurant(b.RestaurantID)
	if err != nil {
		return err
	}
	if b.ReturnURL != "" && !allowed(b.ReturnURL, c.ReturnURLs) {
		return &problem{code: errcode.ReturnURLRefused, detail: "return_url is not on the allow-list"}
	}
	redirect := c.leadsBackTo()
	if redirect == "" {
		return &problem{code: errcode.DialogNotConfigured, detail: "neither OAUTH_REDIRECT_URI nor API_BASE_URL is set"}
	}
	state, expires, err := c.States.Issue(id, c.who.ID, redirect, b.ReturnURL, time.Now())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, success{Success: true, Message: c.text(errcode.SignupStarted), Data: startData{
		URL: c.Dialog.address(redirect, state, b.Rerequest), State: state, ExpiresAt: expires.UTC(),
	}})
}

// leadsBackTo returns the redirect_uri of the dialog; empty: it is not configured.
func (c *call) leadsBackTo() string {
	if c.Dialog.RedirectURI != "" || c.PublicURL == "" {
		return c.Dialog.RedirectURI
	}
	return c.PublicURL + callbackPath
}

// dialogKinds are the actions that Meta's dialog is for, and whether it has to ask
// again for permissions that were declined.
var dialogKinds = map[event.ActionKind]bool{
	event.ActionGrantPermissions: true,
	event.ActionReauthorize:      false,
}

// dialogFor returns the dialog's address for what a restaurant must do, with a state
// of the caller's own that lives as long as any; empty where it is not for the dialog,
// or the caller may not begin a signup.
func (c *call) dialogFor(id event.RestaurantID, kind event.ActionKind) string {
	rerequest, ok := dialogKinds[kind]
	redirect := c.leadsBackTo()
	if !ok || id == "" || redirect == "" || !c.who.May(auth.ScopeOnboard) || c.route == listPath {
		return ""
	}
	state, _, err := c.States.Issue(id, c.who.ID, redirect, "", time.Now())
	if err != nil {
		c.Logger.WarnContext(c.context(), "state is not issued", "restaurant_id", id, "error", err)
		return ""
	}
	return c.Dialog.address(redirect, state, rerequest)
}

// address returns the dialog's address, in the brief's order of parameters. rerequest
// asks again for permissions that were declined before.
// Source: https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow
func (d Dialog) address(redirect, state string, rerequest bool) string {
	address := d.Base + "/" + d.Version + "/dialog/oauth?client_id=" + url.QueryEscape(d.AppID) +
		"&redirect_uri=" + url.QueryEscape(redirect)
	if d.LoginConfig != "" {
		address += "&config_id=" + url.QueryEscape(d.LoginConfig) + "&response_type=code&override_default_response_type=true"
	} else {
		address += "&scope=" + url.QueryEscape(d.Scopes)
	}
	if rerequest {
		address += "&auth_type=rerequest"
	}
	return address + "&state=" + url.QueryEscape(state)
}

// allowed says whether an address lies under one that an operator has listed: the
// same origin, and a path that goes on where the listed one ends.
func allowed(address string, list []string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || !isWebURL(address) || u.Fragment != "" || strings.Contains(u.EscapedPath(), "%2") || hasDots(u.Path) {
		return false
	}
	for _, entry := range list {
		base, err := url.Parse(entry)
		if err != nil || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
			continue
		}
		prefix := strings.TrimSuffix(base.Path, "/")
		if u.Path == prefix || strings.HasPrefix(u.Path, prefix+"/") {
			return true
		}
	}
	return false
}

func hasDots(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// returned is what Meta's redirect has come to. It stands in the address that the
// browser is sent to, so it has nothing secret in it.
type returned struct {
	restaurant event.RestaurantID
	returnURL  string
	result     string // accepted, denied or failed
	code       event.Code
	status     int   // of the page
	cause      error // for the log
}

// callback takes the code that Meta's redirect brings, and sends the browser on.
func (c *call) callback() error {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return c.leave(returned{result: "failed", code: errcode.InvalidInput, status: http.StatusUnprocessableEntity})
	}
	state, err := c.States.Read(query.Get("state"), time.Now())
	if err != nil {
		return c.leave(returned{result: "failed", code: stateCode(err), status: http.StatusForbidden})
	}
	note(c.context()).principal, note(c.context()).restaurant = state.Principal, state.Restaurant
	back := returned{restaurant: state.Restaurant, returnURL: state.ReturnURL, result: "accepted", status: http.StatusOK}
	code := query.Get("code")
	switch {
	case query.Get("error") != "":
		back.result, back.code = "denied", errcode.AccessDenied
		return c.leave(back.unless(c.denied(state, query.Get("state"))))
	case code == "" || len(code) > 4096 || len(query["code"]) > 1 || checkCredential("code", code) != nil:
		back.result, back.code, back.status = "failed", errcode.InvalidInput, http.StatusUnprocessableEntity
		return c.leave(back)
	}
	if c.onlyLooks() {
		return c.leave(back)
	}
	err = c.admit(state.Restaurant)
	if err == nil {
		_, err = c.Intake.Accept(c.lasting(), intake.Code{
			Restaurant: state.Restaurant, Code: seal.NewSecret(code), State: query.Get("state"), Until: state.Until,
			RedirectURI: state.RedirectURI, Principal: state.Principal,
		})
		if err != nil {
			err = c.notAccepted(state.Restaurant, err)
		}
	}
	return c.leave(back.unless(err))
}

// denied uses up the state of a dialog in which the user said no.
func (c *call) denied(state auth.State, text string) error {
	if c.onlyLooks() {
		return nil
	}
	if err := c.admit(state.Restaurant); err != nil {
		return err
	}
	if err := c.Intake.Deny(c.lasting(), state.Restaurant, text); err != nil {
		return c.notAccepted(state.Restaurant, err)
	}
	return nil
}

// unless turns what has been done into a failure, if there was one.
func (r returned) unless(err error) returned {
	if err == nil {
		return r
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = &problem{code: errcode.Internal, cause: err}
	}
	r.result, r.code, r.status, r.cause = "failed", p.code, p.status(), p.cause
	return r
}

// leave sends the browser to the return_url, or shows a page when there is none.
func (c *call) leave(back returned) error {
	note(c.context()).code = back.code
	if back.cause != nil {
		c.Logger.WarnContext(c.context(), "request is refused", "route", c.route, "code", back.code, "error", back.cause)
	}
	if back.returnURL == "" || !allowed(back.returnURL, c.ReturnURLs) {
		return c.page(back)
	}
	target, err := url.Parse(back.returnURL)
	if err != nil {
		return c.page(back)
	}
	query := target.Query()
	query.Set("restaurant_id", string(back.restaurant))
	query.Set("integration_id", string(event.IntegrationOf(back.restaurant)))
	query.Set("result", back.result)
	if back.code != "" {
		query.Set("error", string(back.code))
	}
	target.RawQuery = query.Encode()
	c.w.Header().Set("Location", target.String())
	c.w.WriteHeader(http.StatusSeeOther)
	return nil
}
