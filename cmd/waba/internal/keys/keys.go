// Package keys makes the set of keys that one installation needs.
package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/waba-platform/onboarding/pkg/seal"
)

// Files says where the keys of an installation are.
type Files struct {
	Keyring    string // onboarding's alone
	SealPublic string // the gateways'
	Signing    string // the gateways'
}

// In returns the names of the files in a folder.
func In(dir string) Files {
	return Files{
		Keyring:    filepath.Join(dir, "keyring.json"),
		SealPublic: filepath.Join(dir, "seal-public.key"),
		Signing:    filepath.Join(dir, "signing.key"),
	}
}

// Generate makes a new set in a folder, which is made when it is missing. When
// any of the files is there nothing is written, and the error wraps
// [fs.ErrExist]: a lost key is lost data.
func Generate(dir string) (Files, error) {
	files := In(dir)
	for _, path := range []string{files.Keyring, files.SealPublic, files.Signing} {
		if _, err := os.Lstat(path); err == nil {
			return Files{}, fmt.Errorf("generate keys: %s: %w", path, fs.ErrExist)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Files{}, fmt.Errorf("generate keys: %w", err)
		}
	}
	return Complete(dir)
}

// Complete makes what is missing of a set, which may be all of it, and changes
// nothing that is there. The public key is made again from the keyring, never the
// other way: a public key without its keyring, or with another one, is an
// [UnpairedError], and a file that cannot be used a [BrokenError].
func Complete(dir string) (Files, error) {
	files := In(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Files{}, fmt.Errorf("keys: %w", err)
	}
	keyring, err := files.pair()
	if err != nil {
		return Files{}, err
	}
	if err := keyring.PublicKey().Save(files.SealPublic); err != nil && !errors.Is(err, fs.ErrExist) {
		return Files{}, err
	}
	if err := seal.NewSigningKey().Save(files.Signing); err != nil && !errors.Is(err, fs.ErrExist) {
		return Files{}, err
	}
	return files, nil
}

// pair returns the keyring, a new one where there is neither it nor a public key.
func (f Files) pair() (*seal.Keyring, error) {
	public, err := seal.LoadPublicKey(f.SealPublic)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &BrokenError{Path: f.SealPublic, Err: err}
	}
	keyring, err := seal.LoadKeyring(f.Keyring)
	switch {
	case errors.Is(err, fs.ErrNotExist) && public.IsZero():
		return newKeyring(f.Keyring)
	case errors.Is(err, fs.ErrNotExist):
		return nil, &UnpairedError{Files: f, Lost: true}
	case err != nil:
		return nil, &BrokenError{Path: f.Keyring, Err: err}
	case !public.IsZero() && !keyring.Opens(public):
		return nil, &UnpairedError{Files: f}
	}
	return keyring, nil
}

func newKeyring(path string) (*seal.Keyring, error) {
	keyring, err := seal.NewKeyring()
	if err != nil {
		return nil, err
	}
	return keyring, keyring.Save(path)
}

// UnpairedError says that what was sealed cannot be opened: the keyring is lost, or
// is not that of the public key.
type UnpairedError struct {
	Files
	Lost bool // there is no keyring
}

// Error implements error.
func (e *UnpairedError) Error() string {
	if e.Lost {
		return e.Keyring + " is missing, and without it nothing that was sealed can be opened"
	}
	return e.Keyring + " does not open what is sealed with " + e.SealPublic
}

// BrokenError says that a file of keys cannot be used.
type BrokenError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *BrokenError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *BrokenError) Unwrap() error { return e.Err }
