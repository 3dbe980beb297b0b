package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// format is how a command prints what it found.
type format string

// The formats.
const (
	asTable format = "table"
	asJSON  format = "json"
)

// String implements [pflag.Value].
func (f *format) String() string { return string(*f) }

// Type implements [pflag.Value].
func (f *format) Type() string { return "table|json" }

// Set implements [pflag.Value].
func (f *format) Set(text string) error {
	switch format(text) {
	case asTable, asJSON:
		*f = format(text)
		return nil
	default:
		return errors.New("table, json")
	}
}

// formatFlag adds -o to a command.
func (t *terminal) formatFlag(cmd *cobra.Command) *format {
	f := asTable
	cmd.Flags().VarP(&f, "output", "o", t.say("formato da saída", "format of the output"))
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{string(asTable), string(asJSON)}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// printJSON prints a value, indented.
func (t *terminal) printJSON(v any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printTable prints rows in columns; the first row is the heading. Cells are not
// coloured: escape codes would count as width.
func printTable(out io.Writer, rows ...[]string) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				if _, err := fmt.Fprint(table, "\t"); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprint(table, cell); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(table); err != nil {
			return err
		}
	}
	return table.Flush()
}
