package meta

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

func TestIsObject(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, ` {"a":1} ` + "\n", `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`, `{"a":[],"b":{},"c":[[1],[2]],"d":null}`, `{"a":"a","b":"a"}`, `{"a":["a","a"],"b":"\"","c":"\\\\","d":{"a":1}}`,
	} {
		require.True(t, isObject([]byte(body)), body)
	}
	for _, body := range []string{
		``, ` `, `[]`, `1`, `"a"`, `null`, `{`, `}`, `{"a"}`, `{"a":1,}`, `{"a":1}{`, `{"a":1} x`, `{"a":1,"a":2}`, `{"a":{"b":1,"B":2}}`,
		`{"a":[{"b":1,"b":1}]}`, `{"a":{"x":[1,{"y":"}"}]},"b":"{\"a\":1","a":2}`, `{"a\"":1,"a\"":2}`, `{"s":1,"` + "\u017f" + `":2}`, `{"k":1,"` + "\u212a" + `":2}`, `{"a":1,"\u0061":2}`, "\ufeff{}",
	} {
		require.False(t, isObject([]byte(body)), body)
	}
}

// Whatever comes is an answer or an error of a class, and never a panic.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":190,"error_subcode":463,"is_transient":true,"fbtrace_id":"A"}}`, `{"data":[{"id":"880011223344556"}]}`,
		`{"data":{"app_id":1,"is_valid":true,"granular_scopes":[{"scope":"whatsapp_business_x","target_ids":[1]}]}}`,
		`{"access_token":"t","expires_in":"1"}`, `{"id":9007199254740993}`, `{"success":"true"}`, `null`, `[`, ``,
	} {
		f.Add(200, []byte(seed))
		f.Add(500, []byte(seed))
	}
	classes := map[event.Class]bool{
		event.ClassTransient: true, event.ClassRateLimit: true, event.ClassAuthExpired: true, event.ClassPermission: true,
		event.ClassBlocked: true, event.ClassInvalid: true, event.ClassConflict: true, event.ClassNotFound: true, event.ClassUnanswered: true,
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, into := range []answer{
			&tokenAnswer{}, &inspectAnswer{}, &clientBusiness{}, &page[accountRow]{}, &page[phoneRow]{}, &page[subscriber]{}, &pageOwner{}, &phoneRow{}, &created{}, &done{},
		} {
			for _, effect := range []bool{false, true} {
				r := request{op: errcode.OpCreateWaba, effect: effect}
				failure := r.read(&http.Response{StatusCode: status}, body, into)
				if failure != nil {
					require.True(t, classes[failure.Class], failure.Class)
					continue
				}
				require.True(t, json.Valid(body))
				if c, ok := into.(*created); ok {
					id := c.account(event.StrategyAccounts, "777000111222333")
					require.True(t, id == "" || event.IsMetaID(string(id)))
				}
				if i, ok := into.(*inspectAnswer); ok {
					for _, id := range i.Data.inspection().WabaIDs {
						require.True(t, event.IsMetaID(string(id)))
					}
				}
			}
		}
	})
}
