package natsserver

import (
	"github.com/nats-io/nats-server/v2/server"

	"github.com/waba-platform/onboarding/pkg/bus"
)

// Users makes the server's users, with a password for each.
func Users(users []bus.User, password func(user string) string) []*server.User {
	made := make([]*server.User, 0, len(users))
	for _, user := range users {
		made = append(made, &server.User{
			Username: user.Name,
			Password: password(user.Name),
			Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: user.Publish, Deny: user.Deny},
				Subscribe: &server.SubjectPermission{Allow: user.Subscribe},
			},
		})
	}
	return made
}
