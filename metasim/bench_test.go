package metasim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
)

// BenchmarkOnboarding is what the simulator does for one restaurant whose account
// is made by 2B, without the network.
func BenchmarkOnboarding(b *testing.B) {
	for name, dir := range map[string]string{"memory": "", "journal": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			s, err := metasim.New(metasim.Options{Dir: dir})
			require.NoError(b, err)
			defer s.Close()
			requests := 0
			call := func(method, path, token string, body any) map[string]any {
				requests++
				var text []byte
				if body != nil {
					text, _ = json.Marshal(body)
				}
				r := httptest.NewRequestWithContext(b.Context(), method, "/v22.0"+path, bytes.NewReader(text))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				var answer map[string]any
				_ = json.Unmarshal(w.Body.Bytes(), &answer)
				return answer
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				code := "demo-creates-2b-" + name + strconv.Itoa(i)
				ids := metasim.IDs(code)
				form := exchangeForm(code)
				token, ok := call(http.MethodGet, "/oauth/access_token?"+form.Encode(), "", nil)["access_token"].(string)
				if !ok {
					b.Fatal("no token")
				}
				call(http.MethodGet, "/debug_token?input_token="+token, appToken, nil)
				call(http.MethodGet, "/me?fields=client_business_id", token, nil)
				call(http.MethodGet, "/"+ids.Business+"/owned_whatsapp_business_accounts?fields=id,name", token, nil)
				call(http.MethodGet, "/"+ids.Business+"/client_whatsapp_business_accounts?fields=id,name", token, nil)
				call(http.MethodGet, "/me/accounts?fields=id,name", token, nil)
				for _, c := range creations(ids.Business)[:2] {
					call(http.MethodPost, c.path, token, c.body)
				}
				call(http.MethodGet, "/"+ids.Business+"/owned_whatsapp_business_accounts?fields=id,name", token, nil)
				call(http.MethodPost, "/"+ids.WABA+"/subscribed_apps", token, nil)
				call(http.MethodGet, "/"+ids.WABA+"/phone_numbers"+numberFields, token, nil)
				call(http.MethodPost, "/"+ids.Phone+"/register", token, pin("123456"))
				call(http.MethodGet, "/"+ids.Phone+numberFields, token, nil)
				call(http.MethodGet, "/"+ids.WABA+"/subscribed_apps", token, nil)
			}
			b.ReportMetric(float64(requests)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
