package metasim

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed dialog.html
var dialogSource string

var dialogPage = template.Must(template.New("dialog").Parse(dialogSource))

// dialogRequest is what the app asked of the dialog.
type dialogRequest struct {
	ClientID    string
	RedirectURI string
	State       string
	Scope       string
	ConfigID    string
}

// dialogView is what the page shows.
type dialogView struct {
	dialogRequest

	Lang      string
	App       string
	Problem   string
	Scopes    []string
	Scenarios []scenarioView
}

type scenarioView struct{ Name, Text string }

// dialog shows the consent page, where a person also picks a scenario.
func (s *Server) dialog(c *call) answer {
	view := dialogView{dialogRequest: requestOf(c), Lang: "pt-BR", App: s.options.AppName}
	if strings.HasPrefix(strings.ToLower(c.request.Header.Get("Accept-Language")), "en") {
		view.Lang = "en"
	}
	view.Problem = s.dialogProblem(c, view.dialogRequest)
	view.Scopes = grantedScopes(view.dialogRequest)
	for _, scenario := range scenarios {
		text := scenario.PT
		if view.Lang == "en" {
			text = scenario.EN
		}
		view.Scenarios = append(view.Scenarios, scenarioView{scenario.Name, text})
	}
	status := http.StatusOK
	if view.Problem != "" {
		status = http.StatusBadRequest
	}
	var page bytes.Buffer
	if err := dialogPage.Execute(&page, view); err != nil {
		c.err = err
		return answer{}
	}
	a := answer{status: status, body: page.Bytes(), kind: htmlType}
	a.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	a.set("Referrer-Policy", "no-referrer")
	a.set("X-Content-Type-Options", "nosniff")
	return a
}

// dialogAnswer is the person's click: back to the app, with a code or without.
func (s *Server) dialogAnswer(c *call) answer {
	request := requestOf(c)
	if problem := s.dialogProblem(c, request); problem != "" {
		return s.dialog(c)
	}
	target, err := url.Parse(request.RedirectURI)
	if err != nil { // dialogProblem has parsed it
		c.err = err
		return answer{}
	}
	query := target.Query()
	if c.param("answer") == "continue" {
		query.Set("code", s.issueCode(c, request))
	} else {
		query.Set("error", "access_denied")
		query.Set("error_reason", "user_denied")
		query.Set("error_description", "Permissions error")
	}
	if request.State != "" {
		query.Set("state", request.State)
	}
	target.RawQuery = query.Encode()
	a := answer{status: http.StatusFound}
	a.set("Location", target.String())
	a.set("Referrer-Policy", "no-referrer")
	return a
}

// issueCode begins a world for a fresh code of the scenario that was picked.
func (s *Server) issueCode(c *call, request dialogRequest) string {
	code := "AQ" + rand.Text() + rand.Text()
	scenario := scenarioByName[c.param("scenario")]
	if scenario != nil && scenario.Name != DefaultScenario {
		code = scenario.Code(rand.Text())
	} else {
		scenario = scenarioByName[DefaultScenario]
	}
	start := seedOf(code)
	s.change(c, change{
		Kind: changeWorld, Seed: start[:], Scenario: scenario.Name, Issued: true,
		Redirect: KeyOf(request.RedirectURI), WithSetup: request.ConfigID != "", Scopes: grantedScopes(request),
	})
	c.world = s.worlds[start.key()]
	c.executed = c.world != nil
	return code
}

func requestOf(c *call) dialogRequest {
	return dialogRequest{
		ClientID: c.param("client_id"), RedirectURI: c.param("redirect_uri"), State: c.param("state"),
		Scope: c.param("scope"), ConfigID: c.param("config_id"),
	}
}

var knownScopes = []string{scopeManagement, scopeMessaging, scopeEvents, scopeBusiness, scopePages, scopePagesRead, scopeProfile}

// grantedScopes is what is asked for and exists; nil with a configuration, which
// brings its own. Everybody gets public_profile.
func grantedScopes(request dialogRequest) []string {
	if request.Scope == "" {
		return nil
	}
	asked := strings.FieldsFunc(request.Scope, func(r rune) bool { return r == ',' || r == ' ' })
	scopes := slices.DeleteFunc(asked, func(scope string) bool { return !slices.Contains(knownScopes, scope) })
	if !slices.Contains(scopes, scopeProfile) {
		scopes = append(scopes, scopeProfile)
	}
	return scopes
}

// dialogProblem says why the dialog cannot go on, or "". It redirects nowhere
// before that is clear.
func (s *Server) dialogProblem(c *call, request dialogRequest) string {
	target, err := url.Parse(request.RedirectURI)
	responseType := c.param("response_type")
	switch {
	case request.ClientID != s.options.AppID:
		return "client_id"
	case err != nil || !target.IsAbs() || target.Host == "" || target.Fragment != "" || target.User != nil:
		return "redirect_uri"
	case len(s.options.RedirectURIs) > 0 && !slices.Contains(s.options.RedirectURIs, request.RedirectURI):
		return "redirect_uri"
	case target.Scheme != "https" && (target.Scheme != "http" || !isLoopback(target.Host)):
		return "redirect_uri"
	case responseType != "" && responseType != "code":
		return "response_type"
	}
	return ""
}

// isLoopback reports whether a host, with or without a port, is this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
