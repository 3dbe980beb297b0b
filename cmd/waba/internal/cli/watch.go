package cli

import (
	"time"

	"github.com/spf13/cobra"
)

func newWatch(t *terminal) *cobra.Command {
	var through bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "watch RESTAURANT_ID",
		Short: t.say("Mostra a história de um restaurante e acompanha ao vivo", "Shows a restaurant's story and follows it live"),
		Long: t.say(`Mostra cada decisão sobre um restaurante, desde o início, e acompanha ao vivo até que a integração termine ou alguém precise agir.
Sai com 0 quando conectou, 5 quando alguém precisa agir, 1 quando falhou, 124 quando o tempo acabou.`,
			`Shows every decision about a restaurant, from the beginning, and follows live until the integration ends or somebody must act.
Exits with 0 when it is connected, 5 when somebody must act, 1 when it has failed, 124 when time is up.`),
		Example: `  waba watch 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b
  waba watch 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b --follow --timeout 10m -o json`,
		Args: t.oneArg("RESTAURANT_ID"),
	}
	output, client := t.formatFlag(cmd), t.apiFlag(cmd)
	cmd.Flags().BoolVarP(&through, "follow", "f", false, t.say("continua também enquanto alguém precisa agir", "goes on also while somebody must act"))
	cmd.Flags().DurationVar(&timeout, "timeout", 0, t.say("quanto esperar; 0 é sem fim", "how long to wait; 0 is without end"))
	cmd.RunE = t.run(func(cmd *cobra.Command, args []string) error {
		id, err := t.restaurantArg(args[0])
		if err != nil {
			return err
		}
		calls, err := client()
		if err != nil {
			return err
		}
		defer calls.Close()
		f := &follower{terminal: t, client: calls, output: *output, through: through, timeout: timeout}
		return f.follow(cmd.Context(), id, 0)
	})
	return cmd
}
