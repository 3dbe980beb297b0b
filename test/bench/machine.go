package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// use is how the machine is used from a moment on.
type use struct {
	began     time.Time
	all, ours time.Duration
	err       error
}

func beginUse() use {
	u := use{began: time.Now()}
	u.all, u.ours, u.err = usedSoFar()
	return u
}

// usedSoFar returns the CPU time of the machine, and of us and our children.
func usedSoFar() (all, ours time.Duration, err error) {
	if all, err = cpuOfMachine(); err != nil {
		return 0, 0, err
	}
	ours, err = cpuOfFamily(os.Getpid())
	return all, ours, err
}

// byOthers returns the share of the machine's CPU that went to processes that are
// not of this run since the beginning. Numbers are honest when it is near zero.
func (u use) byOthers() (float64, error) {
	all, ours, err := usedSoFar()
	if err = errors.Join(u.err, err); err != nil {
		return 0, err
	}
	capacity := time.Since(u.began) * time.Duration(runtime.NumCPU())
	others := (all - u.all) - (ours - u.ours)
	return max(0, float64(others)/float64(max(capacity, 1))), nil
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
