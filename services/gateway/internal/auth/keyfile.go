package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// keyFile is the JSON of the key file.
type keyFile struct {
	Keys []Key `json:"keys"`
}

// ErrNoKey says that a key file has no such key.
var ErrNoKey = errors.New("key file: no such key")

// AddKey adds a key to a key file, which is made when it is missing. The file is
// replaced in one step.
func AddKey(path string, key Key) error {
	file, err := readKeyFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file.Keys = append(file.Keys, key)
	return file.write(path)
}

// ListKeys returns the keys of a key file, in its order.
func ListKeys(path string) ([]Key, error) {
	file, err := readKeyFile(path)
	return file.Keys, err
}

// RemoveKey takes a key out of a key file: from the next second on it lets nobody
// in. The error is [ErrNoKey] when there is no key with that id.
func RemoveKey(path, id string) error {
	file, err := readKeyFile(path)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(file.Keys), func(k Key) bool { return k.ID == id })
	if len(kept) == len(file.Keys) {
		return ErrNoKey
	}
	return keyFile{Keys: kept}.write(path)
}

// keyFileMode lets everybody on the machine read the file: the gateway often runs
// as another user than who makes the keys, as in a container, which sees the file
// with the owner and mode that it has outside. All that is to be read there are
// hashes of secrets of 256 random bits, which nobody guesses. Only the owner may
// write: who writes makes keys.
const keyFileMode fs.FileMode = 0o644

// write checks the keys and replaces the file with them in one step.
func (f keyFile) write(path string) error {
	if _, err := index(f); err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	body, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".api-keys-*")
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	_, err = temp.Write(append(body, '\n'))
	if err := errors.Join(err, temp.Chmod(keyFileMode), temp.Sync(), temp.Close()); err != nil {
		return errors.Join(fmt.Errorf("key file: %w", err), os.Remove(temp.Name()))
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return errors.Join(fmt.Errorf("key file: %w", err), os.Remove(temp.Name()))
	}
	return nil
}

func readKeyFile(path string) (keyFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return keyFile{}, fmt.Errorf("key file: %w", err)
	}
	if info.Size() > maxKeyFile {
		return keyFile{}, fmt.Errorf("key file: larger than %d bytes", maxKeyFile)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return keyFile{}, fmt.Errorf("key file: %w", err)
	}
	var file keyFile
	if err := json.Unmarshal(body, &file); err != nil {
		return keyFile{}, errors.New(`key file: not JSON of the form {"keys":[…]}`) // err may quote the file
	}
	return file, nil
}
