package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/fault"
)

func TestAnErrorSaysWhatBecomesOfTheMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     error
		verdict fault.Verdict
		after   time.Duration
	}{
		{"no error is done", nil, fault.Ack, 0},
		{"an unknown error is tried again", errors.New("disk"), fault.Retry, 0},
		{"later waits as long as it says", fmt.Errorf("head: %w", &fault.Later{After: time.Second, Reason: "ahead"}), fault.Retry, time.Second},
		{"permanent is never tried again", fmt.Errorf("decode: %w", &fault.Permanent{Reason: "malformed", Err: errors.New("x")}), fault.Term, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verdict, after := fault.Settle(tt.err)
			require.Equal(t, tt.verdict, verdict)
			require.Equal(t, tt.after, after)
		})
	}
}
