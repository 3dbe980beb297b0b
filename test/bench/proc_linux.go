package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit in which Linux counts a process's time; it is the same on
// every architecture that Go runs on.
const tick = 10 * time.Millisecond

// inMemory is statfs's word for tmpfs.
const inMemory = 0x01021994

func setParentDeath(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// stat is what /proc says of a process, as far as it is wanted here.
type stat struct {
	parent int
	cpu    time.Duration // its own, threads included
	dead   time.Duration // of children that have ended
}

func statOf(pid int) (stat, error) {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The name, in parentheses, may hold anything; what follows is fields.
	text := string(body)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	s := stat{}
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return s, err
	}
	if s.cpu, err = ticks(fields[11:13]); err != nil {
		return s, err
	}
	s.dead, err = ticks(fields[13:15])
	return s, err
}

// cpuOf returns the CPU time that a process has used, its threads included.
func cpuOf(pid int) (time.Duration, error) {
	s, err := statOf(pid)
	return s.cpu, err
}

// cpuOfFamily returns the CPU time that a process and its descendants have used.
func cpuOfFamily(pid int) (time.Duration, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	all := map[int]stat{}
	for _, entry := range entries {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			if s, err := statOf(id); err == nil { // it may have ended
				all[id] = s
			}
		}
	}
	sum := all[pid].cpu
	for id, s := range all {
		for ancestor := s.parent; ancestor != 0; ancestor = all[ancestor].parent {
			if ancestor == pid && id != pid {
				sum += s.cpu + s.dead
				break
			}
		}
	}
	return sum, nil
}

// residentOf returns how many bytes of a process are in memory.
func residentOf(pid int) (int64, error) {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(body))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm has %d fields", pid, len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// cpuOfMachine returns the CPU time that all processes together have used.
func cpuOfMachine() (time.Duration, error) {
	body, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(body), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq …
	if len(fields) < 8 {
		return 0, fmt.Errorf("/proc/stat begins with %q", line)
	}
	return ticks(append(fields[1:4:4], fields[6:8]...))
}

func ticks(fields []string) (time.Duration, error) {
	var sum time.Duration
	for _, field := range fields {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// load returns the load averages of the last 1, 5 and 15 minutes.
func load() string {
	body, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(body))[:3], " ")
}

// cpuModel returns the processor's name.
func cpuModel() string {
	body, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(body)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// isInMemory says whether a folder is on no disk.
func isInMemory(dir string) bool {
	var stat syscall.Statfs_t
	return syscall.Statfs(dir, &stat) == nil && stat.Type == inMemory
}
