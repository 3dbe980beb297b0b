package metasim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is a request being answered.
type call struct {
	request *http.Request
	path    []string // after the version
	version string   // that answers
	base    string   // address of this server, for paging links
	now     time.Time
	op      Op

	query url.Values
	form  url.Values
	json  map[string]any
	body  any // what the ledger shows of it

	token    string
	appToken bool
	world    *world
	node     node

	changes  []change
	executed bool
	err      error // of a change that could not be made
}

const maxBody = 1 << 20

// read takes the request apart. It touches no state.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (*call, error) {
	c := &call{request: r, query: r.URL.Query(), base: s.options.PublicURL}
	if c.base == "" {
		c.base = "http://" + r.Host
	}
	c.path = strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if isVersion(c.path[0]) {
		c.version, c.path = c.path[0], c.path[1:]
	}
	if len(c.path) == 0 {
		c.path = []string{""}
	}
	c.op = operation(r.Method, c.path)
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		c.token = strings.TrimSpace(credential)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	c.readBody(body, r.Header.Get("Content-Type"))
	if c.token == "" && c.op != OpExchange {
		c.token = c.param("access_token")
	}
	return c, nil
}

func isVersion(text string) bool {
	major, minor, ok := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	return ok && text[0] == 'v' && parseID(major) != 0 && (minor == "0" || parseID(minor) != 0)
}

// readBody understands JSON objects and forms. Anything else is known by its key
// only, and has no parameters.
func (c *call) readBody(body []byte, contentType string) {
	if len(body) == 0 {
		return
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil {
			c.form = form
			shown := make(map[string]any, len(form))
			for name := range form {
				shown[name] = form.Get(name)
			}
			c.body = shown
			return
		}
	}
	if kind == "application/json" {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber()
		if decoder.Decode(&c.json) == nil && !decoder.More() && c.json != nil {
			c.body = c.json
			return
		}
		c.json = nil
	}
	c.body = "sha256:" + string(KeyOf(string(body)))
}

// param returns a parameter from wherever Meta takes it: query, form or JSON.
func (c *call) param(name string) string {
	if values := c.query[name]; len(values) > 0 {
		return values[0]
	}
	if values := c.form[name]; len(values) > 0 {
		return values[0]
	}
	switch value := c.json[name].(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}

// has reports whether the parameter was given, be it empty.
func (c *call) has(name string) bool {
	_, inJSON := c.json[name]
	return c.query.Has(name) || c.form.Has(name) || inJSON
}

// change makes a change of state and keeps it for the journal.
func (s *Server) change(c *call, ch change) {
	ch.At = c.now
	if err := s.apply(c.world, ch); err != nil {
		c.err = errors.Join(c.err, err)
		return
	}
	c.changes = append(c.changes, ch)
}

// resolve finds the node and the world that the call is about.
func (s *Server) resolve(c *call) {
	if id := parseID(c.path[0]); id != 0 {
		c.node = s.nodes[id]
	}
	switch c.op {
	case OpExchange:
		if code := c.param("code"); wellFormedCode(code) {
			s.worldOfCode(c, code)
		}
		return
	case OpDebugToken:
		c.world = s.tokens[sha256.Sum256([]byte(c.param("input_token")))]
		return
	case OpDialog, OpDialogAnswer:
		return
	default:
	}
	c.appToken = c.token == s.options.AppID+"|"+s.options.AppSecret
	if c.token != "" && !c.appToken {
		c.world = s.tokens[sha256.Sum256([]byte(c.token))]
	}
	switch c.op {
	case OpMe:
		if strings.Contains(c.param("fields"), "client_business_id") {
			c.op = OpClientBusiness
		}
	case OpUnknownNode:
		c.op = readOf[c.node.kind]
	case OpSetPIN:
		if c.node.kind != kindPhone {
			c.op = OpUnknownEdge
		}
	default:
	}
}

// readOf is the operation that a GET of a node is.
var readOf = map[nodeKind]Op{
	kindNone: OpUnknownNode, kindUser: OpMe, kindBusiness: OpBusiness, kindPage: OpPage, kindWABA: OpWABA, kindPhone: OpPhone,
}

// refuse returns why the caller may not ask for this, or nil.
func (s *Server) refuse(c *call) *graphError {
	switch c.op {
	case OpDialog, OpDialogAnswer, OpExchange, OpDebugToken:
		return nil
	default:
	}
	switch {
	case c.token == "" && (c.path[0] == "me" || c.op == OpUnknownPath), c.appToken && c.path[0] == "me":
		return &graphError{status: http.StatusBadRequest, code: 2500, message: "An active access token must be used to query information about the current user."}
	case c.token == "":
		return &graphError{status: http.StatusUnauthorized, code: 104, challenge: "invalid_token", message: "An access token is required to request this resource."}
	case c.appToken:
		return errNotFound(c.request.Method, c.path[0])
	case c.world == nil && !strings.HasPrefix(c.token, "EAA"):
		return errToken(http.StatusUnauthorized, 0, "it cannot be parsed.")
	case c.world == nil:
		return errToken(http.StatusUnauthorized, 467, "it is invalid.")
	}
	if e := s.checkProof(c); e != nil {
		return e
	}
	return s.refuseNode(c)
}

// refuseNode checks the id in the path and the token's permissions.
func (s *Server) refuseNode(c *call) *graphError {
	need := needs[c.op]
	if need.kind != kindNone && c.node.kind != need.kind {
		return errNotFound(c.request.Method, c.path[0])
	}
	if c.node.world != nil && c.node.world != c.world {
		if len(c.path) == 1 && c.request.Method == http.MethodGet {
			return errNotFound(c.request.Method, c.path[0])
		}
		return errDenied()
	}
	for _, permission := range need.all {
		if !c.world.has(permission) {
			return errPermission(permission)
		}
	}
	if len(need.any) > 0 && !c.world.has(need.any...) {
		return errPermission(need.any[0])
	}
	if c.node.waba != nil && !c.world.shows(c.node.waba, c.op) {
		return errNotFound(c.request.Method, c.path[0])
	}
	return nil
}

// checkProof checks appsecret_proof where it is sent or required.
func (s *Server) checkProof(c *call) *graphError {
	proof := c.param("appsecret_proof")
	if proof == "" && !s.options.RequireProof {
		return nil
	}
	text := c.token
	if at := c.param("appsecret_time"); at != "" {
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil || c.now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
			return errProof()
		}
		text += "|" + at
	}
	if !hmac.Equal([]byte(Proof(s.options.AppSecret, text)), []byte(proof)) {
		return errProof()
	}
	return nil
}

// Proof returns the appsecret_proof of a token.
func Proof(appSecret, token string) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

func errProof() *graphError {
	e := errInvalid("Invalid appsecret_proof provided in the API argument")
	e.kind = graphMethod
	return e
}

func (s *Server) unknown(c *call) answer {
	switch {
	case c.op == OpUnknownPath:
		return refused(errUnknownPath(strings.Join(c.path, "/")))
	case c.op == OpUnknownEdge && c.request.Method == http.MethodGet && c.node.world != nil:
		return refused(errUnknownField(c.path[1], c.node.kind))
	default:
		return refused(errNotFound(c.request.Method, c.path[0]))
	}
}
