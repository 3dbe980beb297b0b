package cli

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/service"
)

// addrFlag is a flag with an address.
type addrFlag config.Addr

// String implements [pflag.Value].
func (a *addrFlag) String() string { return string(*a) }

// Type implements [pflag.Value].
func (a *addrFlag) Type() string { return "host:port" }

// Set implements [pflag.Value].
func (a *addrFlag) Set(text string) error {
	var addr config.Addr
	if err := addr.UnmarshalText([]byte(text)); err != nil {
		return errors.New(addr.Want())
	}
	*a = addrFlag(addr)
	return nil
}

// listenFailure says in words why an address cannot be listened on.
func (t *terminal) listenFailure(flag string, addr config.Addr, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return t.portBusy(flag, addr, err)
	}
	return &service.ListenError{Variable: flag, Addr: addr, Err: err}
}

func (t *terminal) portBusy(flag string, addr config.Addr, cause error) error {
	host, port, err := net.SplitHostPort(string(addr))
	if err != nil {
		return cause
	}
	return &failure{
		exit: exitConflict, cause: cause,
		what: fmt.Sprintf(t.say("porta %s ocupada", "port %s is busy"), port),
		next: fmt.Sprintf(t.say("use %s %s ou encerre o outro processo", "use %s %s or stop the other process"), flag, net.JoinHostPort(host, "0")),
	}
}
