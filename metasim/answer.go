package metasim

import (
	"cmp"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// answer is what a call is answered with.
type answer struct {
	status  int
	body    []byte
	kind    string // Content-Type; JSON when empty
	header  [][2]string
	refusal *graphError
}

func (a *answer) set(name, value string) { a.header = append(a.header, [2]string{name, value}) }

func found(body []byte) answer { return answer{status: http.StatusOK, body: body} }

func refused(e *graphError) answer { return answer{status: e.status, refusal: e} }

func succeeded() answer { return found([]byte(`{"success":true}`)) }

const (
	jsonType = "application/json; charset=UTF-8"
	htmlType = "text/html; charset=utf-8"
)

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	c, err := s.read(w, r)
	if err != nil {
		http.Error(w, "the request could not be read", http.StatusRequestEntityTooLarge)
		return
	}
	a, f := s.execute(c)
	s.send(w, c, a, f)
}

// execute does the work of a call and writes it down. What it returns is still
// to be sent, in the way of the fault, if there is one.
func (s *Server) execute(c *call) (answer, *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.options.Now().UTC()
	c.version = served(c.version, c.now)
	if err := s.journal.failed(); err != nil {
		return s.broken(c, err), nil
	}
	s.resolve(c)
	f := s.matchFault(c.op, c.world)
	a := s.perform(c, f)

	n := s.ledger.last + 1
	trace := "A" + strconv.FormatUint(n*0x9e3779b97f4a7c15|1<<63, 36)
	s.usageHeaders(c, &a, f)
	a.set("X-Fb-Trace-Id", trace)
	if a.refusal != nil {
		a.status, a.body = a.refusal.status, a.refusal.body(trace)
	}
	if f != nil {
		f.alter(&a)
	}
	if c.err != nil {
		return s.broken(c, c.err), nil
	}
	entry := s.entry(n, c, &a, f)
	s.account(entry, c.world)
	if err := s.journal.write(record{Entry: &entry, Changes: c.changes}); err != nil {
		return s.broken(c, err), nil
	}
	s.options.Logger.DebugContext(c.request.Context(), "graph call",
		"n", n, "op", entry.Op.String(), "status", entry.Status, "error_code", entry.ErrorCode, "fault", string(entry.Fault))
	return a, f
}

// broken answers for a simulator that cannot keep its promises any more.
func (s *Server) broken(c *call, err error) answer {
	s.options.Logger.ErrorContext(c.request.Context(), "graph call not recorded", "op", c.op.String(), "error", err)
	return answer{status: http.StatusInternalServerError, body: htmlPage, kind: htmlType}
}

// perform returns the answer to a call, or the fault's in its place.
func (s *Server) perform(c *call, f *Fault) answer {
	var a answer
	if f == nil || f.executes() {
		if e := s.refuse(c); e != nil {
			a = refused(e)
		} else {
			a = handlers[c.op](s, c)
		}
	}
	if f == nil {
		return a
	}
	switch f.Kind {
	case FaultError:
		return refused(f.graphError())
	case FaultHTML:
		return answer{status: cmp.Or(f.Status, http.StatusServiceUnavailable), body: htmlPage, kind: htmlType}
	case FaultEmpty, FaultHuge:
		return answer{status: cmp.Or(f.Status, http.StatusOK)}
	case FaultBody:
		return answer{status: cmp.Or(f.Status, http.StatusOK), body: []byte(f.Body)}
	case FaultRedirect:
		a = answer{status: http.StatusFound}
		a.set("Location", f.Location)
	default:
	}
	return a
}

func (s *Server) entry(n uint64, c *call, a *answer, f *Fault) Entry {
	e := Entry{
		N: n, Time: c.now, Op: c.op, Method: c.request.Method, Path: s.redactText(c.request.URL.Path),
		Query: s.redactQuery(c.query), Token: KeyOf(c.token), Body: s.redactBody(c.body),
		Status: a.status, Executed: c.executed,
	}
	if c.world != nil {
		e.Code, e.Scenario = c.world.key, c.world.scenario.Name
	}
	if a.refusal != nil {
		e.ErrorCode, e.ErrorSubcode = a.refusal.code, a.refusal.subcode
	}
	if f != nil {
		e.Fault = f.Kind
		if f.cuts() {
			e.Status = 0
		}
	}
	return e
}

// send answers, or does not, as the fault wants it.
func (s *Server) send(w http.ResponseWriter, c *call, a answer, f *Fault) {
	if f == nil {
		write(w, c, a)
		return
	}
	if f.LatencyMS > 0 && !s.wait(c, time.After(time.Duration(f.LatencyMS)*time.Millisecond)) {
		cut(w)
		return
	}
	switch f.Kind {
	case FaultStall:
		s.wait(c, nil)
		cut(w)
	case FaultCut, FaultUnanswered:
		cut(w)
	case FaultTruncated:
		a.body = a.body[:len(a.body)/2]
		write(w, c, a)
	case FaultHuge:
		pour(w, f.Bytes)
	default:
		write(w, c, a)
	}
}

// wait reports whether the time came before the client or the server left.
func (s *Server) wait(c *call, until <-chan time.Time) bool {
	select {
	case <-until:
		return true
	case <-c.request.Context().Done():
	case <-s.closing:
	}
	return false
}

func write(w http.ResponseWriter, c *call, a answer) {
	header := w.Header()
	debugHeaders(header, c.version)
	for _, h := range a.header {
		header.Set(h[0], h[1])
		if h[1] == "" {
			header.Del(h[0])
		}
	}
	if e := a.refusal; e != nil && e.challenge != "" {
		header.Set("WWW-Authenticate", `OAuth "Facebook Platform" "`+e.challenge+`" `+quoted(e.message))
	}
	header.Set("Content-Type", cmp.Or(a.kind, jsonType))
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has left needs no answer
}

// cut closes the connection without an answer. On a connection that cannot be
// taken over (HTTP/2) the answer ends before its announced length.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.Header().Set("Content-Length", "1")
		w.WriteHeader(http.StatusOK)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so that the client sees a reset, not an orderly end
	}
	_ = conn.Close()
}

// pour writes a JSON text of so many bytes, until the client has enough.
func pour(w http.ResponseWriter, n int64) {
	w.Header().Set("Content-Type", jsonType)
	if n == 0 {
		n = hugeBytes
	}
	if _, err := io.WriteString(w, `{"data":[{"id":"1","name":"`); err != nil {
		return
	}
	if _, err := io.Copy(w, io.LimitReader(endless{}, n)); err != nil {
		return
	}
	_, _ = io.WriteString(w, `"}]}`)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
