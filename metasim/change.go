package metasim

import (
	"encoding/hex"
	"fmt"
	"time"
)

// changeKind names a change of state. Names are on disk: they stay.
type changeKind string

const (
	changeWorld         changeKind = "world"
	changeExchanged     changeKind = "exchanged"
	changeCreated       changeKind = "created"
	changeSubscribed    changeKind = "subscribed"
	changeUnsubscribed  changeKind = "unsubscribed"
	changeRegisterTry   changeKind = "register_try"
	changeRegistered    changeKind = "registered"
	changeDeregisterTry changeKind = "deregister_try"
	changeDeregistered  changeKind = "deregistered"
	changePIN           changeKind = "pin"
	changeCodeSent      changeKind = "code_sent"
	changeVerified      changeKind = "verified"
	changeFault         changeKind = "fault"
	changeFaultsCleared changeKind = "faults_cleared"
)

// change is one change of state, small enough to be written for each request.
type change struct {
	Kind changeKind `json:"kind"`
	At   time.Time  `json:"at,omitzero"`

	Seed      []byte   `json:"seed,omitempty"` // world
	Scenario  string   `json:"scenario,omitempty"`
	Issued    bool     `json:"issued,omitempty"` // by the dialog
	Redirect  Key      `json:"redirect,omitempty"`
	WithSetup bool     `json:"with_setup,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	Token     []byte   `json:"token,omitempty"` // exchanged: SHA-256 of the token

	Op       Op     `json:"op,omitempty"` // created
	WABA     int    `json:"waba,omitempty"`
	Phone    int    `json:"phone,omitempty"`
	PIN      Key    `json:"pin,omitempty"`
	Override string `json:"override,omitempty"`

	Fault *Fault `json:"fault,omitempty"`
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
	default:
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
	default:
		return w.apply(c)
	}
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
	default:
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
