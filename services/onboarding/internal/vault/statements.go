package vault

import (
	"context"
	"database/sql"
	"errors"

	"github.com/waba-platform/onboarding/pkg/database"
)

// What every run executes. What is rare is bun's.
var (
	insertClaim = database.NewStatement(`INSERT INTO onboarding_claims (claim_key, restaurant_id, claimed_at, expires_at)
		VALUES (?, ?, ?, ?) ON CONFLICT (claim_key) DO NOTHING`)

	selectClaim = database.NewStatement(`SELECT expires_at FROM onboarding_claims WHERE claim_key = ?`)

	takeClaim = database.NewStatement(`UPDATE onboarding_claims SET claimed_at = ?, expires_at = ?
		WHERE claim_key = ? AND expires_at <= ?`)

	insertOwner = database.NewStatement(`INSERT INTO onboarding_phone_owners (phone_number_id, restaurant_id, run_started_at)
		VALUES (?, ?, ?) ON CONFLICT (phone_number_id) DO UPDATE SET run_started_at = excluded.run_started_at
		WHERE onboarding_phone_owners.restaurant_id = excluded.restaurant_id
		AND onboarding_phone_owners.run_started_at < excluded.run_started_at`)

	selectOwner = database.NewStatement(`SELECT restaurant_id, run_started_at FROM onboarding_phone_owners WHERE phone_number_id = ?`)

	keepOwner = database.NewStatement(`UPDATE onboarding_phone_owners SET ready_at = COALESCE(ready_at, ?)
		WHERE phone_number_id = ? AND restaurant_id = ?`)

	countOthers = database.NewStatement(`SELECT COUNT(*) FROM onboarding_phone_owners WHERE phone_number_id = ? AND restaurant_id <> ?`)

	countNumbers = database.NewStatement(`SELECT COUNT(*) FROM onboarding_phone_owners WHERE restaurant_id = ?`)

	deleteOtherNumbers = database.NewStatement(`DELETE FROM onboarding_phone_owners
		WHERE restaurant_id = ? AND phone_number_id <> ? AND run_started_at <= ?`)

	deleteUnusedNumbers = database.NewStatement(`DELETE FROM onboarding_phone_owners
		WHERE restaurant_id = ? AND run_started_at <= ? AND ready_at IS NULL`)

	deleteNumbers = database.NewStatement(`DELETE FROM onboarding_phone_owners WHERE restaurant_id = ? AND run_started_at <= ?`)

	insertCredential = database.NewStatement(`INSERT INTO whatsapp_credentials
		(credential_ref, restaurant_id, claim_key, data_key, user_access_token, token_type, token_expires_at, meta_user_id,
		 phone_number_id, registration_pin, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)

	updatePin = database.NewStatement(`UPDATE whatsapp_credentials SET data_key = ?, registration_pin = ?, updated_at = ?
		WHERE credential_ref = ? AND restaurant_id = ?`)

	selectCredential = database.NewStatement(selectRow + ` WHERE credential_ref = ? AND restaurant_id = ?`)

	selectByClaim = database.NewStatement(selectRow + ` WHERE claim_key = ? AND user_access_token IS NOT NULL`)

	selectDataKey = database.NewStatement(`SELECT data_key FROM whatsapp_credentials
		WHERE restaurant_id = ? AND data_key <> '' ORDER BY created_at DESC LIMIT 1`)

	updateReflection = database.NewStatement(`UPDATE whatsapp_credentials SET updated_at = ?,
		business_id = COALESCE(?, business_id), waba_id = COALESCE(?, waba_id),
		phone_number_id = COALESCE(?, phone_number_id), creation_strategy = COALESCE(?, creation_strategy),
		polling_status = COALESCE(?, polling_status), discovery_attempts = COALESCE(?, discovery_attempts)
		WHERE credential_ref = ? AND restaurant_id = ?`)
)

const selectRow = `SELECT credential_ref, restaurant_id, COALESCE(claim_key, ''), data_key,
	COALESCE(user_access_token, ''), COALESCE(token_type, ''), token_expires_at, COALESCE(meta_user_id, ''),
	COALESCE(phone_number_id, ''), COALESCE(registration_pin, '') FROM whatsapp_credentials`

// conn is database/sql's database, or a transaction on it.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// change executes a statement and says whether it changed a row.
func (v *Vault) change(ctx context.Context, on conn, statement database.Statement, args ...any) (bool, error) {
	result, err := on.ExecContext(ctx, statement.For(v.kind), args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// one reads the one row that a statement finds.
func (v *Vault) one(ctx context.Context, on conn, statement database.Statement, args ...any) *sql.Row {
	return on.QueryRowContext(ctx, statement.For(v.kind), args...)
}

// oneCredential reads the one credential that a statement finds; [ErrNotFound] when
// there is none.
func (v *Vault) oneCredential(ctx context.Context, on conn, statement database.Statement, args ...any) (row credentialRow, err error) {
	var expires sql.NullTime
	err = v.one(ctx, on, statement, args...).Scan(&row.Ref, &row.Restaurant, &row.ClaimKey, &row.DataKey,
		&row.Token, &row.TokenType, &expires, &row.UserID, &row.PhoneNumberID, &row.Pin)
	if errors.Is(err, sql.ErrNoRows) {
		return credentialRow{}, ErrNotFound
	}
	row.TokenExpires = utc(expires.Time)
	return row, err
}

// store inserts a credential and says whether it was not there yet.
func (v *Vault) store(ctx context.Context, on conn, row credentialRow) (bool, error) {
	expires := sql.NullTime{Time: row.TokenExpires, Valid: !row.TokenExpires.IsZero()}
	return v.change(ctx, on, insertCredential, string(row.Ref), string(row.Restaurant), null(row.ClaimKey), row.DataKey,
		null(row.Token), null(row.TokenType), expires, null(row.UserID), null(row.PhoneNumberID), null(row.Pin),
		row.CreatedAt, row.UpdatedAt)
}

// null returns NULL for what is empty.
func null[T ~string](text T) any {
	if text == "" {
		return nil
	}
	return string(text)
}
