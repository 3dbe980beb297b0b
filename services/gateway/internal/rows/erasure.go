package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Erased returns when a request for deletion was carried out; zero: it was not yet.
func (r *Reader) Erased(ctx context.Context, id event.Hash) (done time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	err = r.DB.NewSelect().Table("onboarding_erasures").Column("done_at").Where("erasure_id = ?", id).Scan(ctx, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("request for deletion %s: %w", id, err)
	}
	return done.UTC(), nil
}
