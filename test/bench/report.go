package main

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run has found. It is the JSON that it writes.
type Report struct {
	Commit   string    `json:"commit"`
	Dirty    bool      `json:"dirty"` // files differ from the commit
	Quick    bool      `json:"quick"`
	Profiled bool      `json:"profiled,omitempty"` // the numbers pay for it
	Date     time.Time `json:"date"`
	Took     string    `json:"took"`
	Machine  Machine   `json:"machine"`
	Systems  []*System `json:"systems"`
	Notes    []string  `json:"notes,omitempty"`
}

// Machine is where the run took place.
type Machine struct {
	Go         string  `json:"go"`
	System     string  `json:"system"`
	CPU        string  `json:"cpu"`
	CPUs       int     `json:"cpus"`
	LoadBefore string  `json:"load_before"`
	LoadAfter  string  `json:"load_after"`
	SyncP50    float64 `json:"sync_p50_ms"` // of writing and syncing a decision, before the run
	SyncP99    float64 `json:"sync_p99_ms"`
	InMemory   bool    `json:"data_in_memory,omitempty"`
}

// System is one way of running the product.
type System struct {
	Name        string     `json:"name"`
	Onboardings int        `json:"onboardings"` // all together
	Calls       int        `json:"calls"`       // at Meta, for each
	Measures    []*Measure `json:"measures"`
	Error       string     `json:"error,omitempty"` // why there are no more
}

// Measure is one number: a value a round, of which the median counts.
type Measure struct {
	Name    string    `json:"name"`
	Unit    string    `json:"unit"`
	Rounds  []float64 `json:"rounds"`
	Median  float64   `json:"median"`
	Target  *float64  `json:"target,omitempty"`
	AtLeast bool      `json:"at_least,omitempty"` // the target is a least and not a most
	Met     *bool     `json:"met,omitempty"`
}

// The measures, in the order of the table.
var (
	drainedRate  = kind{name: "drained, 64 posters", unit: "1/s", target: 130, atLeast: true}
	drainedLazy  = kind{name: "drained, 64 posters, lazy sync", unit: "1/s", target: 400, atLeast: true}
	readyP50     = kind{name: "ready over Meta's answers, p50", unit: "ms", target: 15}
	readyP99     = kind{name: "ready over Meta's answers, p99", unit: "ms", target: 40}
	auditP50     = kind{name: "audit row after WabaReady, p50", unit: "ms"}
	auditP99     = kind{name: "audit row after WabaReady, p99", unit: "ms", target: 60}
	takenP50     = kind{name: "durable 202, p50", unit: "ms"}
	takenP99     = kind{name: "durable 202, p99", unit: "ms", target: 10}
	bareP50      = kind{name: "Meta's answers alone, p50", unit: "ms"}
	cpuEach      = kind{name: "CPU of waba per onboarding", unit: "ms", target: 7}
	cpuLazy      = kind{name: "CPU of waba per onboarding, lazy sync", unit: "ms"}
	messagesEach = kind{name: "messages per onboarding", unit: ""}
	bytesEach    = kind{name: "bytes on disk per onboarding", unit: "kB", target: 20}
	bytesStreams = kind{name: "of these, streams", unit: "kB"}
	replayRate   = kind{name: "replay, decoded", unit: "1/s", target: 100_000, atLeast: true}
	startTime    = kind{name: "start to first accepted POST", unit: "ms", target: 300}
	resident     = kind{name: "memory after all onboardings", unit: "MB", target: 300}
	others       = kind{name: "CPU that others used meanwhile", unit: "%"}
)

// kind says what a measure is.
type kind struct {
	name, unit string
	target     float64 // 0: none
	atLeast    bool
}

// add adds a round's value to a measure of the system.
func (s *System) add(k kind, value float64) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	m := s.find(k.name)
	if m == nil {
		m = &Measure{Name: k.name, Unit: k.unit, AtLeast: k.atLeast}
		if k.target != 0 {
			m.Target = &k.target
		}
		s.Measures = append(s.Measures, m)
	}
	m.Rounds = append(m.Rounds, value)
	m.Median = median(m.Rounds)
	if m.Target != nil {
		met := m.Median <= *m.Target
		if m.AtLeast {
			met = m.Median >= *m.Target
		}
		m.Met = &met
	}
}

func (s *System) find(name string) *Measure {
	for _, m := range s.Measures {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// Table returns the report for people.
func (r *Report) Table() string {
	var out strings.Builder
	dirty := ""
	if r.Dirty {
		dirty = ", with changes"
	}
	fmt.Fprintf(&out, "%s%s, %s, %s; %d × %s; %s\n", r.Commit, dirty, r.Machine.Go, r.Machine.System,
		r.Machine.CPUs, r.Machine.CPU, r.Date.Format(time.RFC3339))
	fmt.Fprintf(&out, "load %s before, %s after; a synced write takes %s ms (p50), %s ms (p99)\n\n",
		r.Machine.LoadBefore, r.Machine.LoadAfter, number(r.Machine.SyncP50), number(r.Machine.SyncP99))

	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(w, "medians of rounds\ttarget") // a strings.Builder takes everything
	for _, s := range r.Systems {
		_, _ = fmt.Fprintf(w, "\t%s", s.Name)
	}
	_, _ = fmt.Fprintln(w)
	for _, k := range order {
		if !r.has(k) {
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%s", k.name, k.goal())
		for _, s := range r.Systems {
			_, _ = fmt.Fprintf(w, "\t%s", s.cell(k))
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush()
	for _, s := range r.Systems {
		fmt.Fprintf(&out, "\n%s: %d onboardings, %d calls each", s.Name, s.Onboardings, s.Calls)
		if s.Error != "" {
			fmt.Fprintf(&out, "\n  NOT ALL WAS MEASURED: %s", s.Error)
		}
	}
	fmt.Fprintf(&out, "\nthe run took %s\n", r.Took)
	for _, note := range r.Notes {
		fmt.Fprintf(&out, "note: %s\n", note)
	}
	return out.String()
}

var order = []kind{
	drainedRate, drainedLazy, readyP50, readyP99, auditP50, auditP99, takenP50, takenP99, bareP50, cpuEach, cpuLazy,
	messagesEach, bytesEach, bytesStreams, replayRate, startTime, resident, others,
}

func (r *Report) has(k kind) bool {
	for _, s := range r.Systems {
		if s.find(k.name) != nil {
			return true
		}
	}
	return false
}

func (k kind) goal() string {
	switch {
	case k.target == 0:
		return ""
	case k.atLeast:
		return "≥ " + number(k.target) + " " + k.unit
	}
	return "≤ " + number(k.target) + " " + k.unit
}

// cell is a median, its spread over the rounds, and a mark where a target is missed.
func (s *System) cell(k kind) string {
	m := s.find(k.name)
	if m == nil {
		return "-"
	}
	text := number(m.Median)
	if len(m.Rounds) > 1 {
		text += fmt.Sprintf(" (%s-%s)", number(quantile(m.Rounds, 0)), number(quantile(m.Rounds, 1)))
	}
	if m.Met != nil && !*m.Met {
		text += " MISSED"
	}
	return text
}

// number writes three digits, or all before the point.
func number(v float64) string {
	switch {
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
