package main

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantilesAreValuesThatWereMeasured(t *testing.T) {
	t.Parallel()
	values := []time.Duration{5, 1, 4, 2, 3}
	for q, want := range map[float64]float64{0: 1, 0.2: 1, 0.5: 3, 0.8: 4, 0.99: 5, 1: 5} {
		require.InDelta(t, want, quantile(values, q), 0, "%v", q)
	}
	require.InDelta(t, 2, median([]float64{1, 2, 3, 4}), 0)
	require.True(t, math.IsNaN(median([]float64{})))
	require.Equal(t, []time.Duration{5, 1, 4, 2, 3}, values, "the order is kept")
}

func TestTheMedianOfTheRoundsIsHeldAgainstTheTarget(t *testing.T) {
	t.Parallel()
	s := &System{}
	for _, rate := range []float64{100, 140, 150} {
		s.add(drainedRate, rate)
	}
	for _, cpu := range []float64{6, 8, 9} {
		s.add(cpuEach, cpu)
	}
	s.add(messagesEach, 14)
	s.add(bytesEach, math.NaN()) // not known here

	require.True(t, *s.find(drainedRate.name).Met)
	require.InDelta(t, 140, s.find(drainedRate.name).Median, 0)
	require.False(t, *s.find(cpuEach.name).Met)
	require.Nil(t, s.find(messagesEach.name).Met)
	require.Nil(t, s.find(bytesEach.name))
	require.Equal(t, "8.00 (6.00-9.00) MISSED", s.cell(cpuEach))
	require.Equal(t, "-", s.cell(bytesEach))
}

func TestTheReportIsATableAndJSON(t *testing.T) {
	t.Parallel()
	s := &System{Name: sqlite, Onboardings: 10, Calls: 16, Error: "the disk is full"}
	s.add(drainedRate, 140)
	s.add(others, 3)
	r := &Report{Commit: "abc", Dirty: true, Systems: []*System{s, {Name: postgresql}}, Notes: []string{"it rained"}}
	table := r.Table()
	for _, text := range []string{
		"abc, with changes", "drained, 64 posters", "≥ 130 1/s", "140", "NOT ALL WAS MEASURED: the disk is full", "note: it rained",
	} {
		require.Contains(t, table, text)
	}
	require.NotContains(t, table, replayRate.name, "nothing was measured of it")

	body, err := json.Marshal(r)
	require.NoError(t, err)
	var again Report
	require.NoError(t, json.Unmarshal(body, &again))
	require.Equal(t, *r, again)
}

func TestEveryMeasureStandsInTheTable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range order {
		require.False(t, seen[k.name], k.name)
		seen[k.name] = true
	}
	require.Len(t, order, 18)
}
