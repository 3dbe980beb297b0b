package metasim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

const (
	controlPrefix = "/_simulator/"
	mostEntries   = 1000
)

// controlRoutes is the control API: what a test or a person asks of the
// simulator itself. None of its requests is in the ledger.
func (s *Server) controlRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+controlPrefix+"state", s.getState)
	mux.HandleFunc("GET "+controlPrefix+"ledger", s.getLedger)
	mux.HandleFunc("GET "+controlPrefix+"scenarios", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"scenarios": Scenarios()})
	})
	mux.HandleFunc("GET "+controlPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"faults": s.Faults()})
	})
	mux.HandleFunc("POST "+controlPrefix+"faults", s.postFaults)
	mux.HandleFunc("DELETE "+controlPrefix+"faults", func(w http.ResponseWriter, r *http.Request) {
		s.done(w, r, s.ClearFaults())
	})
	mux.HandleFunc("POST "+controlPrefix+"webhooks", s.postWebhook)
	mux.HandleFunc("POST "+controlPrefix+"reset", func(w http.ResponseWriter, r *http.Request) {
		s.done(w, r, s.Reset())
	})
	return mux
}

// serveControl keeps web pages out: a page of another origin may not change
// anything, and one that has rebound its name to this machine may not even read.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !s.options.ControlAnywhere && !isLoopback(r.Host) {
		refuse(w, http.StatusForbidden, "the control API answers on loopback only")
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		refuse(w, http.StatusForbidden, "not from another origin")
		return
	}
	s.control.ServeHTTP(w, r)
}

func (s *Server) getState(w http.ResponseWriter, r *http.Request) {
	state := s.State()
	if code := r.URL.Query().Get("code"); code != "" {
		world, ok := s.WorldByKey(Key(code))
		if !ok {
			world, ok = s.World(code)
		}
		if !ok {
			refuse(w, http.StatusNotFound, "no such code")
			return
		}
		state.World = &world
	}
	reply(w, http.StatusOK, state)
}

// getLedger lists entries, oldest first: after a number, and of an operation or
// a code (or its key), when these are given.
func (s *Server) getLedger(w http.ResponseWriter, r *http.Request) {
	filter, err := filterOf(r.URL.Query())
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	entries, last := s.filtered(filter)
	reply(w, http.StatusOK, map[string]any{"entries": entries, "last": last})
}

type ledgerFilter struct {
	op    Op
	codes []Key
	after uint64
	limit int
}

func filterOf(query url.Values) (ledgerFilter, error) {
	f := ledgerFilter{limit: mostEntries}
	var err, bad error
	if f.op, err = ParseOp(query.Get("op")); err != nil {
		bad = errors.Join(bad, errors.New("op is no operation"))
	}
	if code := query.Get("code"); code != "" {
		f.codes = []Key{Key(code), KeyOf(code)}
	}
	if text := query.Get("after"); text != "" {
		if f.after, err = strconv.ParseUint(text, 10, 64); err != nil {
			bad = errors.Join(bad, errors.New("after is no number"))
		}
	}
	if text := query.Get("limit"); text != "" {
		if f.limit, err = strconv.Atoi(text); err != nil || f.limit < 1 || f.limit > mostEntries {
			bad = errors.Join(bad, fmt.Errorf("limit is not in 1-%d", mostEntries))
		}
	}
	return f, bad
}

// filtered returns the entries that pass, and the number of the newest of all.
func (s *Server) filtered(f ledgerFilter) (entries []Entry, last uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries = []Entry{}
	for _, e := range s.ledger.entries {
		if e.N <= f.after || f.op != OpAny && e.Op != f.op || f.codes != nil && !slices.Contains(f.codes, e.Code) {
			continue
		}
		if entries = append(entries, e); len(entries) == f.limit {
			break
		}
	}
	return entries, s.ledger.last
}

// postFaults takes one fault.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var f Fault
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		refuse(w, http.StatusBadRequest, "the fault is not valid JSON of a fault")
		return
	}
	if err := f.Validate(); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s.done(w, r, s.Inject(f))
}

func (s *Server) done(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		s.options.Logger.ErrorContext(r.Context(), "simulator control", "path", r.URL.Path, "error", err)
		refuse(w, http.StatusInternalServerError, "the journal could not be written")
		return
	}
	reply(w, http.StatusOK, map[string]any{"success": true})
}

func refuse(w http.ResponseWriter, status int, why string) {
	reply(w, status, map[string]any{"success": false, "message": why})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has left needs no answer
}
