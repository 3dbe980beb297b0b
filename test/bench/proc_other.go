//go:build !linux

package main

import (
	"errors"
	"os/exec"
	"time"
)

// errNoProc says that this system does not tell what is asked.
var errNoProc = errors.New("measured on Linux only")

func setParentDeath(*exec.Cmd)               {}
func cpuOf(int) (time.Duration, error)       { return 0, errNoProc }
func cpuOfFamily(int) (time.Duration, error) { return 0, errNoProc }
func residentOf(int) (int64, error)          { return 0, errNoProc }
func cpuOfMachine() (time.Duration, error)   { return 0, errNoProc }
func load() string                           { return "unknown" }
func cpuModel() string                       { return "unknown" }
func isInMemory(string) bool                 { return false }
