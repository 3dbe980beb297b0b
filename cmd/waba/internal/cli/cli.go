// Package cli is the command line: what a person types, what is printed, and the
// exit code.
package cli

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Process is what a command line may touch of its process.
type Process struct {
	Getenv  func(name string) string
	Stdout  io.Writer
	Stderr  io.Writer
	Version string // empty: what the build knows of itself
	Command string // as which it was started; empty: waba
}

// Run executes a command line and returns the exit code: 0 ok, 1 failed, 2 usage,
// 3 not found, 4 conflict or too early, 5 somebody must act, 78 configuration,
// 124 time-out. It ends when ctx does, after what runs was brought to an end.
func Run(ctx context.Context, args []string, process Process) int {
	if process.Version == "" {
		process.Version = buildVersion()
	}
	t := newTerminal(process)
	root := newRoot(t)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		return int(t.report(err))
	}
	return int(exitOK)
}

// newRoot returns the tree of commands.
func newRoot(t *terminal) *cobra.Command {
	root := &cobra.Command{
		Use: "waba",
		Short: t.say("Conecta restaurantes à WhatsApp Business Cloud API.",
			"Connects restaurants to the WhatsApp Business Cloud API."),
		Long: t.say(`Conecta restaurantes à WhatsApp Business Cloud API: do code do OAuth até o WabaReady.

waba dev inicia tudo nesta máquina: os três serviços, o NATS, o banco e a Meta simulada.`,
			`Connects restaurants to the WhatsApp Business Cloud API: from the OAuth code to WabaReady.

waba dev starts everything on this machine: the three services, NATS, the database and a simulated Meta.`),
		Example: `  waba dev
  waba trigger default --wait
  waba errors explain 190/463`,
		Args:          t.noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.SetUsageTemplate(usageTemplate(t))
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: t.say("Executar:", "Run:")},
		&cobra.Group{ID: groupFollow, Title: t.say("Acompanhar:", "Follow:")},
		&cobra.Group{ID: groupSetUp, Title: t.say("Preparar e consultar:", "Set up and look up:")},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	add(groupRun, newDev(t))
	add(groupRun, newServices(t)...)
	add(groupRun, newSimulator(t), newMigrate(t))
	add(groupFollow, newReady(t), newStatus(t), newWatch(t), newTrigger(t), newEvents(t))
	add(groupSetUp, newAudit(t), newErrors(t), newRehearse(t), newKeys(t), newAPIKeys(t), newConfig(t), newVersion(t))
	root.SetHelpCommandGroupID(groupSetUp)
	root.SetCompletionCommandGroupID(groupSetUp)
	root.SetHelpCommand(newHelp(t))
	t.translateCompletion(root)
	root.PersistentFlags().BoolP("help", "h", false, t.say("mostra esta ajuda", "shows this help"))
	return root
}

// The groups in which help lists the commands.
const (
	groupRun    = "run"
	groupFollow = "follow"
	groupSetUp  = "setup"
)

// buildVersion is the version of the module, or the commit, that was built.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "devel"
}
