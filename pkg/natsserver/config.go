package natsserver

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/waba-platform/onboarding/pkg/bus"
)

// configHead is the part of the configuration that is the same for all users.
const configHead = `# NATS server for production and for docker compose. Generated from pkg/bus/rights.go:
#   go test ./pkg/natsserver -run Configuration -update
#
# Each service has a user of its own with the least rights. Their passwords come
# from the environment: begin them with a letter, and use letters and digits only,
# as the server reads a value as if it stood here. Without them it does not start.
# There is no user for connections without a password.
#
# One server as it stands. For three, give each a server_name and a cluster block
# with routes to the others, and set WABA_STREAM_REPLICAS=3 for "waba migrate".
# Between machines, add a tls block.

server_name: waba
listen: "0.0.0.0:4222"
http: "127.0.0.1:8222"   # health for this machine only: it asks for no password
max_payload: 4MB   # a webhook of Meta has up to 3 MB
lame_duck_duration: 30s

jetstream {
  store_dir: /data
  # Without this an acknowledged message is lost in a power cut: the default is to
  # sync every two minutes.
  sync_interval: always
}

accounts {
  # Reads the server's settings for "waba migrate"; sees no message.
  SYS {
    users: [{ user: sys, password: $NATS_SYS_PASSWORD }]
  }
  WABA {
    jetstream: enabled
    users: [
`

// Config returns the configuration file of a server for these users. The password
// of a user comes from the environment, from NATS_<USER>_PASSWORD.
func Config(users []bus.User) []byte {
	var b bytes.Buffer
	b.WriteString(configHead)
	for _, user := range users {
		b.WriteString("      # " + user.For + "\n")
		b.WriteString("      {\n        user: " + user.Name + "\n        password: $" + PasswordVariable(user.Name) + "\n        permissions {\n")
		b.WriteString("          publish {\n")
		list(&b, "allow", user.Publish)
		list(&b, "deny", user.Deny)
		b.WriteString("          }\n          subscribe {\n")
		list(&b, "allow", user.Subscribe)
		b.WriteString("          }\n        }\n      }\n")
	}
	b.WriteString("    ]\n  }\n}\nsystem_account: SYS\n")
	return b.Bytes()
}

// PasswordVariable names the environment variable of a user's password.
func PasswordVariable(user string) string { return "NATS_" + strings.ToUpper(user) + "_PASSWORD" }

func list(b *bytes.Buffer, name string, subjects []string) {
	if len(subjects) == 0 {
		return
	}
	b.WriteString("            " + name + ": [\n")
	for _, subject := range subjects {
		b.WriteString("              " + strconv.Quote(subject) + "\n")
	}
	b.WriteString("            ]\n")
}
