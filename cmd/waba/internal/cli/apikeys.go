package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/pkg/event"
	gateway "github.com/waba-platform/onboarding/services/gateway/app"
)

func newAPIKeys(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "api-keys",
		Short: t.say("Cria, lista e revoga as chaves de quem chama a API", "Creates, lists and revokes the keys of those who call the API"),
		Args:  t.noArgs,
		RunE:  t.run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(newAPIKeysCreate(t), newAPIKeysList(t), newAPIKeysRevoke(t))
	return cmd
}

// keyFileFlag adds --file to a command and returns what finds the key file.
func (t *terminal) keyFileFlag(cmd *cobra.Command) func() (string, error) {
	file := cmd.Flags().String("file", "", t.say("arquivo das chaves (WABA_API_KEYS_FILE)", "file of the keys (WABA_API_KEYS_FILE)"))
	return func() (string, error) {
		if *file != "" {
			return *file, nil
		}
		if path := t.getenv("WABA_API_KEYS_FILE"); path != "" {
			return path, nil
		}
		return "", &failure{
			exit: exitConfiguration,
			what: t.say("falta o arquivo das chaves", "the file of the keys is missing"),
			next: t.say("defina WABA_API_KEYS_FILE ou use --file", "set WABA_API_KEYS_FILE or use --file"),
		}
	}
}

// shownKey is a key without anything that lets somebody in.
type shownKey struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Restaurants []string  `json:"restaurants"`
	Scopes      []string  `json:"scopes"`
	ExpiresAt   time.Time `json:"expires_at,omitzero"`
	Key         string    `json:"key,omitempty"` // once, to its owner
}

func showKey(k gateway.APIKey) shownKey {
	shown := shownKey{ID: k.ID, Name: k.Name, Restaurants: k.Restaurants, Scopes: []string{}, ExpiresAt: k.ExpiresAt}
	for _, scope := range k.Scopes {
		shown.Scopes = append(shown.Scopes, string(scope))
	}
	return shown
}

func newAPIKeysCreate(t *terminal) *cobra.Command {
	var name, expires string
	var restaurants, scopes []string
	cmd := &cobra.Command{
		Use:   "create",
		Short: t.say("Cria uma chave e a mostra uma única vez", "Creates a key and shows it once"),
		Example: `  waba api-keys create --file api-keys.json --name "web app" --restaurants '*' --scopes onboard,read
  waba api-keys create --file api-keys.json --name suporte --restaurants 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b --scopes read --expires 2160h`,
		Args: t.noArgs,
	}
	output, file := t.formatFlag(cmd), t.keyFileFlag(cmd)
	cmd.Flags().StringVar(&name, "name", "", t.say("de quem é a chave", "whose key it is"))
	cmd.Flags().StringSliceVar(&restaurants, "restaurants", nil, t.say("UUIDs dos restaurantes, ou * para todos", "UUIDs of the restaurants, or * for all"))
	cmd.Flags().StringSliceVar(&scopes, "scopes", []string{"onboard", "read"}, t.say("o que ela pode: onboard, read, admin", "what it may do: onboard, read, admin"))
	cmd.Flags().StringVar(&expires, "expires", "", t.say("até quando vale: 2160h ou 2027-12-31; sem isso, sempre", "until when it is good: 2160h or 2027-12-31; without it, for ever"))
	cmd.RunE = t.run(func(*cobra.Command, []string) error {
		if name == "" || len(restaurants) == 0 {
			return &failure{exit: exitUsage, what: t.say("faltam --name e --restaurants", "--name and --restaurants are needed"), next: "waba api-keys create --help"}
		}
		path, err := file()
		if err != nil {
			return err
		}
		until, err := t.parseExpires(expires, time.Now())
		if err != nil {
			return err
		}
		text, key, err := gateway.NewAPIKey(name, restaurants, scopes, until)
		if err != nil {
			return t.newKeyFailure(restaurants, scopes, err)
		}
		if err := gateway.AddAPIKey(path, key); err != nil {
			if at, ok := errors.AsType[*fs.PathError](err); ok {
				at.Path = path // it is written beside, and then renamed
				return at
			}
			return t.keyFileFailure(path, err)
		}
		shown := showKey(key)
		if *output == asJSON {
			shown.Key = text.Reveal()
			return t.printJSON(shown)
		}
		if _, err := fmt.Fprintln(t.out, text.Reveal()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.err, t.say("Guarde agora: não será mostrada de novo. Para revogar: waba api-keys revoke %s\n", "Keep it now: it is not shown again. To revoke it: waba api-keys revoke %s\n"), key.ID)
		return err
	})
	return cmd
}

// newKeyFailure says in words why there is no such key.
func (t *terminal) newKeyFailure(restaurants, scopes []string, err error) error {
	f := &failure{exit: exitUsage, cause: err, next: "waba api-keys create --help"}
	isNone := func(id string) bool {
		_, err := event.ParseRestaurantID(id)
		return err != nil && id != "*"
	}
	isNoScope := func(scope string) bool { return !slices.Contains([]string{"onboard", "read", "admin"}, scope) }
	switch {
	case slices.ContainsFunc(restaurants, isNone):
		f.what = t.say("--restaurants tem algo que não é um UUID nem *", "--restaurants has something that is neither a UUID nor *")
	case slices.ContainsFunc(scopes, isNoScope):
		f.what = t.say("--scopes tem algo que não é onboard, read nem admin", "--scopes has something that is not onboard, read or admin")
	default:
		f.what = t.say("esta chave não serve", "this key is wrong") + t.detail(err)
	}
	return f
}

// parseExpires reads a duration, or a day, which is good to its end.
func (t *terminal) parseExpires(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d).UTC().Truncate(time.Second), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.After(now) {
		return day.AddDate(0, 0, 1), nil
	}
	return time.Time{}, usagef("%s", t.say("--expires não serve: use 2160h ou 2027-12-31, no futuro", "--expires is wrong: use 2160h or 2027-12-31, in the future"))
}

func newAPIKeysList(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   t.say("Lista as chaves, sem os segredos", "Lists the keys, without their secrets"),
		Example: "  waba api-keys list --file api-keys.json",
		Args:    t.noArgs,
	}
	output, file := t.formatFlag(cmd), t.keyFileFlag(cmd)
	cmd.RunE = t.run(func(*cobra.Command, []string) error {
		path, err := file()
		if err != nil {
			return err
		}
		list, err := gateway.ListAPIKeys(path)
		if err != nil {
			return t.keyFileFailure(path, err)
		}
		shown := []shownKey{}
		rows := [][]string{{"ID", t.say("NOME", "NAME"), t.say("RESTAURANTES", "RESTAURANTS"), t.say("PODE", "MAY"), t.say("ATÉ", "UNTIL")}}
		for _, key := range list {
			k := showKey(key)
			shown = append(shown, k)
			rows = append(rows, []string{k.ID, k.Name, strings.Join(k.Restaurants, ","), strings.Join(k.Scopes, ","), when(k.ExpiresAt)})
		}
		if *output == asJSON {
			return t.printJSON(shown)
		}
		return printTable(t.out, rows...)
	})
	return cmd
}

func newAPIKeysRevoke(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "revoke KEY_ID",
		Short:   t.say("Revoga uma chave: em um segundo ela não abre mais nada", "Revokes a key: within a second it opens nothing any more"),
		Example: "  waba api-keys revoke k3y1d000 --file api-keys.json",
		Args:    t.oneArg("KEY_ID"),
	}
	file := t.keyFileFlag(cmd)
	cmd.RunE = t.run(func(_ *cobra.Command, args []string) error {
		path, err := file()
		if err != nil {
			return err
		}
		if err := gateway.RevokeAPIKey(path, args[0]); err != nil {
			return t.keyFileFailure(path, err)
		}
		_, err = fmt.Fprintln(t.out, t.say("Chave revogada.", "Key revoked."))
		return err
	})
	return cmd
}

func (t *terminal) keyFileFailure(path string, err error) error {
	switch {
	case errors.Is(err, gateway.ErrNoAPIKey):
		return &failure{exit: exitNotFound, cause: err, what: t.say("não há chave com este id", "there is no key with this id"), next: "waba api-keys list"}
	case errors.Is(err, fs.ErrNotExist):
		return &failure{exit: exitNotFound, cause: err, what: fmt.Sprintf(t.say("o arquivo %s não existe", "file %s does not exist"), path), next: "waba api-keys create"}
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err
	}
	return &failure{exit: exitFailed, cause: err, what: fmt.Sprintf(t.say("o arquivo %s não serve", "file %s cannot be used"), path) + t.detail(err)}
}
