package metasim

import "time"

// State is what the simulator holds.
type State struct {
	Worlds    int            `json:"worlds"`
	Exchanged int            `json:"exchanged"`
	Entries   uint64         `json:"entries"` // requests ever
	Calls     map[string]int `json:"calls"`   // by operation
	Executed  map[string]int `json:"executed"`
	Faults    []Fault        `json:"faults,omitempty"`
	World     *WorldState    `json:"world,omitempty"`
}

// WorldState is what one code has led to.
type WorldState struct {
	Code       Key            `json:"code"`
	Scenario   string         `json:"scenario"`
	Exchanged  bool           `json:"exchanged"`
	BusinessID string         `json:"business_id"`
	Accounts   []AccountState `json:"accounts"`
	Calls      map[string]int `json:"calls"`
	Executed   map[string]int `json:"executed"`
}

// AccountState is a WhatsApp Business Account.
type AccountState struct {
	ID         string        `json:"id"`
	CreatedBy  Op            `json:"created_by,omitempty"` // OpAny: it was there from the start
	Subscribed bool          `json:"subscribed"`
	Numbers    []NumberState `json:"numbers"`
}

// NumberState is a phone number.
type NumberState struct {
	ID            string `json:"id"`
	Display       string `json:"display_phone_number"`
	Verified      bool   `json:"verified"`
	Registered    bool   `json:"registered"`
	PIN           Key    `json:"pin,omitempty"` // KeyOf the PIN
	Registrations int    `json:"registrations"` // tries in 72 hours
}

// State returns the state, without any one world's.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{Worlds: len(s.worlds), Exchanged: len(s.tokens), Entries: s.ledger.last}
	state.Calls, state.Executed = named(s.ledger.total), named(s.ledger.executed)
	for _, f := range s.faults {
		state.Faults = append(state.Faults, f.Fault)
	}
	return state
}

// World returns a code's world; ok is false when the code was never seen.
func (s *Server) World(code string) (world WorldState, ok bool) {
	return s.WorldByKey(KeyOf(code))
}

// WorldByKey is [Server.World] for who knows only the key of the code.
func (s *Server) WorldByKey(key Key) (world WorldState, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.worlds[key]
	if w == nil {
		return WorldState{}, false
	}
	now := s.options.Now()
	world = WorldState{
		Code: w.key, Scenario: w.scenario.Name, Exchanged: w.exchanged, BusinessID: idText(w.businessID(0)),
		Accounts: make([]AccountState, 0, len(w.wabas)), Calls: named(w.calls), Executed: named(w.executed),
	}
	for _, account := range w.wabas {
		world.Accounts = append(world.Accounts, w.accountState(account, now))
	}
	return world, true
}

func (w *world) accountState(account *waba, now time.Time) AccountState {
	state := AccountState{
		ID: idText(account.id), CreatedBy: account.createdBy, Subscribed: account.subscribed,
		Numbers: make([]NumberState, 0, len(account.number)),
	}
	for _, number := range account.number {
		tries := 0
		for _, at := range number.attempts {
			if now.Sub(at) < registerWindow {
				tries++
			}
		}
		state.Numbers = append(state.Numbers, NumberState{
			ID: idText(number.id), Display: w.displayNumber(number), Verified: number.verified,
			Registered: number.registered, PIN: number.pin, Registrations: tries,
		})
	}
	return state
}

func named[N uint32 | uint64](counts [opCount]N) map[string]int {
	byName := make(map[string]int)
	for op, n := range counts {
		if n > 0 {
			byName[opNames[op]] = int(n)
		}
	}
	return byName
}
