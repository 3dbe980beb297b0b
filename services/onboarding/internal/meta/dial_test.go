package meta

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReach(t *testing.T) {
	t.Parallel()
	public := []string{"157.240.1.1", "8.8.8.8", "2a03:2880:f10d:83:face:b00c:0:25de", "::ffff:8.8.8.8"}
	inside := []string{
		"127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "100.64.0.1", "100.127.255.255", "192.0.0.170",
		"198.18.0.1", "224.0.0.1", "ff02::1", "240.0.0.1", "255.255.255.255", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
		"::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:0a00:0001::", "2001:0:4136:e378::1", "::10.0.0.1", "fec0::1",
		"fd00:ec2::254",
	}
	for _, text := range public {
		require.True(t, reachPublic.allows(netip.MustParseAddr(text)), text)
		require.False(t, reachLoopback.allows(netip.MustParseAddr(text)), text)
	}
	for _, text := range inside {
		require.False(t, reachPublic.allows(netip.MustParseAddr(text)), text)
		require.True(t, reachAnywhere.allows(netip.MustParseAddr(text)), text)
	}
	require.True(t, reachLoopback.allows(netip.MustParseAddr("127.0.0.1")))
	require.True(t, reachLoopback.allows(netip.MustParseAddr("::ffff:127.0.0.1")))

	require.Equal(t, reachLoopback, reachOf("LOCALHOST"))
	require.Equal(t, reachLoopback, reachOf("127.0.0.9"))
	require.Equal(t, reachPublic, reachOf("graph.facebook.com"))
	require.Equal(t, reachPublic, reachOf("localhost.example"))

	require.NoError(t, reachPublic.check(t.Context(), "tcp4", "8.8.8.8:443", nil))
	require.ErrorIs(t, reachPublic.check(t.Context(), "tcp4", "10.0.0.1:443", nil), errForbiddenAddress)
	require.ErrorIs(t, reachPublic.check(t.Context(), "tcp6", "[fe80::1%lo]:443", nil), errForbiddenAddress)
	require.ErrorIs(t, reachPublic.check(t.Context(), "unix", "/run/x", nil), errForbiddenAddress)
	require.ErrorIs(t, reachLoopback.check(t.Context(), "tcp4", "10.0.0.1:80", nil), errForbiddenAddress)
}
