package canary

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/metasim"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/test/wabatest"
)

var (
	code      = Secret{"code", "CaNaRyCoDe7f3a9b"}
	token     = Secret{"token", "CaNaRyToKeN5e8d1c"}
	brought   = Secret{"token of a caller", "EAACaNaRyBrOuGhT2b6f4e"}
	appSecret = Secret{"app secret", "CaNaRySeCrEt9c4b7d"}
	pin       = Secret{"pin", "836519"}
	ownPin    = Secret{"pin of an owner", "917354"}
	smsCode   = Secret{"code of an SMS", "608247"}
	secrets   = []Secret{code, token, brought, appSecret, pin, ownPin, smsCode}
)

func TestTheSearchFindsASecretInEveryForm(t *testing.T) {
	t.Parallel()
	for _, s := range secrets {
		for _, hidden := range []string{
			"x" + s.Text + "y",
			hex.EncodeToString([]byte("zz" + s.Text)),
			strings.ToUpper(hex.EncodeToString([]byte(s.Text))),
			url.QueryEscape("a=" + s.Text),
			base64.StdEncoding.EncodeToString([]byte(s.Text + "tail")),
			base64.StdEncoding.EncodeToString([]byte("1" + s.Text + "tail")),
			base64.URLEncoding.EncodeToString([]byte("22" + s.Text + "tail")),
			string(wide("w"+s.Text, 0)),
			string(wide("w"+s.Text, 1)),
		} {
			require.NotEmpty(t, s.Find([]byte(hidden)), "%s in %q", s.Name, hidden)
		}
		require.Empty(t, s.Find([]byte("nothing to see: 18365190")))
	}
}

// sweep collects everything that the system has let out, and looks at it.
type sweep struct {
	t    *testing.T
	seen int
}

func (s *sweep) look(where string, body []byte) {
	s.t.Helper()
	s.seen += len(body)
	for _, secret := range secrets {
		if form := secret.Find(body); form != "" {
			s.t.Errorf("%s stands in %s (%s)", secret.Name, where, form)
		}
	}
}

func (s *sweep) folder(dir string) {
	s.t.Helper()
	require.NoError(s.t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.look("file "+strings.TrimPrefix(path, dir), body)
		return nil
	}))
}

// streams reads every message as it was written: blocks on disk are compressed.
func (s *sweep) streams(natsURL string) {
	s.t.Helper()
	conn, err := nats.Connect(natsURL, nats.CustomInboxPrefix(bus.InboxPrefix(bus.UserReader)))
	require.NoError(s.t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(s.t, err)
	for _, name := range []string{bus.Log, bus.In, bus.Timers, bus.Dead} {
		stream, err := js.Stream(s.t.Context(), name)
		require.NoError(s.t, err)
		info := stream.CachedInfo()
		for seq := info.State.FirstSeq; seq > 0 && seq <= info.State.LastSeq; seq++ {
			msg, err := stream.GetMsg(s.t.Context(), seq)
			if err != nil {
				continue // fired and gone
			}
			s.look(fmt.Sprintf("stream %s at %d", name, seq), msg.Data)
			for header, values := range msg.Header {
				s.look(fmt.Sprintf("stream %s at %d, header %s", name, seq, header), []byte(strings.Join(values, "\n")))
			}
		}
	}
}

func TestNoSecretLeavesTheProcess(t *testing.T) {
	t.Parallel()
	meta, err := metasim.New(metasim.Options{Canary: token.Text, AppSecret: appSecret.Text})
	require.NoError(t, err)
	graph := httptest.NewServer(meta)
	t.Cleanup(graph.Close)
	data := t.TempDir()
	dev := wabatest.StartDev(t, data, []string{
		"FACEBOOK_APP_ID=" + metasim.DefaultAppID, "FACEBOOK_APP_SECRET=" + appSecret.Text,
		"META_PHONE_REGISTRATION_PIN=" + pin.Text,
		"WABA_LOG_LEVEL=debug", "OTEL_TRACES_EXPORTER=console", "OTEL_BSP_SCHEDULE_DELAY=100",
	}, "--graph", graph.URL)
	s := &sweep{t: t}
	request := func(method, path string, body any) wabatest.Answer {
		answer := wabatest.Must(t, method, dev.HTTP+path, body, nil)
		var head strings.Builder
		require.NoError(t, answer.Header.Write(&head))
		s.look("answer of "+path, append([]byte(head.String()), answer.Body...))
		return answer
	}

	var restaurants []string
	for _, scenario := range []string{
		"creates-2b", "default", "all-strategies-fail", "pin-mismatch", "code-expired", "code-used", "wrong-secret",
		"foreign-app", "token-expired", "token-invalid", "exchange-unanswered", "registered-but-unanswered", "meta-garbled", "blocked",
	} {
		restaurant := uuid.NewString()
		restaurants = append(restaurants, restaurant)
		request(http.MethodPost, "/api/whatsapp/waba/complete-flow", map[string]any{
			"code": "demo-" + scenario + "-" + code.Text, "state": "dev", "restaurant_id": restaurant,
		})
	}
	// Step by step, with a handle and with a token that the caller brings.
	stepped := uuid.NewString()
	exchanged := request(http.MethodPost, "/api/whatsapp/auth/exchange-token", map[string]any{
		"code": "demo-default-steps-" + code.Text, "state": "dev", "restaurant_id": stepped,
	})
	require.True(t, strings.HasPrefix(exchanged.Text("access_token"), "wat_"), "%s", exchanged.Body)
	request(http.MethodPost, "/api/whatsapp/waba/discover-or-create", map[string]any{
		"access_token": exchanged.Text("access_token"), "restaurant_id": stepped,
	})
	withToken := uuid.NewString()
	request(http.MethodPost, "/api/whatsapp/waba/discover-or-create", map[string]any{"access_token": brought.Text, "restaurant_id": withToken})
	// What is brought for a number: a PIN, and a code that is wrong.
	unregistered, unverified := uuid.NewString(), uuid.NewString()
	request(http.MethodPost, "/api/whatsapp/waba/complete-flow", map[string]any{
		"code": "demo-pin-mismatch-owner-" + code.Text, "state": "dev", "restaurant_id": unregistered,
	})
	request(http.MethodPost, "/api/whatsapp/integrations/"+unregistered+"/phone/pin", map[string]any{"pin": ownPin.Text, "set_anew": true})
	request(http.MethodPost, "/api/whatsapp/waba/complete-flow", map[string]any{
		"code": "demo-number-unverified-" + code.Text, "state": "dev", "restaurant_id": unverified,
	})
	request(http.MethodPost, "/api/whatsapp/integrations/"+unverified+"/phone/request-code", map[string]any{})
	request(http.MethodPost, "/api/whatsapp/integrations/"+unverified+"/phone/verify-code", map[string]any{"code": smsCode.Text})
	request(http.MethodPost, "/api/whatsapp/integrations/"+unverified+"/phone/verify-code", map[string]any{"code": smsCode.Text + "7"})
	// Bad input is answered without being repeated.
	for _, bad := range []map[string]any{
		{"code": 7, "state": code.Text, "restaurant_id": brought.Text},
		{"code": strings.Repeat(code.Text, 2000), "state": "dev", "restaurant_id": uuid.NewString()},
		{"code": code.Text, "state": code.Text, "restaurant_id": uuid.NewString()},
	} {
		request(http.MethodPost, "/api/whatsapp/waba/complete-flow", bad)
	}
	for _, restaurant := range append(restaurants, stepped, withToken, unregistered, unverified) {
		request(http.MethodGet, "/api/whatsapp/integrations/"+restaurant, nil)
		request(http.MethodGet, "/api/whatsapp/integrations/"+restaurant+"/logs", nil)
	}
	request(http.MethodGet, "/api/whatsapp/integrations", nil)
	for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
		answer := wabatest.Must(t, http.MethodGet, dev.Admin+path, nil, nil)
		s.look(path, answer.Body)
	}
	require.GreaterOrEqual(t, meta.Executed(metasim.OpRegister, "demo-default-"+code.Text), 1, "the secrets were in use")
	require.Equal(t, 1, meta.Executed(metasim.OpSetPIN, "demo-pin-mismatch-owner-"+code.Text), "the PIN was")
	require.Equal(t, 1, meta.Calls(metasim.OpVerifyCode, "demo-number-unverified-"+code.Text), "and the code")
	require.Eventually(t, func() bool { return strings.Contains(dev.Output(), "meta.Register") }, wabatest.Patience, 20*time.Millisecond, "spans are printed")

	s.streams(dev.NATS)
	s.folder(data)
	dev.Kill() // what a clean end would have tidied stays
	s.folder(data)
	s.look("logs and traces", []byte(dev.Output()))
	t.Logf("%d bytes looked at", s.seen)
	require.Greater(t, s.seen, 1<<20)
}
