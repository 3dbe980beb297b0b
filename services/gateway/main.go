// Command gateway serves the HTTP API.
package main

import (
	"context"
	"os"

	"github.com/waba-platform/onboarding/pkg/service"
	"github.com/waba-platform/onboarding/services/gateway/app"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(service.Main(context.Background(), "gateway", version, app.Serve))
}
