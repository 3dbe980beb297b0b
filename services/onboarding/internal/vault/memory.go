package vault

import (
	"sync"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// A run asks for its token at every step, and the steps follow each other at once.
const (
	remembered   = 15 * time.Second
	mostInMemory = 1024
)

// memory keeps rows with tokens, sealed as they are stored, for a short while. It is
// safe for concurrent use.
type memory struct {
	mu   sync.Mutex
	rows map[event.CredentialRef]memorized
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
	if len(m.rows) >= mostInMemory {
		for ref, old := range m.rows {
			if !now.Before(old.until) {
				delete(m.rows, ref)
			}
		}
	}
	if len(m.rows) >= mostInMemory || m.rows == nil {
		m.rows = make(map[event.CredentialRef]memorized)
	}
	m.rows[row.Ref] = memorized{row: row, until: now.Add(remembered)}
}

// get returns a restaurant's row, if it is kept.
func (m *memory) get(ref event.CredentialRef, restaurant event.RestaurantID, now time.Time) (credentialRow, bool) {
	if m == nil {
		return credentialRow{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.rows[ref]
	if !ok || kept.row.Restaurant != restaurant || !now.Before(kept.until) {
		return credentialRow{}, false
	}
	return kept.row, true
}

// drop forgets a row.
func (m *memory) drop(ref event.CredentialRef) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, ref)
}
