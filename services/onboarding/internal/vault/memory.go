package vault

import (
	"sync"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A run asks for its token at every step, and the steps follow each other at once.
const (
	remembered = 15 * time.Second
	generation = 4096 // rows that are kept at least, unless there were fewer
)

// memory keeps rows with tokens, sealed as they are stored, for a short while. It is
// safe for concurrent use.
type memory struct {
	mu    sync.Mutex
	young map[event.CredentialRef]memorized
	old   map[event.CredentialRef]memorized // those of the generation before
}

type memorized struct {
	row   credentialRow
	until time.Time
}

// put keeps a row. On nil, as the other methods, it does nothing.
func (m *memory) put(row credentialRow, now time.Time) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= generation {
		m.old, m.young = m.young, make(map[event.CredentialRef]memorized)
	}
	m.young[row.Ref] = memorized{row: row, until: now.Add(remembered)}
}

// get returns a restaurant's row, if it is kept.
func (m *memory) get(ref event.CredentialRef, restaurant event.RestaurantID, now time.Time) (credentialRow, bool) {
	if m == nil {
		return credentialRow{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.young[ref]
	if !ok {
		kept, ok = m.old[ref]
	}
	if !ok || kept.row.Restaurant != restaurant || !now.Before(kept.until) {
		return credentialRow{}, false
	}
	return kept.row, true
}

// clear forgets all rows.
func (m *memory) clear() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.young, m.old = nil, nil
}

// drop forgets a row.
func (m *memory) drop(ref event.CredentialRef) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.young, ref)
	delete(m.old, ref)
}
