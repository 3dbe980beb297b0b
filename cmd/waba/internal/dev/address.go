package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
)

// BusyError says that another process listens on an address.
type BusyError struct {
	Flag string // that names another address, as in "--http"
	Addr config.Addr
}

// Error implements error.
func (e *BusyError) Error() string { return fmt.Sprintf("%s %s is in use", e.Flag, e.Addr) }

// NotLoopbackError says that an address can be reached from other machines.
// Nothing here asks who is calling, so it must not be.
type NotLoopbackError struct {
	Flag string
	Addr config.Addr
}

// Error implements error.
func (e *NotLoopbackError) Error() string {
	return fmt.Sprintf("%s %s is not on loopback", e.Flag, e.Addr)
}

// checkLoopback refuses an address that other machines can reach.
func checkLoopback(flag string, addr config.Addr) error {
	host, _, err := net.SplitHostPort(string(addr))
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if !isLoopback(host) {
		return &NotLoopbackError{Flag: flag, Addr: addr}
	}
	return nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// listen listens on loopback.
func listen(ctx context.Context, flag string, addr config.Addr) (net.Listener, error) {
	if err := checkLoopback(flag, addr); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(addr))
	if err != nil {
		return nil, busy(flag, addr, err)
	}
	return listener, nil
}

// busy turns "address in use" into a [BusyError], and anything else into a
// [service.ListenError].
func busy(flag string, addr config.Addr, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &BusyError{Flag: flag, Addr: addr}
	}
	return &service.ListenError{Variable: flag, Addr: addr, Err: err}
}

func urlOf(listener net.Listener) string { return "http://" + listener.Addr().String() }
