package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFlags(t *testing.T) {
	t.Parallel()
	o, err := parse(nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{sqlite, postgresql}, o.databases)
	require.True(t, o.lazy)
	o, err = parse([]string{"-quick", "-database", "postgresql", "-lazy=false", "-out", "-"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{postgresql}, o.databases)
	require.True(t, o.quick)
	for _, wrong := range [][]string{{"-database", "oracle"}, {"now"}, {"-profile", "x", "-waba", "y"}, {"-no-such-flag"}} {
		_, err := parse(wrong, io.Discard)
		require.Error(t, err, "%v", wrong)
	}
}

// The smallest run there is: that every measure is taken, never what it says.
func TestARunMeasuresEverything(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to build the binary with")
	}
	small := plan{
		limit: 3 * time.Minute, rounds: 2, warmUp: 2, drain: 6, drainTime: time.Minute, samples: 3, every: 10 * time.Millisecond,
		starts: 1, total: 20, fillTime: time.Minute, replays: 1, diskProbes: 3,
	}
	var progress strings.Builder
	report, err := measure(t.Context(), options{quick: true, databases: []string{sqlite}, lazy: true, dir: t.TempDir()}, small, &progress)
	require.NoError(t, err, "%s", progress.String())
	require.Len(t, report.Systems, 1)
	measured := report.Systems[0]
	require.GreaterOrEqual(t, measured.Onboardings, 20)
	require.Equal(t, 15, measured.Calls)
	for _, k := range order {
		m := measured.find(k.name)
		if (k == cpuEach || k == cpuLazy || k == resident || k == others) && m == nil {
			continue // this system does not tell
		}
		require.NotNil(t, m, k.name)
	}
	require.InDelta(t, 14, measured.find(messagesEach.name).Median, 0.5, "a secret, an input and twelve decisions")
	require.Len(t, measured.find(drainedRate.name).Rounds, 2)

	out := filepath.Join(t.TempDir(), "deep", "bench.json")
	var stdout strings.Builder
	require.NoError(t, publish(options{out: out}, report, &stdout))
	require.Contains(t, stdout.String(), "drained, 64 posters")
	body, err := os.ReadFile(out) //nolint:gosec // ours
	require.NoError(t, err)
	require.True(t, json.Valid(body))
	stdout.Reset()
	require.NoError(t, publish(options{out: "-"}, report, &stdout))
	require.JSONEq(t, string(body), stdout.String())
}

func TestAProcessThatEndsEarlySaysWhy(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	p, err := start(t.Context(), filepath.Join(t.TempDir(), "out"), sh, nil, "-c", "echo the port is busy; exit 3")
	require.NoError(t, err)
	err = p.until(t.Context(), func() (bool, error) { return false, nil })
	require.ErrorContains(t, err, "the port is busy")
	require.ErrorContains(t, err, "exit status 3")
}
