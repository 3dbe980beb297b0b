package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// profiler is added to the measured binary when profiles are asked for, and to no
// other: the product has no such port.
//
//go:embed testdata/profiler.go.txt
var profiler []byte

// profilerAddress is the variable in which the profiler finds where to listen.
const profilerAddress = "WABA_BENCH_PPROF"

// root returns the root of the repository that we stand in.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run it inside the repository")
		}
	}
}

// build builds the binary of the repository into a folder.
func build(ctx context.Context, root, into string, profiled bool) (string, error) {
	binary := filepath.Join(into, "waba")
	args := []string{"build", "-buildvcs=false", "-o", binary}
	if profiled {
		overlay, err := overlay(root, into)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/waba")...)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, said)
	}
	return binary, nil
}

// overlay makes the file that lets the go command see one more file in cmd/waba.
func overlay(root, into string) (string, error) {
	source := filepath.Join(into, "profiler.go")
	if err := os.WriteFile(source, profiler, 0o600); err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(root, "cmd", "waba", "zz_profiler.go"): source},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(into, "overlay.json")
	return path, os.WriteFile(path, body, 0o600)
}

// revision returns the commit that is measured, and whether files differ from it.
func revision(ctx context.Context, root string) (commit string, dirty bool) {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
		said, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(said))
	}
	return git("rev-parse", "--short=12", "HEAD"), git("status", "--porcelain", "--", "*.go", "*.mod", "*.sql") != ""
}
