// Command auditlog writes every event into the database, once.
package main

import (
	"context"
	"os"

	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/auditlog/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(service.Main(context.Background(), "auditlog", version, app.Serve))
}
