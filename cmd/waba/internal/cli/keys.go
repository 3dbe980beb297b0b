package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/cmd/waba/internal/keys"
)

func newKeys(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: t.say("Gera as chaves que selam e assinam", "Generates the keys that seal and sign"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newKeysGenerate(t))
	return cmd
}

func newKeysGenerate(t *terminal) *cobra.Command {
	var (
		dir       string
		ifMissing bool
	)
	cmd := &cobra.Command{
		Use:   "generate",
		Short: t.say("Gera um conjunto novo de chaves em uma pasta", "Generates a new set of keys in a folder"),
		Long: t.say(`Gera um conjunto novo de chaves em uma pasta. Nada que exista é sobrescrito: uma chave perdida são dados perdidos.

  keyring.json      só do onboarding: abre o que o gateway sela e guarda tokens em repouso
  seal-public.key   do gateway: sela codes, tokens e PINs; não é segredo
  signing.key       de todos os gateways: assina state, links e cursores`,
			`Generates a new set of keys in a folder. Nothing that exists is overwritten: a lost key is lost data.

  keyring.json      onboarding's alone: opens what the gateway seals, and keeps tokens at rest
  seal-public.key   the gateway's: seals codes, tokens and PINs; it is no secret
  signing.key       every gateway's: signs state, links and cursors`),
		Example: "  waba keys generate --dir keys\n  waba keys generate --dir keys --if-missing",
		Args:    t.noArgs,
		RunE: t.run(func(*cobra.Command, []string) error {
			generate := keys.Generate
			if ifMissing {
				generate = keys.Complete
			}
			made, err := generate(dir)
			if errors.Is(err, fs.ErrExist) {
				return &failure{
					exit: exitConflict, cause: err,
					what: fmt.Sprintf(t.say("a pasta %s já tem chaves", "folder %s has keys already"), dir),
					next: t.say("use --dir com outra pasta, ou --if-missing para mantê-las", "use --dir with another folder, or --if-missing to keep them"),
				}
			}
			if err != nil {
				return t.keysFailure(err, fmt.Sprintf(t.say("apague %s para gerar um conjunto novo: o que foi selado antes se perde",
					"delete %s to generate a new set: what was sealed before is lost"), keys.In(dir).SealPublic))
			}
			_, err = fmt.Fprintf(t.out, "WABA_KEYRING_FILE=%s\nWABA_SEAL_PUBLIC_KEY_FILE=%s\nWABA_SIGNING_KEY_FILE=%s\n",
				made.Keyring, made.SealPublic, made.Signing)
			return err
		}),
	}
	cmd.Flags().StringVar(&dir, "dir", "keys", t.say("pasta das chaves; é criada quando não existe", "folder of the keys; it is made when it is missing"))
	cmd.Flags().BoolVar(&ifMissing, "if-missing", false, t.say("mantém as que existem e gera só as que faltam", "keeps those that are there and makes only what is missing"))
	return cmd
}

// keysFailure says in words which key cannot be used. afresh is how to begin without
// a keyring that is lost.
func (t *terminal) keysFailure(err error, afresh string) error {
	if broken, ok := errors.AsType[*keys.BrokenError](err); ok {
		return &failure{
			exit: exitConfiguration, cause: err,
			what: fmt.Sprintf(t.say("o arquivo de chaves %s não serve", "key file %s cannot be used"), broken.Path),
			next: fmt.Sprintf(t.say("traga-o de volta de uma cópia (detalhe: %v)", "bring it back from a backup (detail: %v)"), broken.Err),
		}
	}
	unpaired, ok := errors.AsType[*keys.UnpairedError](err)
	if !ok {
		return err
	}
	f := &failure{exit: exitConfiguration, cause: err}
	if !unpaired.Lost {
		f.what = fmt.Sprintf(t.say("%s não abre o que é selado com %s", "%s does not open what is sealed with %s"), unpaired.Keyring, unpaired.SealPublic)
		f.next = t.say("traga de volta o par de uma cópia ou, se o primeiro é o certo, apague o segundo: ele é refeito",
			"bring back the pair from a backup or, where the first is the right one, delete the second: it is made again")
		return f
	}
	f.what = fmt.Sprintf(t.say("falta %s, e sem ele nada do que foi selado abre", "%s is missing, and without it nothing that was sealed opens"), unpaired.Keyring)
	f.next = t.say("traga-o de volta de uma cópia, ou ", "bring it back from a backup, or ") + afresh
	return f
}
