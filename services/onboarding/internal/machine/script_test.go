package machine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/services/onboarding/internal/machine"
)

var update = flag.Bool("update", false, "rewrite testdata and docs/states.md")

// The files of testdata are whole onboardings. What a person writes stands at the
// beginning of a line:
//
//	# a comment
//	policy {"strategy_timeout":1000000000}      what an operator has set
//	meta discover {"found":[…]}                 what Meta answers from now on
//	meta discover 2x {"error":{…}}              what it answers before that, twice
//	wait 4m                                     time goes by
//	> RetryRequested {"reason":"…"}             somebody asks
//	> tick                                      the present wait is over
//	> tick 10x                                  ten times
//
// What the machine says is indented, and is rewritten by go test -update: each
// decision with its number and its time, where the run stands after it and what is
// to be done, and in the end the whole state.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var reached reached
	t.Run("all", func(t *testing.T) {
		t.Parallel()
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
				t.Parallel()
				want, err := os.ReadFile(file)
				require.NoError(t, err)
				got := play(t, string(want), &reached)
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
					return
				}
				require.Equal(t, string(want), got, "go test -run TestScripts -update, and read the difference")
			})
		}
	})
	t.Cleanup(func() {
		for _, rule := range machine.Rules {
			if !t.Failed() && !reached.has(rule) {
				t.Errorf("no script reaches %s: %s → %s", rule.Decision, rule.From, rule.To)
			}
		}
	})
}

// reached are the steps that scripts have taken.
type reached struct {
	mu    sync.Mutex
	steps []machine.Rule
}

func (r *reached) add(from event.Stage, decision event.Name, to event.Stage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, machine.Rule{From: from, Decision: decision, To: to})
}

// has says whether a rule was needed: a step took it that no other rule allows.
func (r *reached) has(rule machine.Rule) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.steps, func(step machine.Rule) bool {
		i := slices.IndexFunc(machine.Rules, func(r machine.Rule) bool {
			return r.Decision == step.Decision && (r.From == "" || r.From == step.From) && (r.To == step.To || r.To == "" && step.To == step.From)
		})
		return machine.Rules[i] == rule
	})
}

// play runs a script and returns it with what the machine says to it.
func play(t *testing.T, script string, reached *reached) string {
	t.Helper()
	var out bytes.Buffer
	w := newWorld(t)
	stage := w.state.Stage
	w.after = func(e event.Event) {
		data, err := json.Marshal(e)
		require.NoError(t, err)
		fmt.Fprintf(&out, "  %d  %s  %s %s\n", w.state.Sequence, elapsed(w.now), e.Name(), data)
		fmt.Fprintf(&out, "     %s, %s%s: %s\n", w.state.Stage, w.state.Status, stopped(w.state), todo(w.state.Todo))
		reached.add(stage, e.Name(), w.state.Stage)
		stage = w.state.Stage
	}
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&out, line)
		verb, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || verb == "#":
		case verb == "policy":
			require.NoError(t, json.Unmarshal([]byte(rest), &w.policy), line)
		case verb == "wait":
			d, err := time.ParseDuration(rest)
			require.NoError(t, err, line)
			w.now = w.now.Add(d)
		case verb == "meta":
			name, rest, _ := strings.Cut(rest, " ")
			effect := machine.Effect(name)
			require.Contains(t, machine.Effects, effect, line)
			if n, rest := times(rest); n > 0 {
				w.next[effect] = append(w.next[effect], slices.Repeat([]string{rest}, n)...)
			} else {
				w.always[effect] = rest
			}
		case verb == ">":
			name, rest, _ := strings.Cut(rest, " ")
			if name != "tick" {
				w.input(decode(t, name, rest))
				break
			}
			n, _ := times(rest)
			for range max(n, 1) {
				w.tick()
			}
		default:
			require.Fail(t, "not a line of a script", line)
		}
	}
	show(t, &out, w.state)
	return out.String()
}

// show writes a state, a field a line.
func show(t *testing.T, out *bytes.Buffer, state machine.State) {
	t.Helper()
	body, err := json.Marshal(state)
	require.NoError(t, err)
	fields := json.NewDecoder(bytes.NewReader(body))
	_, err = fields.Token()
	require.NoError(t, err)
	for fields.More() {
		key, err := fields.Token()
		require.NoError(t, err)
		var value json.RawMessage
		require.NoError(t, fields.Decode(&value))
		fmt.Fprintf(out, "  = %s %s\n", key, value)
	}
}

// times reads "3x " before the rest of a line.
func times(text string) (n int, rest string) {
	first, rest, _ := strings.Cut(text, " ")
	number, ok := strings.CutSuffix(first, "x")
	if n, err := strconv.Atoi(number); ok && err == nil {
		return n, rest
	}
	return 0, text
}

func elapsed(now time.Time) string { return "+" + now.Sub(noon).Round(time.Millisecond).String() }

func stopped(s machine.State) string {
	if s.RestsBefore == "" {
		return ""
	}
	return " before " + string(s.RestsBefore)
}

func todo(todo machine.Todo) string {
	switch {
	case todo.Effect != "":
		return string(todo.Effect)
	case !todo.Waits():
		return "nothing"
	case todo.Then != "":
		return fmt.Sprintf("%s at %s, then %s", todo.Tick, elapsed(todo.Until), todo.Then)
	}
	return fmt.Sprintf("%s at %s", todo.Tick, elapsed(todo.Until))
}

// decode reads the data of an input.
func decode(t *testing.T, name, data string) event.Event {
	t.Helper()
	if data == "" {
		data = "{}"
	}
	body, err := json.Marshal(event.Envelope{
		SpecVersion: "1.0", ID: "1", Type: event.Name(name).Type(), Subject: restaurant, Time: noon, Data: json.RawMessage(data),
	})
	require.NoError(t, err)
	_, e, err := event.Decode(body)
	require.NoError(t, err)
	return e
}
