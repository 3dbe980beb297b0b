package metasim

import (
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
	// WebhookURL is where webhooks are sent to. Empty: nowhere.
	WebhookURL string
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
