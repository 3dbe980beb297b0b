package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/waba-platform/onboarding/pkg/config"
)

// exit is an exit code.
type exit int

// The exit codes. They are promised to scripts.
const (
	exitOK            exit = 0
	exitFailed        exit = 1
	exitUsage         exit = 2
	exitNotFound      exit = 3
	exitConflict      exit = 4
	exitMustAct       exit = 5
	exitConfiguration exit = config.ExitCode
	exitTimeout       exit = 124
)

// failure is an error in words for a person: what happened, and what to do next.
type failure struct {
	exit  exit
	what  string
	next  string // empty: there is nothing to do
	cause error  // for errors.Is; not shown
}

// Error implements error.
func (f *failure) Error() string {
	if f.next == "" {
		return f.what
	}
	return f.what + " · " + f.next
}

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.cause }

// errSaid ends a command whose outcome was printed already.
type errSaid exit

// Error implements error.
func (e errSaid) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// report prints an error and returns the exit code that goes with it.
func (t *terminal) report(err error) exit {
	if said, ok := errors.AsType[errSaid](err); ok {
		return exit(said)
	}
	word := t.paintErr(t.say("erro:", "error:"))
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		for _, mistake := range wrong.Mistakes {
			_, _ = fmt.Fprintln(t.err, word, t.mistake(mistake))
		}
		return exitConfiguration
	}
	if failed, ok := errors.AsType[*failure](err); ok {
		_, _ = fmt.Fprintln(t.err, word, failed)
		return failed.exit
	}
	if !t.begun {
		_, _ = fmt.Fprintln(t.err, word, t.usageWords(err), "·", t.say("veja --help", "see --help"))
		return exitUsage
	}
	failed := t.trouble(err)
	_, _ = fmt.Fprintln(t.err, word, failed)
	return failed.exit
}

func (t *terminal) paintErr(text string) string {
	if !isTerminal(t.err) || t.getenv("NO_COLOR") != "" {
		return text
	}
	return "\x1b[" + string(red) + "m" + text + "\x1b[0m"
}

// usageWords says what is wrong with a command line.
func (t *terminal) usageWords(err error) string {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return fmt.Sprintf(t.say("a opção %s não existe", "there is no option %s"), dashed(unknown.GetSpecifiedName()))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Sprintf(t.say("falta o valor da opção %s", "option %s needs a value"), dashed(missing.GetSpecifiedName()))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Sprintf(t.say("o valor da opção --%s não serve: use %s", "the value of option --%s is wrong: use %s"),
			invalid.GetFlag().Name, t.wanted(invalid.GetFlag().Value.Type(), errors.Unwrap(invalid)))
	}
	if misspelt, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return fmt.Sprintf(t.say("a opção %s está mal escrita", "option %s is misspelt"), misspelt.GetSpecifiedFlag())
	}
	return t.say("o comando está mal escrito", "the command is misspelt") + t.detail(err)
}

// wanted says what a flag of a type takes.
func (t *terminal) wanted(kind string, err error) string {
	switch kind {
	case "bool":
		return t.say("true ou false", "true or false")
	case "duration":
		return t.say("uma duração como 30s, 5m ou 1h30m", "a duration such as 30s, 5m or 1h30m")
	case "host:port":
		return t.say("host:porta, com porta de 0 a 65535", "host:port with a port from 0 to 65535")
	case "table|json":
		return t.say("table ou json", "table or json")
	case "stringSlice":
		return t.say("uma lista separada por vírgulas", "a list separated by commas")
	}
	return err.Error()
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + strings.TrimLeft(name, "-")
}

// usagef is a mistake in the command line that cobra cannot see.
func usagef(format string, args ...any) error {
	return &failure{exit: exitUsage, what: fmt.Sprintf(format, args...)}
}
