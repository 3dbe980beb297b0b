package metasim

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The app that a simulator without options belongs to.
const (
	DefaultAppID     = "1122334455667788"
	DefaultAppSecret = "simulated-app-secret-not-for-production"
)

// Options set up a [Server]. The zero value works.
type Options struct {
	AppID     string // DefaultAppID when empty
	AppSecret string // DefaultAppSecret when empty
	AppName   string

	// Dir holds the journal, which makes state and ledger survive kill -9. Empty:
	// everything is in memory. One server at a time may use it.
	Dir string
	// LedgerCap is how many requests are kept for [Server.Ledger]: 100,000 when 0,
	// none when below 0. Counts are kept for ever.
	LedgerCap int

	Now    func() time.Time // time.Now when nil
	Logger *slog.Logger     // nothing is logged when nil

	// PublicURL is the address in paging links; that of the request when empty.
	PublicURL string
	// RedirectURIs is what the dialog may redirect to. Empty: any https address,
	// and http on loopback.
	RedirectURIs []string
	// CodeLife is how long a code of the dialog lives: 30 s when 0, as at Meta.
	CodeLife time.Duration
	// RequireProof refuses calls without appsecret_proof.
	RequireProof bool
	// Canary is part of every token, so that a test can look for tokens where none
	// may be. Letters and digits.
	Canary string
	// ControlAnywhere lets /_simulator/ answer when the request's Host is not
	// loopback. Whoever reaches it can script and read the simulator.
	ControlAnywhere bool
}

// Server is a simulated Meta. It is safe for concurrent use.
type Server struct {
	options Options
	control *http.ServeMux
	closing chan struct{}
	close   sync.Once

	mu      sync.Mutex // everything below
	worlds  map[Key]*world
	tokens  map[[32]byte]*world
	nodes   map[uint64]node
	faults  []*fault
	ledger  ledger
	usage   usage
	journal *journal
}

// node is what an id names.
type node struct {
	kind  nodeKind
	world *world
	index int
	waba  *waba
	phone *phone
}

// New returns a server, with what its journal remembers.
func New(options Options) (*Server, error) {
	setDefaults(&options)
	s := &Server{options: options, closing: make(chan struct{})}
	s.forget()
	s.control = s.controlRoutes()
	if options.Dir == "" {
		return s, nil
	}
	journal, err := openJournal(options.Dir, s.replay)
	if err != nil {
		return nil, err
	}
	s.journal = journal
	return s, nil
}

func setDefaults(o *Options) {
	if o.AppID == "" {
		o.AppID = DefaultAppID
	}
	if o.AppSecret == "" {
		o.AppSecret = DefaultAppSecret
	}
	if o.AppName == "" {
		o.AppName = "Onboarding"
	}
	if o.LedgerCap == 0 {
		o.LedgerCap = 100_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CodeLife == 0 {
		o.CodeLife = 30 * time.Second
	}
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
}

// Close ends stalled answers and closes the journal. Later requests are refused.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		close(s.closing)
		s.mu.Lock()
		defer s.mu.Unlock()
		err = s.journal.close()
		s.journal = &journal{err: http.ErrServerClosed}
	})
	return err
}

// Reset forgets every world, entry and fault, in the journal too.
func (s *Server) Reset() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.journal.clear(); err != nil {
		return err
	}
	s.forget()
	return nil
}

func (s *Server) forget() {
	s.worlds = make(map[Key]*world)
	s.tokens = make(map[[32]byte]*world)
	s.nodes = make(map[uint64]node)
	s.faults = nil
	s.usage = usage{}
	s.ledger = ledger{keep: s.options.LedgerCap}
}

// Inject adds a fault. It stays, through restarts too, until [Server.ClearFaults].
func (s *Server) Inject(f Fault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	compiled := compile(f)
	return s.script(change{Kind: changeFault, Fault: &compiled.Fault})
}

// ClearFaults removes every injected fault. Those of scenarios stay.
func (s *Server) ClearFaults() error {
	return s.script(change{Kind: changeFaultsCleared})
}

// Faults returns the injected faults.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		all = append(all, f.Fault)
	}
	return all
}

func (s *Server) script(c change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.journal.write(record{Changes: []change{c}}); err != nil {
		return err
	}
	return s.apply(nil, c)
}

// replay repeats one line of the journal.
func (s *Server) replay(r record) error {
	if r.Entry == nil {
		for _, c := range r.Changes {
			if err := s.apply(nil, c); err != nil {
				return err
			}
		}
		return nil
	}
	rest := r.Changes
	if len(rest) > 0 && rest[0].Kind == changeWorld {
		if err := s.apply(nil, rest[0]); err != nil {
			return err
		}
		rest = rest[1:]
	}
	w := s.worlds[r.Entry.Code]
	s.matchFault(r.Entry.Op, w)
	for _, c := range rest {
		if err := s.apply(w, c); err != nil {
			return err
		}
	}
	s.account(*r.Entry, w)
	return nil
}

// account counts a request and puts it into the ledger.
func (s *Server) account(e Entry, w *world) {
	if w != nil {
		w.calls[e.Op]++
		if e.Executed {
			w.executed[e.Op]++
		}
	}
	s.usage.count(e.Time)
	s.ledger.add(e)
}

// apply makes a change. It is the only place where state changes, live and in a
// replay.
func (s *Server) apply(w *world, c change) error {
	switch c.Kind {
	case changeWorld:
		return s.addWorld(c)
	case changeFault:
		f := compile(*c.Fault)
		s.faults = append(s.faults, &f)
		return nil
	case changeFaultsCleared:
		s.faults = nil
		return nil
	}
	if w == nil {
		return fmt.Errorf("%s without a world", c.Kind)
	}
	switch c.Kind {
	case changeExchanged:
		w.exchanged, w.exchangedAt = true, c.At
		s.tokens[[32]byte(c.Token)] = w
		s.usage.user(c.At)
		return nil
	case changeCreated:
		s.index(w.addAccount(c.Op, c.At), w)
		return nil
	}
	return w.apply(c)
}

func (s *Server) addWorld(c change) error {
	scenario := scenarioByName[c.Scenario]
	if len(c.Seed) != len(seed{}) || scenario == nil {
		return fmt.Errorf("world of scenario %q with a seed of %s", c.Scenario, hex.EncodeToString(c.Seed))
	}
	w := &world{seed: seed(c.Seed), key: seed(c.Seed).key(), scenario: scenario, redirect: c.Redirect, withSetup: c.WithSetup, scopes: c.Scopes}
	if c.Issued {
		w.issuedAt = c.At
	}
	w.open(c.At)
	s.worlds[w.key] = w
	for i := range max(1, scenario.shape.businesses) {
		s.nodes[w.businessID(i)] = node{kind: kindBusiness, world: w, index: i}
	}
	for i := range pageCount(scenario) {
		s.nodes[w.id(kindPage, i)] = node{kind: kindPage, world: w, index: i}
	}
	s.nodes[w.id(kindUser, 0)] = node{kind: kindUser, world: w}
	for _, account := range w.wabas {
		s.index(account, w)
	}
	return nil
}

func (s *Server) index(account *waba, w *world) {
	s.nodes[account.id] = node{kind: kindWABA, world: w, waba: account}
	for _, number := range account.number {
		s.nodes[number.id] = node{kind: kindPhone, world: w, waba: account, phone: number}
	}
}

// apply makes a change to one of the world's accounts.
func (w *world) apply(c change) error {
	if c.WABA >= len(w.wabas) {
		return fmt.Errorf("%s: no account %d", c.Kind, c.WABA)
	}
	account := w.wabas[c.WABA]
	switch c.Kind {
	case changeSubscribed:
		account.subscribed, account.override = true, c.Override
		return nil
	case changeUnsubscribed:
		account.subscribed, account.override = false, ""
		return nil
	}
	if c.Phone >= len(account.number) {
		return fmt.Errorf("%s: no number %d in account %d", c.Kind, c.Phone, c.WABA)
	}
	number := account.number[c.Phone]
	switch c.Kind {
	case changeRegisterTry:
		number.attempts = append(number.attempts, c.At)
	case changeDeregisterTry:
		number.deregisters = append(number.deregisters, c.At)
	case changeRegistered:
		number.registered, number.pin = true, c.PIN
		number.looksFrom = looks{w.calls[OpPhoneNumbers], w.calls[OpPhone]}
	case changeDeregistered:
		number.registered = false
	case changePIN:
		number.pin = c.PIN
	case changeCodeSent:
		number.codeSent = true
	case changeVerified:
		number.verified, number.codeSent = true, false
	default:
		return fmt.Errorf("unknown change %q", c.Kind)
	}
	return nil
}
