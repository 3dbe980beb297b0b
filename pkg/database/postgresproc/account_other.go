//go:build !unix

package postgresproc

import (
	"errors"
	"os/exec"
)

// account is whom the server runs as. Only Unix is supported.
type account struct{}

func findAccount() (account, error) {
	return account{}, errors.New("a private PostgreSQL is started on Unix only")
}

func (account) own(string) error { return nil }

func (account) apply(*exec.Cmd) {}
