package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Addresses is where everything answers. It is what the ready file holds.
type Addresses struct {
	HTTP      string `json:"http"`
	Admin     string `json:"admin"`
	NATS      string `json:"nats"`
	Simulator string `json:"simulator"` // the Graph API that is used in its place, when one is
	PID       int    `json:"pid"`
}

// write puts the addresses into a file in one step: who waits for the file never
// reads half of it.
func (a Addresses) write(path string) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	_, err = file.Write(append(body, '\n'))
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("ready file: %w", err), os.Remove(file.Name()))
	}
	return nil
}

// removeReady takes away a ready file, if there is one: nothing answers there.
func removeReady(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("ready file: %w", err)
	}
	return nil
}
