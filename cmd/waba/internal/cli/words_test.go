package cli_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/cmd/waba/internal/cli"
	auditlogapp "github.com/waba-platform/onboarding/services/auditlog/app"
	onboarding "github.com/waba-platform/onboarding/services/onboarding/app"
)

var variable = regexp.MustCompile(`^[A-Z][A-Z0-9]*_[A-Z0-9_]+\b`)

// literal returns what a string literal says; empty for any other expression.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return text
}

// mistakesIn returns the mistakes of configuration that a file of source can report:
// texts that begin with a variable's name, whole or in two arguments.
func mistakesIn(t *testing.T, path string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	add := func(text string) {
		if rest := variable.ReplaceAllString(text, ""); rest != text && strings.HasPrefix(rest, " ") {
			found = append(found, text)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "say" { // it is in both languages already
				return false
			}
			if name, ok := n.Fun.(*ast.SelectorExpr); ok && name.Sel.Name == "say" {
				return false
			}
			for i, argument := range n.Args {
				if i+1 < len(n.Args) && literal(argument) != "" && variable.FindString(literal(argument)) == literal(argument) && literal(n.Args[i+1]) != "" {
					add(literal(argument) + " " + literal(n.Args[i+1]))
				}
				add(literal(argument))
			}
		case *ast.CompositeLit:
			for _, element := range n.Elts {
				add(literal(element))
			}
		}
		return true
	})
	return found
}

func TestEveryMistakeOfConfigurationIsSaidInPortuguese(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..", "..")
	seen := 0
	for _, pattern := range []string{"services/*/app/*.go", "pkg/service/*.go", "pkg/telemetry/log.go", "cmd/waba/internal/*/*.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, text := range mistakesIn(t, file) {
				seen++
				text = strings.NewReplacer("%s", "X1", "%d", "7", "%v", "[x y]").Replace(text)
				require.NotEqual(t, text, cli.Mistake(text), "%s: it has no Portuguese words yet, see mistakes.go", file)
			}
		}
	}
	require.Greater(t, seen, 25)
	for _, name := range []string{ // what pkg/config itself finds
		"X_Y is not set", "X_Y is not a whole number", "X_Y is not true or false", "X_Y is not a duration such as 250ms, 3s or 5m",
		"X_Y is not debug, info, warn or error", "X_Y is not json or text", "X_Y is not issued or caller",
		"X_Y is not host:port with a port from 0 to 65535", "X_Y and X_Y_FILE are both set", "X_Y_FILE: the file is empty",
		"X_Y_FILE: no such file or directory",
	} {
		require.NotEqual(t, name, cli.Mistake(name))
	}
	require.Equal(t, "X_Y: o arquivo não serve (detalhe técnico: seal: load keyring: not a keyring)", cli.Mistake("X_Y: seal: load keyring: not a keyring"))
	require.Equal(t, "WABA_POLL_INTERVAL é -1s, e não maior que 0", cli.Mistake("WABA_POLL_INTERVAL is -1s, not more than 0"))
}

func TestErrorsAreInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, busy.Close()) })
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	database := "sqlite://" + filepath.Join(dir, "waba.db")
	for _, tt := range []struct {
		args   string
		env    map[string]string
		exit   int
		pt, en string
	}{
		{"watch x --timeout soon", nil, 2, "o valor da opção --timeout não serve: use uma duração como 30s", "the value of option --timeout is wrong: use a duration"},
		{"trigger x --wait=maybe", nil, 2, "o valor da opção --wait não serve: use true ou false", "the value of option --wait is wrong: use true or false"},
		{"dev --http 8080", nil, 2, "o valor da opção --http não serve: use host:porta", "the value of option --http is wrong: use host:port"},
		{"dev ---x", nil, 2, "a opção ---x está mal escrita", "option ---x is misspelt"},
		{"help nothing", nil, 2, `waba não tem o comando "nothing"`, `waba has no command "nothing"`},
		{"completion bush", nil, 2, `waba completion não tem o comando "bush"`, `waba completion has no command "bush"`},
		{"completion bash extra", nil, 2, "waba completion bash não recebe argumentos", "waba completion bash takes no arguments"},
		{"events tail --nats http://x", nil, 78, "o endereço do barramento não serve", "the address of the bus is wrong"},
		{"events tail", map[string]string{"NATS_CREDS": filepath.Join(dir, "none")}, 1, filepath.Join(dir, "none") + ": não existe", filepath.Join(dir, "none") + ": does not exist"},
		{"migrate", map[string]string{"DATABASE_URL": "mysql://x"}, 78, "DATABASE_URL não é postgres://", "DATABASE_URL is not postgres://"},
		{"migrate", map[string]string{"DATABASE_URL": "postgres://u:CANARY@127.0.0.1:1/x"}, 1, "o banco não responde ou não deixa entrar (detalhe técnico: ", "the database does not answer or does not let us in (detail: "},
		{"auditlog", map[string]string{"DATABASE_URL": database, "NATS_URL": "nats://x:1", "ADMIN_ADDR": busy.Addr().String()}, 4, "ADMIN_ADDR " + busy.Addr().String() + ": porta ocupada", "ADMIN_ADDR " + busy.Addr().String() + ": the port is busy"},
		{"simulator --addr 192.0.2.1:8081", nil, 1, "--addr 192.0.2.1:8081: não é um endereço desta máquina", "--addr 192.0.2.1:8081: not an address of this machine"},
		{"keys generate --dir " + file + "/keys", nil, 1, file + "/keys/keyring.json: não é uma pasta", file + "/keys/keyring.json: not a folder"},
		{"api-keys list --file " + file, nil, 1, "o arquivo " + file + " não serve", "file " + file + " cannot be used"},
		{"api-keys create --name n --restaurants x --file " + file, nil, 2, "--restaurants tem algo que não é um UUID nem *", "--restaurants has something"},
		{"api-keys create --name n --restaurants * --scopes root --file " + file, nil, 2, "--scopes tem algo que não é onboard", "--scopes has something"},
		{"gateway", nil, 78, "NATS_URL não está definida", "NATS_URL is not set"},
		{"status 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b --api http://" + busy.Addr().String(), map[string]string{"WABA_API_KEY_FILE": filepath.Join(dir, "none")}, 78, "WABA_API_KEY_FILE: o arquivo não existe", "WABA_API_KEY_FILE: no such file"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			for lang, want := range map[string]string{"pt-BR": "erro: " + tt.pt, "en": "error: " + tt.en} {
				env := map[string]string{"WABA_LANG": lang}
				maps.Copy(env, tt.env)
				got := waba(t, env, append(strings.Fields(tt.args), dataDir(t, tt.args)...)...)
				require.Equal(t, tt.exit, got.exit, got.stderr)
				require.Contains(t, got.stderr, want)
				require.NotContains(t, got.stderr, "CANARY")
				for line := range strings.Lines(got.stderr) {
					require.Regexp(t, "^(erro|error): |^time=|^{", line, "one line for each mistake")
				}
			}
		})
	}
}

func TestReadySaysWhyInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, `{"ready":false,"checks":[{"name":"database","ok":false,"reason":"timed out"},{"name":"audit_rows","ok":false,"reason":%q},{"name":"keyring","ok":false,"reason":%q}]}`,
			auditlogapp.ReasonGap, onboarding.ReasonKeyring)
	}))
	t.Cleanup(admin.Close)
	got := waba(t, nil, "ready", "--admin", admin.URL)
	require.Equal(t, 1, got.exit)
	for _, why := range []string{"não respondeu a tempo", "faltam linhas: execute `waba audit rebuild`", "o keyring não abre o que um gateway selou por último"} {
		require.Contains(t, got.out, why)
	}
	got = waba(t, map[string]string{"WABA_LANG": "en"}, "ready", "--admin", admin.URL)
	require.Contains(t, got.out, "rows are missing: run `waba audit rebuild`")
	require.Contains(t, waba(t, nil, "ready", "--admin", admin.URL, "-o", "json").out, `"timed out"`, "for programs")
}
