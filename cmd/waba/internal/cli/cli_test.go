package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/cli"
)

// result is what a command line has left behind.
type result struct {
	exit        int
	out, stderr string
}

// waba runs a command line in this process, with nothing in its environment but env.
func waba(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	return wabaUntil(t.Context(), env, args...)
}

func wabaUntil(ctx context.Context, env map[string]string, args ...string) result {
	var out, stderr bytes.Buffer
	exit := cli.Run(ctx, args, cli.Process{
		Getenv: func(name string) string { return env[name] },
		Stdout: &out, Stderr: &stderr, Version: "test",
	})
	return result{exit: exit, out: out.String(), stderr: stderr.String()}
}

func TestMistakesInACommandLineExitWithTwoAndSayWhatToDo(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"trigr":                    `waba não tem o comando "trigr" · quis dizer waba trigger?`,
		"events tal":               `waba events não tem o comando "tal" · quis dizer waba events tail?`,
		"status":                   "falta RESTAURANT_ID · waba status --help",
		"status a b":               "só um RESTAURANT_ID por vez",
		"status not-a-uuid":        "o id do restaurante não é um UUID",
		"version --colour":         "a opção --colour não existe",
		"version -o yaml":          "o valor da opção --output não serve: use table ou json",
		"dev extra":                "waba dev não recebe argumentos",
		"dev --http 0.0.0.0:8080":  "--http 0.0.0.0:8080 não é loopback",
		"dev --nats :4222":         "--nats :4222 não é loopback",
		"config print web":         "o argumento é um destes: auditlog, gateway, onboarding",
		"migrate down":             "isto apaga tabelas e seus dados · confirme com --yes",
		"events tail --since soon": "--since não serve",
		"events tail --type Foo":   `o evento "Foo" não existe`,
		"api-keys create":          "faltam --name e --restaurants",
		"status --api ftp://x 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b": "o endereço do gateway não serve",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"WABA_API_KEYS_FILE": filepath.Join(t.TempDir(), "keys.json")}
			got := waba(t, env, append(strings.Fields(args), dataDir(t, args)...)...)
			require.Equal(t, 2, got.exit, got.stderr)
			require.Contains(t, got.stderr, "erro: "+want)
			require.Equal(t, 1, strings.Count(got.stderr, "\n"), "one line")
			require.Empty(t, got.out)
		})
	}
}

func dataDir(t *testing.T, args string) []string {
	t.Helper()
	if strings.HasPrefix(args, "dev") {
		return []string{"--data-dir", t.TempDir()}
	}
	return nil
}

func TestWordsAreInTheLanguageOfTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"Portuguese without any setting", nil, "erro: falta CODE"},
		{"Portuguese on a machine without a language", map[string]string{"LANG": "C.UTF-8"}, "erro: falta CODE"},
		{"English by LANG", map[string]string{"LANG": "en_GB.UTF-8"}, "error: missing: CODE"},
		{"WABA_LANG wins", map[string]string{"LANG": "en_GB.UTF-8", "WABA_LANG": "pt-BR"}, "erro: falta CODE"},
		{"English by WABA_LANG", map[string]string{"WABA_LANG": "en"}, "error: missing: CODE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, waba(t, tt.env, "errors", "explain").stderr, tt.want)
		})
	}
}

func TestEveryCommandHasHelpInBothLanguagesAndExamplesThatParse(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"pt-BR", "en"} {
		env := map[string]string{"WABA_LANG": lang}
		for _, path := range commandPaths(t, env) {
			got := waba(t, env, append(path, "--help")...)
			require.Zero(t, got.exit, path)
			require.NotContains(t, got.out, "\x1b", "no colours but on terminals")
			if len(path) > 0 && path[0] == "completion" {
				continue // cobra's own
			}
			examples := examplesIn(got.out)
			if strings.Contains(got.out, " ["+map[string]string{"pt-BR": "comando", "en": "command"}[lang]+"]\n") && len(examples) == 0 {
				continue // a group of commands
			}
			require.NotEmpty(t, examples, "%v in %s has no example", path, lang)
			for _, example := range examples {
				// --help after it: flags and arguments are parsed, and nothing is run.
				got := waba(t, env, append(example, "--help")...)
				require.Zero(t, got.exit, "%v: %s", example, got.stderr)
			}
		}
	}
}

// commandPaths lists the commands from the completion that shells use.
func commandPaths(t *testing.T, env map[string]string) [][]string {
	t.Helper()
	paths := [][]string{{}}
	for i := 0; i < len(paths); i++ {
		got := waba(t, env, append(append([]string{"__completeNoDesc"}, paths[i]...), "")...)
		for word := range strings.FieldsSeq(got.out) {
			isCommand := !strings.HasPrefix(word, ":") && waba(t, env, append(append([]string{}, paths[i]...), word, "--help")...).exit == 0
			if isCommand && len(paths[i]) < 2 && word != "help" && isGroup(paths[i]) {
				paths = append(paths, append(append([]string{}, paths[i]...), word))
			}
		}
	}
	require.Greater(t, len(paths), 20)
	return paths
}

func isGroup(path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch path[0] {
	case "audit", "events", "errors", "keys", "api-keys", "config", "migrate":
		return len(path) == 1
	}
	return false
}

// examplesIn returns the command lines under "Examples:" as words.
func examplesIn(help string) [][]string {
	var examples [][]string
	inside := false
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "Exemplos:") || strings.HasPrefix(line, "Examples:"):
			inside = true
		case inside && strings.HasPrefix(line, "  "):
			if _, args, ok := strings.Cut(line, "waba "); ok {
				args, _, _ = strings.Cut(args, " > ")
				examples = append(examples, words(args))
			}
		case inside:
			return examples
		}
	}
	return examples
}

// words splits as a shell does, as far as the examples need it.
func words(line string) []string {
	var list []string
	var word strings.Builder
	quote := rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			list = append(list, word.String())
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	return append(list, word.String())
}

func TestErrorsAreExplainedOursAndMetas(t *testing.T) {
	t.Parallel()
	got := waba(t, nil, "errors", "explain", "phone_pin_mismatch")
	require.Zero(t, got.exit)
	require.Contains(t, got.out, "PIN")
	require.Contains(t, got.out, "Restaurante")

	got = waba(t, map[string]string{"WABA_LANG": "en"}, "errors", "explain", "190/463", "-o", "json")
	require.Zero(t, got.exit)
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.out), &rows))
	require.Len(t, rows, 1)
	require.Equal(t, "auth_expired", rows[0]["class"])

	require.Equal(t, got.out, waba(t, map[string]string{"WABA_LANG": "en"}, "errors", "explain", "190/463", "-o", "json").out)
	require.Contains(t, waba(t, nil, "errors", "explain", "190/999999").out, "Meta 190 ", "an unknown subcode is explained by its code")
	require.Contains(t, waba(t, nil, "errors", "explain", "368").out, "blocked")
	require.Equal(t, 3, waba(t, nil, "errors", "explain", "987654321").exit)
	require.Equal(t, 3, waba(t, nil, "errors", "explain", "no_such_code").exit)

	for _, args := range [][]string{{"errors", "list", "-o", "json"}, {"errors", "list", "--meta", "-o", "json"}} {
		var list []map[string]any
		require.NoError(t, json.Unmarshal([]byte(waba(t, nil, args...).out), &list))
		require.Greater(t, len(list), 40)
	}
}

func TestKeysAreGeneratedOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	got := waba(t, nil, "keys", "generate", "--dir", dir)
	require.Zero(t, got.exit, got.stderr)
	require.Contains(t, got.out, "WABA_KEYRING_FILE="+filepath.Join(dir, "keyring.json"))
	before, err := os.ReadFile(filepath.Join(dir, "keyring.json"))
	require.NoError(t, err)

	got = waba(t, nil, "keys", "generate", "--dir", dir)
	require.Equal(t, 4, got.exit)
	require.Contains(t, got.stderr, "já tem chaves")
	require.Zero(t, waba(t, nil, "keys", "generate", "--dir", dir, "--if-missing").exit)
	after, err := os.ReadFile(filepath.Join(dir, "keyring.json"))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestKeysThatDoNotFitTogetherAreAMistakeOfConfigurationWithWordsForIt(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	file := func(name string) string { return filepath.Join(dir, name) }
	require.Zero(t, waba(t, nil, "keys", "generate", "--dir", dir).exit)
	keyring, err := os.ReadFile(file("keyring.json"))
	require.NoError(t, err)
	public, err := os.ReadFile(file("seal-public.key"))
	require.NoError(t, err)
	again := func(pt, en string) {
		t.Helper()
		for lang, want := range map[string]string{"pt-BR": pt, "en": en} {
			got := waba(t, map[string]string{"WABA_LANG": lang}, "keys", "generate", "--dir", dir, "--if-missing")
			require.Equal(t, 78, got.exit, got.stderr)
			require.Contains(t, got.stderr, want)
			require.Equal(t, 1, strings.Count(got.stderr, "\n"), "one line")
		}
	}

	require.NoError(t, os.Remove(file("keyring.json")))
	again("erro: falta "+file("keyring.json")+", e sem ele nada do que foi selado abre · traga-o de volta de uma cópia, ou apague "+file("seal-public.key"),
		"error: "+file("keyring.json")+" is missing")

	require.NoError(t, os.Remove(file("seal-public.key")))
	require.Zero(t, waba(t, nil, "keys", "generate", "--dir", dir, "--if-missing").exit)
	require.NoError(t, os.WriteFile(file("seal-public.key"), public, 0o600))
	again("erro: "+file("keyring.json")+" não abre o que é selado com "+file("seal-public.key"),
		"error: "+file("keyring.json")+" does not open what is sealed with")

	require.NoError(t, os.WriteFile(file("keyring.json"), keyring[:40], 0o600))
	again("erro: o arquivo de chaves "+file("keyring.json")+" não serve", "error: key file "+file("keyring.json")+" cannot be used")
}

func TestServiceKeysAreCreatedListedAndRevoked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	env := map[string]string{"WABA_API_KEYS_FILE": path}
	require.Equal(t, 3, waba(t, env, "api-keys", "list").exit)
	require.Equal(t, 78, waba(t, nil, "api-keys", "list").exit)

	created := waba(t, env, "api-keys", "create", "--name", "web app", "--restaurants", "*", "--scopes", "onboard,read", "--expires", "24h")
	require.Zero(t, created.exit, created.stderr)
	key := strings.TrimSpace(created.out)
	require.Regexp(t, `^waba_[a-z0-9]+_[a-z0-9]+$`, key)
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(stored), strings.Split(key, "_")[2], "the secret is shown once and kept nowhere")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o022, "who writes the file makes keys")

	var list []map[string]any
	require.NoError(t, json.Unmarshal([]byte(waba(t, env, "api-keys", "list", "-o", "json").out), &list))
	require.Len(t, list, 1)
	require.Equal(t, "web app", list[0]["name"])
	require.Equal(t, []any{"onboard", "read"}, list[0]["scopes"])
	id, _ := list[0]["id"].(string)

	require.Zero(t, waba(t, env, "api-keys", "revoke", id).exit)
	require.Equal(t, 3, waba(t, env, "api-keys", "revoke", id).exit)
	require.Equal(t, "[]\n", waba(t, env, "api-keys", "list", "-o", "json").out)
	for _, wrong := range [][]string{{"--restaurants", "x"}, {"--restaurants", "*", "--scopes", "root"}, {"--restaurants", "*", "--expires", "2020-01-01"}} {
		require.Equal(t, 2, waba(t, env, append([]string{"api-keys", "create", "--name", "n"}, wrong...)...).exit, wrong)
	}
}

func TestVersionSaysWhatWasBuilt(t *testing.T) {
	t.Parallel()
	require.Contains(t, waba(t, nil, "version").out, "waba test (go")
	var v map[string]string
	require.NoError(t, json.Unmarshal([]byte(waba(t, nil, "version", "-o", "json").out), &v))
	require.Equal(t, "test", v["version"])
}
