package config

import (
	"errors"
	"net"
	"strconv"
)

// Addr is where something listens or is dialled: "host:port", with an empty host
// for all interfaces and port 0 for any free port. The host may be a name, so it
// is not a [netip.AddrPort].
type Addr string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *Addr) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("port is not a number from 0 to 65535")
	}
	*a = Addr(text)
	return nil
}

// Want implements [Wanted].
func (*Addr) Want() string { return "host:port with a port from 0 to 65535" }
