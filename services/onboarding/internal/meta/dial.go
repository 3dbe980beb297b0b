package meta

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// errForbiddenAddress says that a name led to an address where Meta cannot be.
var errForbiddenAddress = errors.New("address is not public")

// reach says which addresses may be dialled.
type reach int

const (
	reachPublic   reach = iota // not one of the machine's or the network's own
	reachLoopback              // this machine only
	reachAnywhere              // tests
)

// reachOf returns what a host of this name may resolve to.
func reachOf(host string) reach {
	if strings.EqualFold(host, "localhost") {
		return reachLoopback
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Unmap().IsLoopback() {
		return reachLoopback
	}
	return reachPublic
}

// notPublic lists what netip's own predicates leave out.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),   // NAT64: an IPv4 address inside
	netip.MustParsePrefix("64:ff9b:1::/48"), // the same
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), // Teredo and others
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4: an IPv4 address inside
	netip.MustParsePrefix("fec0::/10"),
}

func (r reach) allows(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	switch r {
	case reachAnywhere:
		return true
	case reachLoopback:
		return addr.IsLoopback()
	case reachPublic:
	}
	return addr.IsGlobalUnicast() && !addr.IsPrivate() &&
		!slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// check refuses an address after the name was resolved, so that no answer of a
// DNS server leads inside.
func (r reach) check(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !r.allows(to.Addr()) {
		return errForbiddenAddress
	}
	return nil
}

const (
	dialTimeout = 5 * time.Second
	idleTimeout = 45 * time.Second
	idleConns   = 256
)

// newTransport returns a transport to the one host. It speaks HTTP/1.1, so that a
// stalled connection holds up one call and not all. It uses no proxy.
func newTransport(r reach, keepAlive bool) *http.Transport {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, ControlContext: r.check}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		DisableKeepAlives:      !keepAlive,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              protocols,
	}
}
