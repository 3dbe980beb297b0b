package auth

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// OnLoopback says whether a request comes from this machine and is meant for it.
// The Host is checked too, because a page on the web can give its own name this
// machine's address; a forwarded request comes from somewhere else; and a page of
// another origin may not post here through the user's browser.
func OnLoopback(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	if !isLoopbackName(r.Host) {
		return false
	}
	return http.NewCrossOriginProtection().Check(r) == nil
}

func isLoopbackName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
