package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// machine is where the run takes place, and what else happens there.
type machine struct {
	mine []int // processes of the run, beside the measured one
}

// use is a span of time of the machine.
type use struct {
	m     *machine
	pids  []int
	began time.Time
	all   time.Duration
	ours  time.Duration
}

func (m *machine) begin(pid int) use {
	u := use{m: m, pids: append([]int{pid, os.Getpid()}, m.mine...), began: time.Now()}
	u.all, u.ours = u.now()
	return u
}

func (u use) now() (all, ours time.Duration) {
	all, err := cpuOfMachine()
	if err != nil {
		return -1, 0
	}
	for _, pid := range u.pids {
		if cpu, err := cpuOf(pid); err == nil {
			ours += cpu
		}
	}
	return all, ours
}

// end returns the share of the machine's CPU that went to others meanwhile: an
// honest number needs it near zero. A database server counts as another.
func (u use) end() float64 {
	all, ours := u.now()
	capacity := time.Since(u.began) * time.Duration(runtime.NumCPU())
	if all < 0 || u.all < 0 || capacity <= 0 {
		return math.NaN()
	}
	return max(0, float64((all-u.all)-(ours-u.ours))/float64(capacity))
}

// probe writes and syncs as the bus does, n times, and returns how long each took.
func probe(ctx context.Context, dir string, n int) (took []time.Duration, err error) {
	path := filepath.Join(dir, "probe")
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	block := make([]byte, 2500) // a decision
	for range n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		began := time.Now()
		if _, err := file.Write(block); err != nil {
			return nil, err
		}
		if err := file.Sync(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
