package meta

import (
	"context"
	"sync/atomic"

	"github.com/waba-platform/onboarding/pkg/event"
)

// Errand is what calls are made for. Once one of its calls was made the others are
// not held back for the sake of an even pace: half an errand is worth nothing.
type Errand struct {
	Waba       event.WabaID // for whose limit the calls count too, where it is known
	Background bool         // nobody waits for it: runs under way come first

	begun atomic.Bool
}

type errandKey struct{}

// For returns a context whose calls are made for an errand.
func For(ctx context.Context, errand *Errand) context.Context {
	return context.WithValue(ctx, errandKey{}, errand)
}

// errandOf returns what a call is made for; without a word of it, for itself.
func errandOf(ctx context.Context) *Errand {
	if errand, ok := ctx.Value(errandKey{}).(*Errand); ok {
		return errand
	}
	return &Errand{}
}
