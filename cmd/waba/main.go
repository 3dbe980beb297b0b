// Command waba is the one binary: everything in one process for development, each
// service as a process of its own, and the tools.
package main

import (
	"context"
	"os"

	"github.com/waba-platform/onboarding/cmd/waba/internal/cli"
	"github.com/waba-platform/onboarding/pkg/service"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

func main() {
	os.Exit(run())
}

// run is main with defers that run. The first signal ends the context, so that
// what runs can finish; the second ends the process at once.
func run() int {
	ctx, stop := service.UntilSignal(context.Background())
	defer stop()
	return cli.Run(ctx, os.Args[1:], cli.Process{
		Getenv:  os.Getenv,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Version: version,
		Command: os.Args[0],
	})
}
