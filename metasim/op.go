package metasim

import (
	"fmt"
	"slices"
)

// Op names what a request asks of Meta. The zero Op is no operation; in a
// [Fault] or a count it means every one.
type Op uint8

// The operations, in the order in which an onboarding meets them.
const (
	OpAny Op = iota
	OpDialog
	OpDialogAnswer
	OpExchange
	OpDebugToken
	OpClientBusiness
	OpMe
	OpBusinesses
	OpOwned
	OpClient
	OpPages
	OpPage
	OpBusiness
	OpWABA
	OpPhoneNumbers
	OpPhone
	OpCreate2A
	OpCreate2B
	OpCreate2C
	OpCreate2D
	OpSubscribe
	OpSubscribedApps
	OpUnsubscribe
	OpRegister
	OpDeregister
	OpSetPIN
	OpRequestCode
	OpVerifyCode
	OpUnknownNode // an id that this token can see nothing under
	OpUnknownEdge
	OpUnknownPath
	opCount
)

var opNames = [opCount]string{
	OpAny:            "",
	OpDialog:         "dialog",
	OpDialogAnswer:   "dialog_answer",
	OpExchange:       "exchange",
	OpDebugToken:     "debug_token",
	OpClientBusiness: "client_business",
	OpMe:             "me",
	OpBusinesses:     "businesses",
	OpOwned:          "owned",
	OpClient:         "client",
	OpPages:          "pages",
	OpPage:           "page",
	OpBusiness:       "business",
	OpWABA:           "waba",
	OpPhoneNumbers:   "phone_numbers",
	OpPhone:          "phone",
	OpCreate2A:       "create_2a",
	OpCreate2B:       "create_2b",
	OpCreate2C:       "create_2c",
	OpCreate2D:       "create_2d",
	OpSubscribe:      "subscribe",
	OpSubscribedApps: "subscribed_apps",
	OpUnsubscribe:    "unsubscribe",
	OpRegister:       "register",
	OpDeregister:     "deregister",
	OpSetPIN:         "set_pin",
	OpRequestCode:    "request_code",
	OpVerifyCode:     "verify_code",
	OpUnknownNode:    "unknown_node",
	OpUnknownEdge:    "unknown_edge",
	OpUnknownPath:    "unknown_path",
}

// Ops lists every operation.
func Ops() []Op {
	all := make([]Op, 0, opCount-1)
	for op := OpAny + 1; op < opCount; op++ {
		all = append(all, op)
	}
	return all
}

// ParseOp returns the operation of that name; the empty name is [OpAny].
func ParseOp(name string) (Op, error) {
	if i := slices.Index(opNames[:], name); i >= 0 {
		return Op(i), nil
	}
	return OpAny, fmt.Errorf("metasim: no operation %q", name)
}

// String returns the operation's name.
func (op Op) String() string {
	if op < opCount {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

// MarshalText implements [encoding.TextMarshaler].
func (op Op) MarshalText() ([]byte, error) { return []byte(op.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (op *Op) UnmarshalText(text []byte) (err error) {
	*op, err = ParseOp(string(text))
	return err
}

// opSet is a set of operations; the empty set holds none.
type opSet uint64

// setOf returns the set of ops, or of every operation when there is none.
func setOf(ops []Op) opSet {
	var set opSet
	for _, op := range ops {
		if op == OpAny {
			return ^opSet(0)
		}
		set |= 1 << op
	}
	if len(ops) == 0 {
		return ^opSet(0)
	}
	return set
}

func (set opSet) has(op Op) bool { return set&(1<<op) != 0 }
