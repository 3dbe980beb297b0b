package main

import (
	"math"
	"slices"
	"time"
)

// quantile returns the nearest-rank quantile of values, 0 <= q <= 1; NaN when there
// are none.
func quantile[T ~int64 | ~float64](values []T, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[max(rank, 0)])
}

func median[T ~int64 | ~float64](values []T) float64 { return quantile(values, 0.5) }

func milliseconds(d float64) float64 { return d / float64(time.Millisecond) }
