package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	auditlog "github.com/waba-platform/onboarding/services/auditlog/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool `json:"ready"`
	Checks []struct {
		Name   string `json:"name"`
		OK     bool   `json:"ok"`
		Reason string `json:"reason,omitempty"`
	} `json:"checks"`
}

func newReady(t *terminal) *cobra.Command {
	var admin string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "ready",
		Short: t.say("Pergunta a um processo se está pronto", "Asks a process whether it is ready"),
		Long: t.say("Pergunta a /readyz de um processo. Sai com 0 quando está pronto e com 1 quando não está; serve de verificação em contêineres, sem curl.",
			"Asks a process's /readyz. Exits with 0 when it is ready and with 1 when it is not; made for containers, which have no curl."),
		Example: "  waba ready\n  waba ready --admin http://127.0.0.1:9090 -o json",
		Args:    t.noArgs,
	}
	output := t.formatFlag(cmd)
	cmd.Flags().StringVar(&admin, "admin", "http://127.0.0.1:9090", t.say("endereço de operação do processo", "the process's address for operators"))
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, t.say("quanto esperar pela resposta", "how long to wait for the answer"))
	cmd.RunE = t.run(func(cmd *cobra.Command, _ []string) error {
		found, err := askReady(cmd.Context(), strings.TrimSuffix(admin, "/")+"/readyz", timeout)
		if err != nil {
			return &failure{
				exit: exitFailed, cause: err,
				what: t.say("nada responde em ", "nothing answers at ") + admin,
				next: t.say("use --admin com o endereço de ADMIN_ADDR", "use --admin with the address of ADMIN_ADDR"),
			}
		}
		if err := t.printReady(found, *output); err != nil {
			return err
		}
		if !found.Ready {
			return errSaid(exitFailed)
		}
		return nil
	})
	return cmd
}

func (t *terminal) printReady(found readiness, output format) error {
	if output == asJSON {
		return t.printJSON(found)
	}
	rows := [][]string{{t.say("VERIFICAÇÃO", "CHECK"), t.say("PRONTO", "READY"), t.say("MOTIVO", "REASON")}}
	for _, check := range found.Checks {
		rows = append(rows, []string{check.Name, t.yesNo(check.OK), t.reason(check.Reason)})
	}
	return printTable(t.out, rows...)
}

// reason says why a check fails. JSON keeps the words of the process.
func (t *terminal) reason(text string) string {
	if t.english {
		return text
	}
	for _, known := range [][2]string{
		{"failed", "falhou"},
		{"timed out", "não respondeu a tempo"},
		{"still running", "ainda não respondeu"},
		{string(auditlog.ReasonGap), "faltam linhas: execute `waba audit rebuild`"},
		{string(onboarding.ReasonKeyring), "o keyring não abre o que um gateway selou por último"},
	} {
		if text == known[0] {
			return known[1]
		}
	}
	return text
}

func askReady(ctx context.Context, address string, timeout time.Duration) (found readiness, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return found, err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return found, err
	}
	err = json.NewDecoder(answer.Body).Decode(&found)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return found, fmt.Errorf("%s answers with %s: %w", address, answer.Status, err)
	}
	return found, nil
}
