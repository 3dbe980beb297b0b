package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// noArgs refuses arguments; of a command with subcommands they are misspelt ones.
func (t *terminal) noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	f := &failure{exit: exitUsage, next: cmd.CommandPath() + " --help"}
	if !cmd.HasSubCommands() {
		f.what = fmt.Sprintf(t.say("%s não recebe argumentos", "%s takes no arguments"), cmd.CommandPath())
		return f
	}
	f.what = fmt.Sprintf(t.say("%s não tem o comando %q", "%s has no command %q"), cmd.CommandPath(), args[0])
	if cmd.SuggestionsMinimumDistance == 0 {
		cmd.SuggestionsMinimumDistance = 2
	}
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		f.next = t.say("quis dizer ", "did you mean ") + cmd.CommandPath() + " " + like[0] + "?"
	}
	return f
}

// oneArg demands one argument.
func (t *terminal) oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 1:
			return nil
		case 0:
			return &failure{exit: exitUsage, what: t.say("falta ", "missing: ") + name, next: cmd.CommandPath() + " --help"}
		}
		return &failure{exit: exitUsage, what: fmt.Sprintf(t.say("só um %s por vez", "only one %s at a time"), name), next: cmd.CommandPath() + " --help"}
	}
}

// oneOf allows one argument, out of a list.
func (t *terminal) oneOf(known ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 || len(args) == 1 && slices.Contains(known, args[0]) {
			return nil
		}
		return &failure{
			exit: exitUsage, next: cmd.CommandPath() + " --help",
			what: t.say("o argumento é um destes: ", "the argument is one of these: ") + strings.Join(known, ", "),
		}
	}
}
