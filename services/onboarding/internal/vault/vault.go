// Package vault stores what must not stand in events: tokens and PINs, sealed with
// a key for each restaurant, the timed claims that stand before every call to Meta
// that cannot be undone, and whose each phone number is.
//
// Whatever is stored is bound to its restaurant, row and column: a text that was
// moved elsewhere does not open ([seal.ErrTampered]), nor does one under a key
// that is not here ([seal.ErrWrongKey]). Both are surfaced as they are. Every
// method may be called again after any error; what it does, it does once.
package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// ErrNotFound says that there is no such secret for this restaurant, or no longer.
var ErrNotFound = errors.New("no such secret for this restaurant")

// Vault stores secrets and claims. It may be used by several goroutines, and one
// database by any number of vaults with the same keys.
type Vault struct {
	db   *bun.DB
	keys *seal.Keyring
	now  func() time.Time
	kind database.Kind

	memory *memory // nil: nothing is remembered
}

// New returns a vault over a database that has been migrated.
func New(db *bun.DB, keys *seal.Keyring, now func() time.Time) *Vault {
	return &Vault{db: db, keys: keys, now: now, kind: database.KindOf(db)}
}

// Remembering makes the vault keep the rows of tokens for 15 seconds, sealed, and
// returns it. A token that another process destroys can be opened here until then; a
// run whose token was destroyed has no step left that would.
func (v *Vault) Remembering() *Vault {
	v.memory = &memory{}
	return v
}

// clock returns the time as both kinds of database keep it.
func (v *Vault) clock() time.Time { return v.now().UTC().Truncate(time.Microsecond) }

const (
	credentialsTable = "whatsapp_credentials"
	tokenColumn      = "user_access_token"
	pinColumn        = "registration_pin"
)

// credentialRow is a row with a token, or with a PIN.
type credentialRow struct {
	bun.BaseModel `bun:"table:whatsapp_credentials"`

	Ref           event.CredentialRef `bun:"credential_ref,pk"`
	Restaurant    event.RestaurantID  `bun:"restaurant_id"`
	ClaimKey      string              `bun:"claim_key,nullzero"`
	DataKey       string              `bun:"data_key"`
	Token         string              `bun:"user_access_token,nullzero"`
	TokenType     string              `bun:"token_type,nullzero"`
	TokenExpires  time.Time           `bun:"token_expires_at,nullzero"`
	UserID        event.UserID        `bun:"meta_user_id,nullzero"`
	PhoneNumberID event.PhoneNumberID `bun:"phone_number_id,nullzero"`
	Pin           string              `bun:"registration_pin,nullzero"`
	CreatedAt     time.Time           `bun:"created_at"`
	UpdatedAt     time.Time           `bun:"updated_at"`
}

// cell names a column of one row, which is what a sealed text is bound to.
func cell(column string, ref event.CredentialRef) string { return column + "/" + string(ref) }

// dataKey returns the restaurant's data key, wrapped and open: the one that it
// has, or a new one. It stores nothing. Of two that are made at once both are
// used, each in its row.
func (v *Vault) dataKey(ctx context.Context, on conn, restaurant event.RestaurantID) (string, *seal.DataKey, error) {
	var wrapped string
	err := v.one(ctx, on, selectDataKey, string(restaurant)).Scan(&wrapped)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return v.keys.NewDataKey(string(restaurant))
	case err != nil:
		return "", nil, fmt.Errorf("vault: data key of %s: %w", restaurant, err)
	}
	key, err := v.keys.OpenDataKey(string(restaurant), wrapped)
	return wrapped, key, err
}

// sealed encrypts a secret for one cell.
func (v *Vault) sealed(ctx context.Context, on conn, restaurant event.RestaurantID, column string, ref event.CredentialRef, secret seal.Secret) (wrapped, text string, err error) {
	wrapped, key, err := v.dataKey(ctx, on, restaurant)
	if err != nil {
		return "", "", err
	}
	text, err = key.Seal(credentialsTable, cell(column, ref), secret)
	return wrapped, text, err
}

// opened decrypts the text of one cell.
func (v *Vault) opened(row credentialRow, column, text string) (seal.Secret, error) {
	key, err := v.keys.OpenDataKey(string(row.Restaurant), row.DataKey)
	if err != nil {
		return seal.Secret{}, err
	}
	return key.Open(credentialsTable, cell(column, row.Ref), text)
}
