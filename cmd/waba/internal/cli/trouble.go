package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/waba-platform/onboarding/migrations"
	"github.com/waba-platform/onboarding/pkg/bus"
	"github.com/waba-platform/onboarding/pkg/database"
	"github.com/waba-platform/onboarding/pkg/service"
)

// trouble puts what went wrong while a command worked into words for a person. What
// it does not know it tells as a detail.
func (t *terminal) trouble(err error) *failure {
	f := &failure{exit: exitFailed, cause: err}
	if errors.Is(err, context.DeadlineExceeded) {
		f.exit = exitTimeout
	}
	if t.known(f, err) {
		return f
	}
	switch {
	case f.exit == exitTimeout:
		f.what = t.say("o tempo acabou", "time is up")
	default:
		f.what = t.say("não deu certo", "it did not work")
	}
	f.what += t.detail(err)
	return f
}

// known fills in what is known of an error; false: nothing.
func (t *terminal) known(f *failure, err error) bool {
	if busy, ok := errors.AsType[*service.ListenError](err); ok {
		f.what = fmt.Sprintf("%s %s: %s", busy.Variable, busy.Addr, t.cannotListen(busy.Err))
		if errors.Is(busy.Err, syscall.EADDRINUSE) {
			f.exit = exitConflict
			f.next = fmt.Sprintf(t.say("defina %s com outra porta ou encerre o outro processo", "set %s to another port or stop the other process"), busy.Variable)
		}
		return true
	}
	switch {
	case errors.Is(err, bus.ErrNotMigrated):
		f.what, f.next = t.say("o barramento ainda não tem os streams", "the bus does not have the streams yet"), "waba migrate up"
		return true
	case errors.Is(err, migrations.ErrOlder):
		f.what, f.next = t.say("o banco está atrás desta versão", "the database is behind this version"), "waba migrate up"
		return true
	case errors.Is(err, migrations.ErrNewer):
		f.what = t.say("o banco está à frente desta versão", "the database is ahead of this version")
		f.next = t.say("use uma versão mais nova", "use a newer version")
		return true
	}
	if part, ok := errors.AsType[*service.OpenError](err); ok {
		t.cannotOpen(f, part)
		return true
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		f.what = path.Path + ": " + t.cannotUse(path)
		return true
	}
	return false
}

// cannotOpen says why the bus or the database cannot be used.
func (t *terminal) cannotOpen(f *failure, part *service.OpenError) {
	path, isPath := errors.AsType[*fs.PathError](part.Err)
	switch {
	case errors.Is(part.Err, bus.ErrURL):
		f.exit, f.what = exitConfiguration, t.say("o endereço do barramento não serve: use nats://host:porta", "the address of the bus is wrong: use nats://host:port")
	case errors.Is(part.Err, database.ErrURL):
		f.exit, f.what = exitConfiguration, t.say("DATABASE_URL não é postgres://… nem sqlite://caminho", "DATABASE_URL is not postgres://… or sqlite://path")
	case isPath:
		f.what = path.Path + ": " + t.cannotUse(path)
	case part.Part == service.PartBus && refusesUser(part.Err):
		f.what = t.say("o barramento recusa este usuário", "the bus refuses this user")
		f.next = t.say("confira NATS_URL, NATS_CREDS ou NATS_NKEY_SEED_FILE", "check NATS_URL, NATS_CREDS or NATS_NKEY_SEED_FILE")
	case part.Part == service.PartBus:
		f.what = t.say("o barramento não responde", "the bus does not answer") + t.detail(part.Err)
		f.next = t.say("confira NATS_URL", "check NATS_URL")
	default:
		f.what = t.say("o banco não responde ou não deixa entrar", "the database does not answer or does not let us in") + t.detail(part.Err)
		f.next = t.say("confira DATABASE_URL", "check DATABASE_URL")
	}
}

func refusesUser(err error) bool {
	for _, refusal := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrPermissionViolation} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// cannotListen says why an address cannot be listened on.
func (t *terminal) cannotListen(err error) string {
	_, unknown := errors.AsType[*net.DNSError](err)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return t.say("porta ocupada", "the port is busy")
	case errors.Is(err, syscall.EADDRNOTAVAIL), unknown:
		return t.say("não é um endereço desta máquina", "not an address of this machine")
	case errors.Is(err, syscall.EACCES):
		return t.say("sem permissão para usar esta porta", "no permission to use this port")
	}
	return t.say("não é possível escutar aqui", "cannot listen here") + t.detail(err)
}

// cannotUse says why a file or a folder cannot be used.
func (t *terminal) cannotUse(err *fs.PathError) string {
	if err.Op == "mkdir" && errors.Is(err, fs.ErrNotExist) {
		return t.say("não pode ser criada aqui", "cannot be made here")
	}
	for _, known := range []struct {
		is     error
		pt, en string
	}{
		{fs.ErrNotExist, "não existe", "does not exist"},
		{fs.ErrPermission, "sem permissão", "no permission"},
		{fs.ErrExist, "já existe", "exists already"},
		{syscall.ENOTDIR, "não é uma pasta", "not a folder"},
		{syscall.EISDIR, "é uma pasta, e não um arquivo", "a folder, not a file"},
		{syscall.EROFS, "aqui só se pode ler", "can only be read"},
		{syscall.ENOSPC, "o disco está cheio", "the disk is full"},
	} {
		if errors.Is(err, known.is) {
			return t.say(known.pt, known.en)
		}
	}
	return t.say("não pode ser usado", "cannot be used") + t.detail(err.Err)
}

// detail is an error as programs tell it, in brackets and on one line.
func (t *terminal) detail(err error) string {
	return fmt.Sprintf(" (%s: %s)", t.say("detalhe técnico", "detail"), strings.Join(strings.Fields(err.Error()), " "))
}
