package errcode_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	const list = errcode.OpListOwned
	for _, tt := range []struct {
		name          string
		op            errcode.Operation
		status        int
		code, subcode int
		transient     bool
		want          event.Class
	}{
		{"a dead token", list, 401, 190, 463, false, event.ClassAuthExpired},
		{"a dead token with a subcode that is new", list, 400, 190, 99999, false, event.ClassAuthExpired},
		{"a missing permission", list, 403, 200, 0, false, event.ClassPermission},
		{"a permission in the middle of the family", list, 400, 273, 0, false, event.ClassPermission},
		{"just below the family", list, 400, 199, 0, false, event.ClassInvalid},
		{"just above the family", list, 400, 300, 0, false, event.ClassInvalid},
		{"the app's limit", list, 400, 4, 0, false, event.ClassRateLimit},
		{"a limit that Meta also calls transient", list, 429, 4, 2446079, true, event.ClassRateLimit},
		{"an account's limit", list, 400, 80007, 0, false, event.ClassRateLimit},
		{"the end of the limits' family", list, 400, 80014, 0, false, event.ClassRateLimit},
		{"above the limits' family", list, 400, 80015, 0, false, event.ClassInvalid},
		{"a block", list, 403, 368, 0, false, event.ClassBlocked},
		{"a parameter", list, 400, 100, 0, false, event.ClassInvalid},
		{"an object that is not there", list, 400, 100, 33, false, event.ClassNotFound},
		{"a parameter that Meta calls transient is a parameter all the same", list, 400, 100, 0, true, event.ClassInvalid},
		{"a path that does not exist", errcode.OpCreateWaba, 400, 2500, 0, false, event.ClassInvalid},
		{"an app without the capability", errcode.OpCreateWaba, 500, 3, 0, false, event.ClassPermission},
		{"a code that expired", errcode.OpExchangeCode, 400, 100, 36007, false, event.ClassAuthExpired},
		{"a code that was used", errcode.OpExchangeCode, 400, 100, 36009, false, event.ClassConflict},
		{"the app secret", errcode.OpExchangeCode, 400, 1, 0, false, event.ClassInvalid},
		{"the app secret with its subcode", errcode.OpExchangeCode, 400, 1, 33, false, event.ClassInvalid},
		{"the app secret with another subcode, called transient", errcode.OpExchangeCode, 500, 1, 7, true, event.ClassInvalid},
		{"code 1 elsewhere", list, 500, 1, 0, false, event.ClassTransient},
		{"code 1 with that subcode elsewhere", list, 400, 1, 33, false, event.ClassTransient},
		{"Meta is down", list, 503, 2, 0, true, event.ClassTransient},
		{"a token that cannot be used", list, 401, 0, 0, false, event.ClassAuthExpired},
		{"an app that has no part in the account", errcode.OpReadNumber, 403, 200, 1349175, false, event.ClassPermission},
		{"too many numbers", errcode.OpAddNumber, 403, 200, 1349175, false, event.ClassConflict},
		{"a number just deleted", errcode.OpRegisterNumber, 400, 133015, 0, false, event.ClassTransient},
		{"ten registrations", errcode.OpRegisterNumber, 400, 133016, 0, false, event.ClassRateLimit},
		{"unknown and called transient", list, 400, 999999, 0, true, event.ClassTransient},
		{"unknown with 500", list, 500, 999999, 0, false, event.ClassTransient},
		{"unknown with 429", list, 429, 999999, 0, false, event.ClassRateLimit},
		{"unknown with 401", list, 401, 999999, 0, false, event.ClassAuthExpired},
		{"unknown with 403", list, 403, 999999, 0, false, event.ClassPermission},
		{"unknown with 400", list, 400, 999999, 0, false, event.ClassInvalid},
		{"no code at all", list, 503, -1, 0, false, event.ClassTransient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, errcode.Classify(tt.op, tt.status, tt.code, tt.subcode, tt.transient))
		})
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	require.Equal(t, 5*time.Minute, errcode.MinimumWait(133015, 0))
	require.Equal(t, 5*time.Minute, errcode.MinimumWait(133009, 0))
	require.Equal(t, 5*time.Minute, errcode.MinimumWait(131057, 0))
	require.Equal(t, 5*time.Minute, errcode.MinimumWait(2494100, 0))
	require.Equal(t, 72*time.Hour, errcode.MinimumWait(133016, 0))
	require.Zero(t, errcode.MinimumWait(4, 0), "a header may say less")
	require.Equal(t, time.Hour, errcode.UsualWait(4, 2446079))
	require.Equal(t, time.Hour, errcode.UsualWait(80014, 0))
	require.Equal(t, 30*time.Minute, errcode.UsualWait(80007, 2446079))
	require.Equal(t, 30*time.Minute, errcode.UsualWait(80008, 0))
	require.Equal(t, 72*time.Hour, errcode.UsualWait(133016, 0))
	require.Zero(t, errcode.UsualWait(2, 0))
	require.Zero(t, errcode.UsualWait(190, 463))
	for _, row := range errcode.MetaErrors() {
		if row.Class == event.ClassRateLimit {
			require.Positive(t, errcode.UsualWait(row.Code, row.Subcode), "%d/%d", row.Code, row.Subcode)
		}
	}
}

func TestMetaErrors(t *testing.T) {
	t.Parallel()

	t.Run("each row says what it is, what to do and who says so", func(t *testing.T) {
		t.Parallel()
		rows := errcode.MetaErrors()
		require.NotEmpty(t, rows)
		for i, row := range rows {
			require.NotEmpty(t, row.Name, "%d/%d", row.Code, row.Subcode)
			require.NotEmpty(t, row.Class, "%d/%d", row.Code, row.Subcode)
			require.True(t, strings.HasSuffix(row.Remedy, "."), "%d/%d", row.Code, row.Subcode)
			require.True(t, row.Source == "seen" || strings.HasPrefix(row.Source, "https://"), "%d/%d", row.Code, row.Subcode)
			if i > 0 {
				require.LessOrEqual(t, rows[i-1].Code, row.Code, "they are in order")
			}
		}
	})

	t.Run("a row is found by its code, its subcode and its call", func(t *testing.T) {
		t.Parallel()
		row, ok := errcode.LookupMeta(errcode.OpListOwned, 190, 463)
		require.True(t, ok)
		require.Equal(t, "Token expired", row.Name)
		row, ok = errcode.LookupMeta(errcode.OpListOwned, 190, 1)
		require.True(t, ok)
		require.Zero(t, row.Subcode)
		row, ok = errcode.LookupMeta(errcode.OpExchangeCode, 1, 0)
		require.True(t, ok)
		require.Contains(t, row.Remedy, "FACEBOOK_APP_SECRET")
		_, ok = errcode.LookupMeta(errcode.OpListOwned, 424242, 0)
		require.False(t, ok)
	})

	t.Run("each row is met somewhere, or is about what we do not do", func(t *testing.T) {
		t.Parallel()
		require.ElementsMatch(t, constants(t, "operation.go", "Operation"), words(errcode.Operations()))
		where := func(code, subcode int) []errcode.Operation {
			for _, row := range errcode.MetaErrors() {
				if row.Code == code && row.Subcode == subcode && len(row.Only) == 0 {
					return row.Where()
				}
			}
			t.Fatalf("no row %d/%d", code, subcode)
			return nil
		}
		require.Equal(t, errcode.Operations(), where(190, 463))
		require.Equal(t, errcode.Operations(), where(80007, 2446079))
		require.Equal(t, []errcode.Operation{errcode.OpExchangeCode}, where(100, 36007))
		require.Contains(t, where(100, 33), errcode.OpListOwned)
		require.Equal(t, []errcode.Operation{errcode.OpRegisterNumber}, where(133005, 0))
		require.Empty(t, where(132001, 0), "templates")
	})

	t.Run("all that is known of Meta's errors is there, with its class", func(t *testing.T) {
		t.Parallel()
		body, err := os.ReadFile("../../../shared/meta/errors.json")
		if os.IsNotExist(err) {
			t.Skip("the collection that the table was made from is not beside the repository")
		}
		require.NoError(t, err)
		var known []struct {
			Code      int         `json:"code"`
			Subcode   *int        `json:"subcode"`
			Class     event.Class `json:"class"`
			Retryable bool        `json:"retryable"`
		}
		require.NoError(t, json.Unmarshal(body, &known))
		require.NotEmpty(t, known)
		type key struct{ code, subcode int }
		rows := map[key][]errcode.MetaError{}
		for _, row := range errcode.MetaErrors() {
			rows[key{row.Code, row.Subcode}] = append(rows[key{row.Code, row.Subcode}], row)
		}
		for _, k := range known {
			at := key{code: k.Code}
			if k.Subcode != nil {
				at.subcode = *k.Subcode
			}
			require.NotEmpty(t, rows[at], "%+v", at)
			found := false
			for _, row := range rows[at] {
				found = found || row.Class == k.Class && row.Retryable == k.Retryable
			}
			require.True(t, found, "%+v is not %s", at, k.Class)
		}
	})
}
