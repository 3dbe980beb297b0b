package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a child of ours. What it says goes to a file.
type process struct {
	cmd    *exec.Cmd
	output string
	ended  chan struct{}
	err    error // after ended
}

// stopWithin is how long a child may take to end when it is asked to.
const stopWithin = 15 * time.Second

// start starts a program with our environment and some variables more. It lives
// until stop, whatever becomes of ctx; if we are killed, so is it.
func start(ctx context.Context, output, program string, environment []string, args ...string) (*process, error) {
	file, err := os.OpenFile(output, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout, cmd.Stderr = file, file
	setParentDeath(cmd)
	err = errors.Join(cmd.Start(), file.Close())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p := &process{cmd: cmd, output: output, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = cmd.Wait()
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop asks the process to end, and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return p.died()
	}
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end within %s of being asked to", p.cmd.Path, stopWithin)
	}
	return nil
}

// died says what a process that ended by itself said last.
func (p *process) died() error {
	<-p.ended
	return fmt.Errorf("%s has ended: %w\n%s", p.cmd.Path, p.err, p.tail())
}

func (p *process) tail() string {
	file, err := os.Open(p.output)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// until tries every few milliseconds until it succeeds, the process ends, or ctx does.
func (p *process) until(ctx context.Context, try func() (bool, error)) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		if done, err := try(); done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-p.ended:
			return p.died()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
