// Command auditlog writes every event into the database, once.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/auditlog/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	err := run()
	if err != nil {
		fmt.Fprint(os.Stderr, service.Report("auditlog", err))
	}
	os.Exit(service.ExitCode(err))
}

// run is main with defers that run. The first signal lets the service come to its
// end; the second ends the process at once.
func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	return app.Serve(ctx, os.Getenv, os.Stderr, version)
}
