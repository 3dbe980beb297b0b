package config

import (
	"errors"
	"fmt"
	"strings"
)

// Describe returns the variables that cfg, a pointer to a struct, is read from,
// in their order; nil when cfg is not one that [Load] accepts.
func Describe(cfg any) []Variable {
	fields, err := fieldsOf(cfg)
	if err != nil {
		return nil
	}
	variables := make([]Variable, len(fields))
	for i, f := range fields {
		variables[i] = f.Variable
	}
	return variables
}

// Section is a group of variables under one heading.
type Section struct {
	Title   string
	Configs []any // pointers to structs
}

// Merge returns the variables of each section, each variable once, where it
// stands first. Two configs that read the same variable must agree on all that
// is said about it, but for this: it is required when one of them requires it. Every
// variable must be documented.
func Merge(sections ...Section) ([][]Variable, error) {
	first := map[string]place{}
	merged := make([][]Variable, len(sections))
	var errs []error
	for i, section := range sections {
		for _, cfg := range section.Configs {
			fields, err := fieldsOf(cfg)
			errs = append(errs, err)
			for _, f := range fields {
				at, seen := first[f.Name]
				known := f.Variable
				if seen {
					known = merged[at.section][at.index]
					known.Required = known.Required || f.Required
					f.Required = known.Required
				}
				switch {
				case f.Doc == "":
					errs = append(errs, fmt.Errorf("config: %s of %T has no doc tag", f.Name, cfg))
				case !seen:
					first[f.Name] = place{section: i, index: len(merged[i])}
					merged[i] = append(merged[i], f.Variable)
				case known != f.Variable:
					errs = append(errs, fmt.Errorf("config: %s of %T is described otherwise elsewhere: %+v, %+v", f.Name, cfg, f.Variable, known))
				default:
					merged[at.section][at.index] = known
				}
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return merged, nil
}

// place is where a variable stands in what is merged.
type place struct{ section, index int }

// Example returns the text of .env.example: each variable of the sections once,
// with its meaning and its default.
func Example(sections ...Section) (string, error) {
	merged, err := Merge(sections...)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	out.WriteString("# All configuration, made from the code: do not edit. An empty value means unset.\n" +
		"# A secret can also be read from a file: NAME_FILE=/path in place of NAME.\n")
	for i, variables := range merged {
		if len(variables) == 0 {
			continue
		}
		fmt.Fprintf(&out, "\n# --- %s ---\n", sections[i].Title)
		for _, v := range variables {
			fmt.Fprintf(&out, "\n# %s%s\n%s=%s\n", v.Doc, v.note(), v.Name, quote(v.Default))
		}
	}
	return out.String(), nil
}

// note says in brackets what else is to be known about a variable.
func (v Variable) note() string {
	switch {
	case v.Secret && v.Required:
		return " (secret, required)"
	case v.Secret:
		return " (secret)"
	case v.Required:
		return " (required)"
	default:
		return ""
	}
}

// quote spells a value so that a shell and docker compose read it unchanged.
func quote(value string) string {
	if strings.ContainsAny(value, " \t#$'\"\\&;|<>()*?`") {
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return value
}
