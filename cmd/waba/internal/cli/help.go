package cli

import "github.com/spf13/cobra"

// newHelp is cobra's own command of that name, in the person's language, and says so
// when it does not know a command.
func newHelp(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   t.say("Ajuda sobre um comando", "Help about a command"),
		Example: "  waba help dev\n  waba help events tail",
		RunE: t.run(func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if err := t.noArgs(about, rest); err != nil {
				return err
			}
			return about.Help()
		}),
	}
}

// translateCompletion puts cobra's own command into the person's language.
func (t *terminal) translateCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil || completion == root {
		return
	}
	completion.Short = t.say("Gera o script que completa comandos no seu shell", "Generates the script that completes commands in your shell")
	completion.Long, completion.Args = completion.Short+".", t.noArgs
	completion.RunE = t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	for _, shell := range completion.Commands() {
		shell.Short = t.say("Gera o script para ", "Generates the script for ") + shell.Name()
		shell.Args = t.noArgs
	}
}
