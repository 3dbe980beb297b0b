package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/database/databasetest"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store"
	"github.com/waba-platform/onboarding/services/auditlog/internal/store/storetest"
)

var harness = databasetest.New(func(ctx context.Context, db *bun.DB) error {
	_, err := migrations.Up(ctx, db)
	return err
})

func TestStore(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, harness.SQLite)
	})
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, harness.PostgreSQL)
	})
}

// BenchmarkAppend reports rows per second at 500 rows a call, of restaurants with twelve
// decisions each.
func BenchmarkAppend(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *bun.DB{"sqlite": harness.SQLite, "postgresql": harness.PostgreSQL} {
		b.Run(name, func(b *testing.B) {
			s := store.New(open(b))
			seq := uint64(0)
			for b.Loop() {
				batch := make([]store.Entry, 500)
				for i := range batch {
					seq++
					batch[i] = storetest.Decision(storetest.Restaurant(seq/12), seq, "in_progress", "waba_discovery")
				}
				stored, err := s.Append(b.Context(), batch)
				require.NoError(b, err)
				require.EqualValues(b, 500, stored)
			}
			b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
