package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newReady is the health check of containers, whose image has no other program.
func newReady(t *terminal) *cobra.Command {
	var admin string
	cmd := &cobra.Command{
		Use:   "ready",
		Short: t.say("Diz se um serviço está pronto", "Says whether a service is ready"),
		Long: t.say("Pergunta a /readyz de um serviço. Sai com 0 quando está pronto, com 1 quando não está, e diz o que falta.",
			"Asks /readyz of a service. Exits with 0 when it is ready, with 1 when it is not, and says what is missing."),
		Example: "  waba ready\n  waba ready --admin http://127.0.0.1:9090",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&admin, "admin", "http://127.0.0.1:9090", t.say("endereço de administração do serviço", "the service's admin address"))
	cmd.RunE = t.run(func(cmd *cobra.Command, _ []string) error {
		request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, strings.TrimRight(admin, "/")+"/readyz", http.NoBody)
		if err != nil {
			return &failure{exit: exitUsage, cause: err, what: t.say("--admin não é um endereço", "--admin is no address")}
		}
		client := http.Client{Timeout: 3 * time.Second}
		response, err := client.Do(request)
		if err != nil {
			return &failure{
				exit: exitFailed, cause: err,
				what: t.say("o serviço não responde em ", "the service does not answer at ") + admin,
				next: t.say("ele está em execução? --admin diz onde", "is it running? --admin says where"),
			}
		}
		defer func() { _ = response.Body.Close() }()
		var report struct {
			Checks []struct {
				Name string `json:"name"`
				OK   bool   `json:"ok"`
			} `json:"checks"`
		}
		if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&report); err != nil {
			return &failure{exit: exitFailed, cause: err, what: t.say("a resposta não é de um serviço nosso", "the answer is not from a service of ours")}
		}
		if response.StatusCode == http.StatusOK {
			_, err := fmt.Fprintln(t.out, t.say("pronto", "ready"))
			return err
		}
		var missing []string
		for _, check := range report.Checks {
			if !check.OK {
				missing = append(missing, check.Name)
			}
		}
		return &failure{exit: exitFailed, what: t.say("não está pronto: ", "not ready: ") + strings.Join(missing, ", ")}
	})
	return cmd
}
