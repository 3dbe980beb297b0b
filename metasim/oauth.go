package metasim

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"
)

const userTokenLife = 60 * 24 * time.Hour

func errCodeExpired() *graphError {
	return &graphError{status: http.StatusBadRequest, code: 100, subcode: 36007, challenge: "invalid_code", message: "This authorization code has expired."}
}

func errCodeUsed() *graphError {
	return &graphError{status: http.StatusBadRequest, code: 100, subcode: 36009, challenge: "invalid_code", message: "This authorization code has been used."}
}

func errRedirect() *graphError {
	return &graphError{
		status: http.StatusBadRequest, code: 100, subcode: 36008, challenge: "invalid_code",
		message: "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
	}
}

// errSecret is the trap of Meta's exchange: code 1 is transient everywhere else.
func errSecret(subcode int) *graphError {
	return &graphError{status: http.StatusBadRequest, code: 1, subcode: subcode, challenge: "invalid_client", message: "Error validating client secret."}
}

// wellFormedCode reports whether text can be a code at all.
func wellFormedCode(text string) bool {
	return text != "" && len(text) <= 2048 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// worldOfCode makes c about the code's world, which begins when the code is
// first seen.
func (s *Server) worldOfCode(c *call, code string) {
	start := seedOf(code)
	if c.world = s.worlds[start.key()]; c.world != nil {
		return
	}
	s.change(c, change{Kind: changeWorld, Seed: start[:], Scenario: scenarioOf(code).Name})
	c.world = s.worlds[start.key()]
}

// exchange gives the token for a code, once.
func (s *Server) exchange(c *call) answer {
	switch {
	case c.param("client_id") != s.options.AppID:
		return refused(&graphError{status: http.StatusBadRequest, code: 101, challenge: "invalid_client", message: "Error validating application. Cannot get application info due to a system error."})
	case c.param("client_secret") != s.options.AppSecret:
		return refused(errSecret(0))
	case c.param("grant_type") != "" && c.param("grant_type") != "authorization_code":
		return refused(errInvalid("Unsupported grant_type"))
	case c.world == nil:
		e := errInvalid("Invalid verification code format.")
		e.challenge = "invalid_code"
		return refused(e)
	case c.world.scenario.shape.exchange != nil:
		return refused(c.world.scenario.shape.exchange)
	case c.world.exchanged:
		return refused(errCodeUsed())
	}
	w := c.world
	if w.issued() {
		if c.now.Sub(w.issuedAt) > s.options.CodeLife {
			return refused(errCodeExpired())
		}
		if given := c.has("redirect_uri"); given && KeyOf(c.param("redirect_uri")) != w.redirect || !given && !w.withSetup {
			return refused(errRedirect())
		}
	}
	token := w.seed.token(s.options.AppSecret, s.options.Canary)
	sum := sha256.Sum256([]byte(token))
	s.change(c, change{Kind: changeExchanged, Token: sum[:]})
	c.executed = true

	o := newObject()
	o.text("access_token", token)
	o.text("token_type", "bearer")
	if w.scenario.shape.userToken {
		o.number("expires_in", int64(userTokenLife/time.Second)-1)
	}
	return found(o.end())
}

func (w *world) issued() bool { return !w.issuedAt.IsZero() }

// debugToken tells the app about a token: whose it is and what it may do.
func (s *Server) debugToken(c *call) answer {
	switch {
	case c.token == "":
		return refused(&graphError{status: http.StatusBadRequest, code: 104, challenge: "invalid_token", message: "An access token is required to request this resource."})
	case c.token != s.options.AppID+"|"+s.options.AppSecret:
		return refused(errToken(http.StatusBadRequest, 0, "it is not of the app that is asked about."))
	case c.param("input_token") == "":
		return refused(errInvalid("The parameter input_token is required"))
	}
	w, data := c.world, newObject()
	if c.param("input_token") == c.token {
		data.text("app_id", s.options.AppID)
		data.text("type", "APP")
		data.text("application", s.options.AppName)
		data.truth("is_valid", true)
		data.raw("scopes", "[]")
		return wrapData(data)
	}
	if w == nil {
		data.raw("error", `{"code":190,"message":"Invalid OAuth access token."}`)
		data.truth("is_valid", false)
		data.raw("scopes", "[]")
		return wrapData(data)
	}
	shape := &w.scenario.shape
	data.text("app_id", s.options.AppID)
	if shape.foreignApp {
		data = newObject()
		data.text("app_id", idText(w.seed.id(kindNone, 1, false)))
	}
	if shape.dead {
		data.text("type", w.tokenType())
		data.raw("error", `{"code":190,"subcode":460,"message":"Error validating access token: the session has been invalidated."}`)
		data.truth("is_valid", false)
		data.raw("scopes", "[]")
		return wrapData(data)
	}
	data.text("application", s.options.AppName)
	data.text("type", w.tokenType())
	data.truth("is_valid", true)
	data.number("issued_at", w.exchangedAt.Unix())
	expires, access := int64(0), int64(0)
	if shape.userToken {
		expires, access = w.exchangedAt.Add(userTokenLife).Unix(), w.exchangedAt.AddDate(0, 0, 90).Unix()
	}
	data.number("expires_at", expires)
	data.number("data_access_expires_at", access)
	data.text("user_id", idText(w.id(kindUser, 0)))
	data.raw("scopes", textList(w.granted()))
	data.raw("granular_scopes", w.granularScopes())
	return wrapData(data)
}

func wrapData(data object) answer {
	o := newObject()
	o.raw("data", string(data.end()))
	return found(o.end())
}

func (w *world) tokenType() string {
	if w.scenario.shape.tokenType != "" {
		return w.scenario.shape.tokenType
	}
	if w.scenario.shape.userToken {
		return "USER"
	}
	return "SYSTEM_USER"
}

// granularScopes lists each WhatsApp permission, with the objects that it is
// limited to, if it is. Those of business_management are businesses.
func (w *world) granularScopes() string {
	grant := w.scenario.shape.grant
	list := []byte{'['}
	add := func(scope string, targets string) {
		o := newObject()
		o.text("scope", scope)
		if targets != "" {
			o.raw("target_ids", targets)
		}
		if len(list) > 1 {
			list = append(list, ',')
		}
		list = append(list, o.end()...)
	}
	accounts := ""
	if grant != grantAll {
		accounts = w.accountList(grant == grantAsNumbers)
	}
	if grant == grantDrift {
		add(scopeBusiness, textList([]string{idText(w.businessID(0))}))
		add(scopeEvents, accounts)
		return string(append(list, ']'))
	}
	for _, scope := range w.granted() {
		switch scope {
		case scopeManagement, scopeMessaging:
			add(scope, accounts)
		case scopeBusiness:
			businesses := "" // for every business: none is named
			if w.scenario.shape.businesses > 0 {
				businesses = textList([]string{idText(w.businessID(0))})
			}
			add(scope, businesses)
		}
	}
	return string(append(list, ']'))
}

func (w *world) accountList(asNumbers bool) string {
	list := []byte{'['}
	for i, account := range w.wabas {
		if i > 0 {
			list = append(list, ',')
		}
		if asNumbers {
			list = append(list, idText(account.id)...)
		} else {
			list = appendString(list, idText(account.id))
		}
	}
	return string(append(list, ']'))
}

func textList(texts []string) string {
	list := []byte{'['}
	for i, text := range texts {
		if i > 0 {
			list = append(list, ',')
		}
		list = appendString(list, text)
	}
	return string(append(list, ']'))
}
