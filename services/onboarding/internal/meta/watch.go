package meta

import (
	"context"
	"net/http"

	"github.com/waba-platform/onboarding/pkg/errcode"
)

// Answer is an answer of Meta's as it came, for who compares Meta with what is
// believed of it. It may hold secrets: a paging link has the token in it.
type Answer struct {
	Operation errcode.Operation
	Status    int
	Header    http.Header
	Body      []byte // at most one byte more than 1 MiB; less than was sent where the answer was cut
}

type watchKey struct{}

// Watched returns a context with whose calls each answer is also given to see,
// before the call returns. Nothing is given where no answer came.
func Watched(ctx context.Context, see func(Answer)) context.Context {
	return context.WithValue(ctx, watchKey{}, see)
}

func watchOf(ctx context.Context) func(Answer) {
	if see, ok := ctx.Value(watchKey{}).(func(Answer)); ok {
		return see
	}
	return func(Answer) {}
}
