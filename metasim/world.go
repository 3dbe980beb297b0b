package metasim

import (
	"fmt"
	"slices"
	"time"
)

// world is everything that one code leads to at Meta.
type world struct {
	seed      seed
	key       Key
	scenario  *Scenario
	issuedAt  time.Time // when the dialog issued the code; zero for a code from elsewhere
	redirect  Key       // redirect_uri of the dialog that issued the code
	withSetup bool      // the dialog named a configuration: redirect_uri may be left out
	scopes    []string  // granted in the dialog; the scenario's when empty

	exchanged   bool
	exchangedAt time.Time
	wabas       []*waba

	calls    [opCount]uint32 // requests, executed or not
	executed [opCount]uint32 // requests that changed something, or gave out the token
	matched  []uint32        // how often each fault of the scenario was met
}

// waba is a WhatsApp Business Account.
type waba struct {
	id        uint64
	index     int
	createdBy Op // OpAny: it was there before
	createdAt time.Time
	looksFrom views // calls that came before it was created
	number    []*phone

	subscribed bool
	override   string
	hour       int64 // for the usage headers
	hourCalls  int
}

// views counts the calls that can show an account: in the list of its business, as
// a node, or through its numbers.
type views struct{ list, node, numbers uint32 }

// looks counts the calls that can show the state of a number.
type looks struct{ list, node uint32 }

// phone is a business phone number.
type phone struct {
	id          uint64
	index       int
	waba        *waba
	verified    bool
	codeSent    bool
	registered  bool
	pin         Key
	looksFrom   looks
	attempts    []time.Time // register calls, failed ones too
	deregisters []time.Time
}

const (
	// OwnerPIN is the two-step PIN of a number whose owner has set one already.
	OwnerPIN = "246810"
	// VerificationCode is the code that request_code "sends".
	VerificationCode = "123830"
)

func (w *world) businessID(i int) uint64 { return w.id(kindBusiness, i) }

func (w *world) id(kind nodeKind, i int) uint64 {
	return w.seed.id(kind, i, w.scenario.shape.largeIDs)
}

// open puts into the world what is there before anything is created.
func (w *world) open(at time.Time) {
	for range w.scenario.shape.accounts {
		w.addAccount(OpAny, at)
	}
}

// addAccount adds the next account, with the scenario's numbers.
func (w *world) addAccount(by Op, at time.Time) *waba {
	shape := &w.scenario.shape
	account := &waba{
		id: w.id(kindWABA, len(w.wabas)), index: len(w.wabas), createdBy: by, createdAt: at,
		looksFrom: views{w.calls[OpOwned], w.calls[OpWABA], w.calls[OpPhoneNumbers]}, subscribed: shape.subscribed,
	}
	for i := range shape.numbers {
		number := &phone{
			id:    w.id(kindPhone, account.index*10+i),
			index: i, waba: account, verified: !shape.unverified, registered: shape.connected,
		}
		if shape.connected || shape.pinSet {
			number.pin = KeyOf(OwnerPIN)
		}
		for range shape.spentRegistrations {
			number.attempts = append(number.attempts, at)
		}
		account.number = append(account.number, number)
	}
	w.wabas = append(w.wabas, account)
	return account
}

// shows reports whether the account can be seen yet by the call op, which is
// being executed. A created one may need several looks of one kind; whoever looks in
// several ways each time sees it no sooner.
func (w *world) shows(account *waba, op Op) bool {
	if account.createdBy == OpAny {
		return true
	}
	after := w.scenario.shape.showsAfter
	if after < 0 {
		return false
	}
	now, from := views{w.calls[OpOwned], w.calls[OpWABA], w.calls[OpPhoneNumbers]}, account.looksFrom
	switch op {
	case OpOwned:
		now.list++
	case OpWABA:
		now.node++
	case OpPhoneNumbers:
		now.numbers++
	default:
	}
	return int(max(now.list-from.list, now.node-from.node, now.numbers-from.numbers)) >= after
}

// connected reports whether the number reads CONNECTED in the call op, which is
// being executed.
func (w *world) connected(number *phone, op Op) bool {
	if !number.registered {
		return false
	}
	now := looks{w.calls[OpPhoneNumbers], w.calls[OpPhone]}
	switch op {
	case OpPhoneNumbers:
		now.list++
	case OpPhone:
		now.node++
	default:
	}
	seen := max(now.list-number.looksFrom.list, now.node-number.looksFrom.node)
	return int(seen) > w.scenario.shape.pendingReads
}

// has reports whether the token was granted any of the permissions.
func (w *world) has(permissions ...string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool { return slices.Contains(w.granted(), p) })
}

func (w *world) granted() []string {
	switch {
	case w.scenario.shape.scopes != nil:
		return w.scenario.shape.scopes
	case w.scopes != nil:
		return w.scopes
	}
	return briefScopes
}

// name is what the restaurant calls itself; not ASCII, so that a client that
// reads JSON by hand is found out.
func (w *world) name() string {
	return fmt.Sprintf("Cantina São João & Filhos %d", w.seed.number(kindNone, 0)%10_000)
}

// displayNumber returns the number as Meta writes it.
func (w *world) displayNumber(number *phone) string {
	n := w.seed.number(kindPhone, 1000+number.waba.index*10+number.index) % 100_000_000
	return fmt.Sprintf("+55 11 9%04d-%04d", n/10_000, n%10_000)
}
