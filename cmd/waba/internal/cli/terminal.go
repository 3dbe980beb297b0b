package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
)

// terminal is where a person sits: streams, language, and whether colours are
// shown there.
type terminal struct {
	getenv  func(string) string
	out     io.Writer
	err     io.Writer
	version string
	command string // what to type to run this binary again
	english bool
	colours bool

	begun bool // a command has begun to work: errors are no longer those of usage
}

func newTerminal(p Process) *terminal {
	return &terminal{
		getenv:  p.Getenv,
		out:     p.Stdout,
		err:     p.Stderr,
		version: p.Version,
		command: typed(p.Command),
		english: isEnglish(p.Getenv),
		colours: p.Getenv("NO_COLOR") == "" && p.Getenv("TERM") != "dumb" && isTerminal(p.Stdout),
	}
}

// typed returns what to type, in the folder where a command was started, to start
// it again: as it was typed, or by its path from here where that is shorter.
func typed(command string) string {
	if command == "" {
		return "waba"
	}
	if !filepath.IsAbs(command) {
		return command
	}
	here, err := os.Getwd()
	if err != nil {
		return command
	}
	path, err := filepath.Rel(here, command)
	if err != nil {
		return command
	}
	if !strings.HasPrefix(path, "..") {
		path = "." + string(filepath.Separator) + path
	}
	if len(path) < len(command) {
		return path
	}
	return command
}

// isEnglish reads the language: Portuguese, unless the environment says English.
func isEnglish(getenv func(string) string) bool {
	for _, name := range []string{"WABA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if lang := strings.ToLower(getenv(name)); lang != "" {
			return lang == "en" || strings.HasPrefix(lang, "en-") || strings.HasPrefix(lang, "en_")
		}
	}
	return false
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// say returns the text in the person's language.
func (t *terminal) say(pt, en string) string {
	if t.english {
		return en
	}
	return pt
}

// lang returns the person's language as the API and the catalogue name it.
func (t *terminal) lang() string { return t.say("pt-BR", "en") }

// run wraps the work of a command.
func (t *terminal) run(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		t.begun = true
		return work(cmd, args)
	}
}

// colour is an ANSI colour.
type colour string

// The colours.
const (
	bold   colour = "1"
	dim    colour = "2"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

// paint colours a text, on terminals only.
func (t *terminal) paint(c colour, text string) string {
	if !t.colours || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// usageTemplate is cobra's, in the person's language.
func usageTemplate(t *terminal) string {
	return t.say("Uso:", "Usage:") + `{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [` + t.say("comando", "command") + `]{{end}}{{if .HasExample}}

` + t.say("Exemplos:", "Examples:") + `
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

` + t.say("Comandos:", "Commands:") + `{{range $cmds}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{if not .AllChildCommandsHaveGroup}}

` + t.say("Outros:", "Others:") + `{{range $cmds}}{{if (and (eq .GroupID "") (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding }} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

` + t.say("Opções:", "Flags:") + `
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

` + t.say(`Mais sobre um comando: {{.CommandPath}} [comando] --help`, `More about a command: {{.CommandPath}} [command] --help`) + `{{end}}
`
}
