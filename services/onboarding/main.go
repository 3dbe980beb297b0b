// Command onboarding runs every restaurant's onboarding, and is the only one that calls Meta.
package main

import (
	"context"
	"os"

	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/onboarding/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(service.Main(context.Background(), "onboarding", version, app.Serve))
}
