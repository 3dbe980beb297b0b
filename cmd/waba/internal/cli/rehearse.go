package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/config"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

// rehearsed is one belief of ours, and what Meta said.
type rehearsed struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Verdict  string `json:"verdict"`           // agrees, differs or unknown
	Because  string `json:"because,omitempty"` // of unknown
	Believed string `json:"believed"`
	Seen     string `json:"seen,omitempty"`
	Asked    string `json:"asked"`
	Source   string `json:"source"`
	Sure     string `json:"sure"` // documented, seen, inferred or folklore
}

// rehearsal is what `waba rehearse -o json` prints.
type rehearsal struct {
	Graph   string      `json:"graph"`
	Version string      `json:"version"`
	Agrees  int         `json:"agrees"`
	Differs int         `json:"differs"`
	Unknown int         `json:"unknown"`
	Silent  int         `json:"unanswered"` // of the unknown: asked, and not answered
	Beliefs []rehearsed `json:"beliefs"`
}

func newRehearse(t *terminal) *cobra.Command {
	var (
		write   bool
		timeout time.Duration
	)
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: t.say("Pergunta à Meta de verdade se ela é como acreditamos", "Asks the real Meta whether it is as we believe"),
		Long: t.say(`Faz à Graph API (META_GRAPH_API_BASE) as perguntas em que nossas tabelas se apoiam e mostra o que confere, o que difere e o que continua em aberto. Nenhum segredo é mostrado.

  FACEBOOK_APP_ID, FACEBOOK_APP_SECRET   o aplicativo
  WABA_REHEARSE_TOKEN                    um token de uma empresa de teste; sem ele, só o que o aplicativo pode perguntar

Cada segredo também pode vir de um arquivo: NOME_FILE. Só lê, a não ser com --write: então pede também que contas sejam criadas (acreditamos que a Meta recuse; se não recusar, a conta fica criada) e assina os webhooks da conta do token.
Sai com 0 quando nada difere, 1 quando algo difere ou a Meta não responde, 78 quando ela não aceita o aplicativo ou o token, 124 quando o tempo acaba.`,
			`Asks the Graph API (META_GRAPH_API_BASE) the questions on which our tables rest, and shows what agrees, what differs and what stays unknown. No secret is shown.

  FACEBOOK_APP_ID, FACEBOOK_APP_SECRET   the app
  WABA_REHEARSE_TOKEN                    a token of a test business; without it, only what the app may ask is asked

Each secret can also come from a file: NAME_FILE. It reads only, unless --write is given: then it also asks for accounts to be made (which Meta is believed to refuse; if it does not, the account is there) and subscribes the app to the webhooks of the token's account.
Exits with 0 when nothing differs, 1 when something does or Meta does not answer, 78 when it does not accept the app or the token, 124 when time is up.`),
		Example: "  waba rehearse\n  WABA_REHEARSE_TOKEN_FILE=token.txt waba rehearse -o json\n  waba rehearse --write --timeout 5m",
		Args:    t.noArgs,
	}
	output := t.formatFlag(cmd)
	cmd.Flags().BoolVar(&write, "write", false, t.say("pergunta também o que pode mudar algo na Meta", "asks also what could change something at Meta"))
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, t.say("quanto esperar por tudo", "how long to wait for everything"))
	cmd.RunE = t.run(func(cmd *cobra.Command, _ []string) error {
		var cfg onboarding.RehearsalConfig
		if err := config.Load(t.getenv, &cfg); err != nil {
			return err
		}
		if write && cfg.Token.IsZero() {
			return usagef("%s", t.say("--write precisa de um token · defina WABA_REHEARSE_TOKEN ou WABA_REHEARSE_TOKEN_FILE",
				"--write needs a token · set WABA_REHEARSE_TOKEN or WABA_REHEARSE_TOKEN_FILE"))
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
		defer cancel()
		report, err := onboarding.Rehearse(ctx, cfg, write)
		if err != nil {
			return err
		}
		if err := t.printRehearsal(cfg, report, *output); err != nil {
			return err
		}
		return t.rehearsalEnd(report, ctx.Err())
	})
	return cmd
}

func (t *terminal) printRehearsal(cfg onboarding.RehearsalConfig, report onboarding.Rehearsal, output format) error {
	shown := rehearsal{
		Graph: withoutUser(cfg.GraphBase), Version: cfg.APIVersion, Silent: report.Silent(),
		Agrees: report.Count(onboarding.RehearsalAgrees), Differs: report.Count(onboarding.RehearsalDiffers),
		Unknown: report.Count(onboarding.RehearsalUnknown),
		Beliefs: make([]rehearsed, 0, len(report.Results)),
	}
	for _, r := range report.Results {
		shown.Beliefs = append(shown.Beliefs, rehearsed{
			Name: r.Name, Kind: string(r.Kind), Verdict: string(r.Verdict), Because: string(r.Because), Seen: r.Seen,
			Believed: t.say(r.Believed.PT, r.Believed.EN), Asked: r.Asked, Source: r.Source, Sure: string(r.Sure),
		})
	}
	if output == asJSON {
		return t.printJSON(shown)
	}
	rows := [][]string{{"", t.say("CRENÇA", "BELIEF"), t.say("O QUE A META DISSE", "WHAT META SAID"), t.say("O QUE ACREDITAMOS", "WHAT WE BELIEVE")}}
	for i, r := range report.Results {
		said := r.Seen
		if r.Because != "" {
			said = t.rehearsalReason(r.Because)
			if r.Seen != "" {
				said += " (" + r.Seen + ")"
			}
		}
		rows = append(rows, []string{verdictSigns[r.Verdict], r.Name, said, shown.Beliefs[i].Believed})
	}
	if err := printTable(t.out, rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(t.out, t.say("\n%s %s: %d conferem, %d diferem, %d em aberto\n", "\n%s %s: %d agree, %d differ, %d stay unknown\n"),
		shown.Graph, shown.Version, shown.Agrees, shown.Differs, shown.Unknown)
	return err
}

var verdictSigns = map[onboarding.RehearsalVerdict]string{
	onboarding.RehearsalAgrees: "✔", onboarding.RehearsalDiffers: "✗", onboarding.RehearsalUnknown: "?",
}

// rehearsalReason says why something stays unknown.
func (t *terminal) rehearsalReason(because onboarding.RehearsalReason) string {
	words, ok := map[onboarding.RehearsalReason][2]string{
		"needs_token":        {"não perguntado: falta WABA_REHEARSE_TOKEN", "not asked: WABA_REHEARSE_TOKEN is not set"},
		"needs_write":        {"não perguntado: só com --write", "not asked: only with --write"},
		"token_not_accepted": {"não perguntado: a Meta não aceita o token", "not asked: Meta does not accept the token"},
		"token_of_other_app": {"não perguntado: o token é de outro aplicativo", "not asked: the token is another app's"},
		"nothing_to_look_at": {"não há o que olhar sob este token", "there is nothing to look at under this token"},
		"not_said":           {"a resposta não o traz", "the answer does not have it"},
		"refused":            {"a Meta recusou", "Meta refused"},
		"unanswered":         {"sem resposta", "no answer"},
		"unreadable":         {"a resposta não é da Graph API", "the answer is none of the Graph API's"},
		"limited":            {"a Meta limita as chamadas agora", "Meta limits calls now"},
		"troubled":           {"a Meta diz que agora não consegue", "Meta says that it cannot, now"},
		"out_of_time":        {"o tempo acabou", "time was up"},
	}[because]
	if !ok {
		return string(because)
	}
	return t.say(words[0], words[1])
}

// rehearsalEnd says what a rehearsal comes to.
func (t *terminal) rehearsalEnd(report onboarding.Rehearsal, stopped error) error {
	for _, must := range []struct {
		belief     string
		what, next string
	}{
		{
			onboarding.RehearsalAppCredentials,
			t.say("a Meta não aceita o aplicativo", "Meta does not accept the app"),
			t.say("confira FACEBOOK_APP_ID e FACEBOOK_APP_SECRET", "check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET"),
		},
		{
			onboarding.RehearsalTokenValid,
			t.say("a Meta não aceita o token", "Meta does not accept the token"),
			t.say("dê um token novo em WABA_REHEARSE_TOKEN", "give a new one in WABA_REHEARSE_TOKEN"),
		},
		{
			onboarding.RehearsalTokenOurs,
			t.say("o token é de outro aplicativo", "the token is another app's"),
			t.say("dê em WABA_REHEARSE_TOKEN um token deste", "give one of this app in WABA_REHEARSE_TOKEN"),
		},
	} {
		if result, ok := report.Of(must.belief); ok &&
			(result.Verdict == onboarding.RehearsalDiffers || result.Because == onboarding.RehearsalNotAccepted) {
			return &failure{exit: exitConfiguration, what: must.what, next: must.next}
		}
	}
	switch differ, silent := report.Count(onboarding.RehearsalDiffers), report.Silent(); {
	case differ > 0:
		return &failure{
			exit: exitFailed,
			what: fmt.Sprintf(t.say("a Meta difere do que acreditamos em %d pontos", "Meta differs from what we believe in %d points"), differ),
			next: t.say("veja as linhas com ✗ antes de confiar no simulador", "see the lines with ✗ before trusting the simulator"),
		}
	case errors.Is(stopped, context.DeadlineExceeded):
		return &failure{
			exit: exitTimeout, cause: stopped,
			what: t.say("o tempo acabou", "time is up"), next: t.say("tente de novo com um --timeout maior", "try again with a longer --timeout"),
		}
	case stopped != nil:
		return &failure{exit: exitFailed, cause: stopped, what: t.say("interrompido antes do fim", "stopped before the end")}
	case silent > 0:
		return &failure{
			exit: exitFailed,
			what: fmt.Sprintf(t.say("a Meta não respondeu sobre %d pontos", "Meta did not answer about %d points"), silent),
			next: t.say("confira META_GRAPH_API_BASE e tente de novo", "check META_GRAPH_API_BASE and try again"),
		}
	}
	return nil
}
