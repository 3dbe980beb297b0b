package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func newVersion(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   t.say("Mostra a versão deste programa", "Shows the version of this program"),
		Example: "  waba version\n  waba version -o json",
		Args:    t.noArgs,
	}
	output := t.formatFlag(cmd)
	cmd.RunE = t.run(func(*cobra.Command, []string) error {
		if *output == asJSON {
			return t.printJSON(map[string]string{
				"version": t.version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
			})
		}
		_, err := fmt.Fprintf(t.out, "waba %s (%s, %s/%s)\n", t.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	})
	return cmd
}
