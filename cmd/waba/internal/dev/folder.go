package dev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// folder is the layout of a data folder.
type folder string

func (f folder) nats() string      { return filepath.Join(string(f), "nats") }
func (f folder) simulator() string { return filepath.Join(string(f), "simulator") }
func (f folder) keys() string      { return filepath.Join(string(f), "keys") }
func (f folder) database() string  { return filepath.Join(string(f), "waba.db") }

// hasData says whether something was stored here, which keys may have sealed.
func (f folder) hasData() bool { return exists(f.nats()) || exists(f.database()) }

// exists says whether something is there. What cannot be looked at is: it is not
// made anew.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// reset removes all data and keys, and nothing that is not ours: the folder may
// be one in which a person keeps other things. The lock must be held.
func (f folder) reset() error {
	var errs []error
	for _, path := range []string{f.nats(), f.simulator(), f.keys()} {
		errs = append(errs, os.RemoveAll(path))
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(f.database() + suffix); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("reset data folder: %w", err)
	}
	return nil
}
