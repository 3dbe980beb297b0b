package metasim

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"
)

// Entry is one request in the ledger.
type Entry struct {
	N            uint64          `json:"n"` // 1 is the first request ever
	Time         time.Time       `json:"time"`
	Op           Op              `json:"op"`
	Method       string          `json:"method"`
	Path         string          `json:"path"`
	Query        string          `json:"query,omitempty"` // secrets as sha256:<key>
	Code         Key             `json:"code,omitempty"`  // whose world
	Scenario     string          `json:"scenario,omitempty"`
	Token        Key             `json:"token,omitempty"`
	Body         json.RawMessage `json:"body,omitempty"` // secrets as "sha256:<key>"
	Status       int             `json:"status"`         // 0: no answer was given
	ErrorCode    int             `json:"error_code,omitempty"`
	ErrorSubcode int             `json:"error_subcode,omitempty"`
	Executed     bool            `json:"executed,omitempty"` // it changed something at Meta, or gave out a token
	Fault        FaultKind       `json:"fault,omitempty"`
}

// ledger keeps the newest entries.
type ledger struct {
	entries  []Entry
	keep     int
	last     uint64
	total    [opCount]uint64
	executed [opCount]uint64
}

// add takes an entry that has its number.
func (l *ledger) add(e Entry) {
	l.last = e.N
	l.total[e.Op]++
	if e.Executed {
		l.executed[e.Op]++
	}
	if l.keep < 0 {
		return
	}
	if len(l.entries) >= l.keep+l.keep/4 {
		kept := copy(l.entries, l.entries[len(l.entries)-l.keep+1:])
		clear(l.entries[kept:])
		l.entries = l.entries[:kept]
	}
	l.entries = append(l.entries, e)
}

// Ledger returns a copy of the newest requests, oldest first.
func (s *Server) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.ledger.entries...)
}

// Calls returns how many requests asked for op, answered or not, on behalf of a
// code. [OpAny] counts every operation; the empty code counts every code. It
// does not forget what the ledger has dropped.
func (s *Server) Calls(op Op, code string) int {
	return s.count(op, code, func(w *world) [opCount]uint32 { return w.calls }, func(l *ledger) [opCount]uint64 { return l.total })
}

// Executed is [Server.Calls] for the requests that changed something at Meta, a given token
// included.
func (s *Server) Executed(op Op, code string) int {
	return s.count(op, code, func(w *world) [opCount]uint32 { return w.executed }, func(l *ledger) [opCount]uint64 { return l.executed })
}

func (s *Server) count(op Op, code string, of func(*world) [opCount]uint32, all func(*ledger) [opCount]uint64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code == "" {
		return pick(op, all(&s.ledger))
	}
	w := s.worlds[KeyOf(code)]
	if w == nil {
		return 0
	}
	return pick(op, of(w))
}

func pick[N uint32 | uint64](op Op, counts [opCount]N) int {
	if op != OpAny {
		return int(counts[op])
	}
	sum := N(0)
	for _, n := range counts {
		sum += n
	}
	return int(sum)
}

// Redaction. What may be read in a query is listed; what may not be read in a
// body is recognised by its name, or by looking like a token.

var plainParameters = map[string]bool{
	"fields": true, "limit": true, "after": true, "before": true, "sort": true, "filtering": true, "client_id": true,
	"grant_type": true, "code_method": true, "language": true, "scope": true, "config_id": true, "response_type": true,
}

func (s *Server) redactQuery(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	shown := make(url.Values, len(query))
	for name, values := range query {
		for _, value := range values {
			if !plainParameters[name] || s.looksSecret(value) {
				value = "sha256:" + string(KeyOf(value))
			}
			shown.Add(s.redactText(name), value)
		}
	}
	return shown.Encode()
}

func (s *Server) redactBody(body any) json.RawMessage {
	if body == nil {
		return nil
	}
	text, err := json.Marshal(s.redact("", body))
	if err != nil { // what came from JSON goes back to JSON
		return nil
	}
	return text
}

func (s *Server) redact(name string, value any) any {
	switch v := value.(type) {
	case map[string]any:
		shown := make(map[string]any, len(v))
		for key, inner := range v {
			shown[s.redactText(key)] = s.redact(key, inner)
		}
		return shown
	case []any:
		shown := make([]any, 0, len(v))
		for _, inner := range v {
			shown = append(shown, s.redact(name, inner))
		}
		return shown
	case string:
		if secretName(name) || s.looksSecret(v) {
			return "sha256:" + string(KeyOf(v))
		}
	case json.Number:
		if secretName(name) {
			return "sha256:" + string(KeyOf(v.String()))
		}
	}
	return value
}

func secretName(name string) bool {
	switch name {
	case "pin", "code", "state", "password", "backup", "data":
		return true
	}
	return strings.Contains(name, "token") || strings.Contains(name, "secret") || strings.Contains(name, "proof")
}

func (s *Server) looksSecret(text string) bool {
	return strings.Contains(text, "EAA") || strings.Contains(text, s.options.AppSecret) ||
		s.options.Canary != "" && strings.Contains(text, s.options.Canary)
}

func (s *Server) redactText(text string) string {
	if s.looksSecret(text) {
		return "sha256:" + string(KeyOf(text))
	}
	return text
}
