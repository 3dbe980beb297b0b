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
// nothing that is there. The public key is made again from the keyring.
func Complete(dir string) (Files, error) {
	files := In(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Files{}, fmt.Errorf("keys: %w", err)
	}
	keyring, err := seal.LoadKeyring(files.Keyring)
	if errors.Is(err, fs.ErrNotExist) {
		keyring, err = newKeyring(files.Keyring)
	}
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

func newKeyring(path string) (*seal.Keyring, error) {
	keyring, err := seal.NewKeyring()
	if err != nil {
		return nil, err
	}
	return keyring, keyring.Save(path)
}
