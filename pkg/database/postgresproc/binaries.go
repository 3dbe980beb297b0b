package postgresproc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrNotInstalled means that this machine has no PostgreSQL server programs.
var ErrNotInstalled = errors.New("no PostgreSQL server on this machine (looked for initdb and postgres in PATH and in the usual folders)")

// places are where packages put the server's programs, which are seldom in PATH. The
// star is the version.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
}

// Find returns the folder that holds initdb and postgres: the one in PATH, else the
// newest in the usual places, else [ErrNotInstalled].
func Find() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	var found []string
	for _, place := range places {
		matches, err := filepath.Glob(place)
		if err != nil {
			return "", err
		}
		found = append(found, slices.DeleteFunc(matches, func(dir string) bool { return !complete(dir) })...)
	}
	if len(found) == 0 {
		return "", ErrNotInstalled
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// version reads the number in a folder's name, 0 when there is none.
func version(dir string) int {
	name := filepath.Base(filepath.Dir(dir))
	digits := slices.DeleteFunc([]rune(name), func(r rune) bool { return r < '0' || r > '9' })
	number, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0
	}
	return number
}
