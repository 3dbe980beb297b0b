package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

const (
	maxKeyFile  = 1 << 20
	privateMode = 0o600
	publicMode  = 0o644
)

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // read only: nothing is lost
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	// Windows has no such bits: there the folder's rights decide.
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read or written by others (mode %04o): chmod 600 it", path, info.Mode().Perm())
	}
	return readLimited(file)
}

func readLimited(file *os.File) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxKeyFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", file.Name(), maxKeyFile)
	}
	return raw, nil
}

// createPrivate writes a new file with mode 0600, on disk when it returns. It
// fails with [fs.ErrExist] when the file is there.
func createPrivate(path string, content []byte) error {
	return create(path, content, privateMode)
}

func create(path string, content []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := fill(file, content, mode); err != nil {
		return errors.Join(err, os.Remove(path)) // half a key file is worse than none
	}
	return syncFolder(filepath.Dir(path))
}

// replacePrivate writes a file with mode 0600 in one step.
func replacePrivate(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	if err := fill(file, content, privateMode); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// fill writes, syncs and closes file. The mode is set again because the umask
// may have changed it.
func fill(file *os.File, content []byte, mode fs.FileMode) error {
	_, err := file.Write(content)
	return errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
}

// syncFolder makes a new name in a folder durable.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" { // folders cannot be opened there
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// LoadPublicKey reads a public key from a file.
func LoadPublicKey(path string) (PublicKey, error) {
	file, err := os.Open(path)
	if err != nil {
		return PublicKey{}, fmt.Errorf("seal: load public key: %w", err)
	}
	defer func() { _ = file.Close() }() // read only: nothing is lost
	raw, err := readLimited(file)
	if err != nil {
		return PublicKey{}, fmt.Errorf("seal: load public key: %w", err)
	}
	key, err := ParsePublicKey(string(raw))
	if err != nil {
		return PublicKey{}, fmt.Errorf("%w (%s)", err, path)
	}
	return key, nil
}

// Save writes the public key to a new file that anybody may read. It refuses to
// overwrite a file ([fs.ErrExist]).
func (p PublicKey) Save(path string) error {
	if err := create(path, []byte(p.String()+"\n"), publicMode); err != nil {
		return fmt.Errorf("seal: save public key: %w", err)
	}
	return nil
}
