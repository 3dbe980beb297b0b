// Command bench measures the real binary on this machine: `waba dev` as one
// process, the simulator as another, this program as the callers. Numbers of one
// run compare with each other; those of different days or machines do not.
//
// The job is always the same: a code whose discovery finds nothing, 2A refused, 2B
// makes an account that the first look finds, a number to register.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick     bool
	databases []string
	lazy      bool
	out       string
	dir       string
	binary    string
	profile   string
}

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	databases := "sqlite,postgresql"
	flags.BoolVar(&o.quick, "quick", false, "one small round of each measure: about a minute")
	flags.StringVar(&databases, "database", databases, "which databases, in order")
	flags.BoolVar(&o.lazy, "lazy", true, "measure the bus without sync always too")
	flags.StringVar(&o.out, "out", "test/out/bench.json", "where the numbers go as JSON; - is standard output, without the table")
	flags.StringVar(&o.dir, "dir", "", "folder for the data, on the disk that is to be measured (default: the system's temporary folder)")
	flags.StringVar(&o.binary, "waba", "", "measure this binary (default: one that is built from this tree)")
	flags.StringVar(&o.profile, "profile", "", "write CPU and memory profiles of the drained rounds into this folder; they cost a little themselves")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for name := range strings.SplitSeq(databases, ",") {
		if name != sqlite && name != postgresql {
			return o, fmt.Errorf("unknown database %q: %s or %s", name, sqlite, postgresql)
		}
		o.databases = append(o.databases, name)
	}
	if o.profile != "" && o.binary != "" {
		return o, errors.New("-profile needs a binary of its own: leave -waba out")
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	plan := full
	if o.quick {
		plan = quick
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	report, err := measure(ctx, o, plan, stderr)
	// What was measured before an error is worth having.
	return errors.Join(err, publish(o, report, stdout))
}

// publish writes the report as a table and as JSON.
func publish(o options, report *Report, stdout io.Writer) error {
	if report == nil {
		return nil
	}
	body, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	body = append(body, '\n')
	if o.out == "-" {
		_, err := stdout.Write(body)
		return err
	}
	if _, err := io.WriteString(stdout, report.Table()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil { //nolint:gosec // nothing secret
		return err
	}
	if err := os.WriteFile(o.out, body, 0o644); err != nil { //nolint:gosec // nothing secret
		return err
	}
	_, err = fmt.Fprintf(stdout, "\n%s\n", o.out)
	return err
}
