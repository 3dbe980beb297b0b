package meta_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

func TestNew(t *testing.T) {
	t.Parallel()
	good := meta.Config{Base: "https://graph.facebook.com", Version: "v22.0", AppID: appID, AppSecret: seal.NewSecret(secret)}

	t.Run("takes https anywhere and http on loopback", func(t *testing.T) {
		t.Parallel()
		for _, base := range []string{
			"https://graph.facebook.com", "https://graph.facebook.com/", "http://127.0.0.1:8081", "http://localhost:8081", "http://[::1]:1", "http://127.0.0.1:1/graph",
		} {
			config := good
			config.Base = base
			_, err := meta.New(config)
			require.NoError(t, err, base)
		}
	})

	t.Run("refuses a base that could be a trap", func(t *testing.T) {
		t.Parallel()
		for _, base := range []string{
			"", "graph.facebook.com", "//graph.facebook.com", "file:///etc/passwd", "ftp://graph.facebook.com", "https://",
			"https://graph.facebook.com@evil.example", "https://user:CANARY@graph.facebook.com", "https://graph.facebook.com?x=1",
			"https://graph.facebook.com#x", "http://graph.facebook.com", "http://169.254.169.254", "https://169.254.169.254",
			"https://10.0.0.1", "https://[::ffff:10.0.0.1]", "https://[fd00::1]", "https://100.64.0.1", "https://[64:ff9b::a00:1]",
			"http://10.0.0.1", "http://localhost.evil.example", "https://0.0.0.0", "ht tp://CANARY", "https://%zz",
		} {
			config := good
			config.Base = base
			_, err := meta.New(config)
			require.Error(t, err, base)
			require.NotContains(t, err.Error(), "CANARY")
		}
	})

	t.Run("takes another machine's simulator when told so", func(t *testing.T) {
		t.Parallel()
		config := good
		config.AllowInsecure = true
		for _, base := range []string{"http://simulator:8081", "http://10.0.0.1:8081"} {
			config.Base = base
			_, err := meta.New(config)
			require.NoError(t, err, base)
		}
		config.Base = "file:///etc/passwd"
		_, err := meta.New(config)
		require.Error(t, err)
	})

	t.Run("says everything that is missing at once", func(t *testing.T) {
		t.Parallel()
		_, err := meta.New(meta.Config{Base: "https://graph.facebook.com", Version: "22", CallTimeout: -1})
		for _, part := range []string{"version", "app id", "app secret", "call timeout"} {
			require.ErrorContains(t, err, part)
		}
	})
}
