// Package config reads configuration from the environment into structs.
//
// A field is described by its tags: env names the variable (with ",required"
// where there is no way to do without), envDefault is used when the variable is
// unset or empty, doc says what it is for. Structs may be nested. A field of type
// [seal.Secret], or one tagged secret:"true", can also be read from the file
// that NAME_FILE names. A slice is a comma-separated list.
//
// No value is ever quoted in an error: what is wrong may be a secret in the
// wrong place.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// ExitCode is what a process ends with when its configuration is wrong: EX_CONFIG
// of sysexits.h.
const ExitCode = 78

// Error says everything that is wrong with a configuration.
type Error struct {
	Mistakes []string // one line each, beginning with the variable's name
}

// Error implements error: one line for each mistake.
func (e *Error) Error() string { return strings.Join(e.Mistakes, "\n") }

// Validator is implemented by a struct that knows what its values must be. Each
// error that it joins becomes one line, so it begins with the variable's name and
// contains no secret.
type Validator interface{ Validate() error }

// Load fills each of configs, pointers to structs, from getenv, usually
// [os.Getenv], and then asks those that are a [Validator]. It reports all mistakes
// of all configs at once, in one [*Error].
func Load(getenv func(name string) string, configs ...any) error {
	var mistakes []string
	for _, cfg := range configs {
		fields, err := fieldsOf(cfg)
		if err != nil {
			return err
		}
		for _, f := range fields {
			if err := f.load(getenv); err != nil {
				mistakes = append(mistakes, err.Error())
			}
		}
		mistakes = append(mistakes, validate(reflect.ValueOf(cfg).Elem())...)
	}
	if len(mistakes) == 0 {
		return nil
	}
	return &Error{Mistakes: unique(mistakes)}
}

// Overlay returns a getenv that answers from defaults for what getenv leaves
// unset, both as NAME and as NAME_FILE.
func Overlay(getenv func(name string) string, defaults map[string]string) func(name string) string {
	return func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		if getenv(name+fileSuffix) != "" {
			return ""
		}
		if base, ok := strings.CutSuffix(name, fileSuffix); ok && getenv(base) != "" {
			return ""
		}
		return defaults[name]
	}
}

// load reads the field's variable into it. After a mistake the field has its
// default, so that Validate does not report the same mistake again.
func (f field) load(getenv func(string) string) error {
	value, err := f.read(getenv)
	if err == nil {
		err = f.parse(value)
	}
	if err == nil {
		return nil
	}
	// A default that cannot be parsed is reported when nothing is set.
	_ = f.parse("")
	return err
}

// parse sets the field to value, or to its default when value is empty. env
// works on one field at a time, so that a mistake is known by its variable and
// an error text of env, which may quote the value, is never needed.
func (f field) parse(value string) error {
	one := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: f.meta.Name, Type: f.meta.Type, Tag: f.meta.Tag,
	}}))
	one.Elem().Field(0).Set(f.value) // kept when there is neither value nor default
	environment := map[string]string{}
	if f.meta.Type.Kind() == reflect.Slice {
		value = tidyList(value)
	}
	if value != "" {
		environment[f.Name] = value
	}
	err := env.ParseWithOptions(one.Interface(), env.Options{Environment: environment, FuncMap: parsers})
	switch {
	case err == nil:
		f.value.Set(one.Elem().Field(0))
		return nil
	case errors.Is(err, env.VarIsNotSetError{}):
		return fmt.Errorf("%s is not set", f.Name)
	default:
		return fmt.Errorf("%s is not %s", f.Name, want(f.meta.Type))
	}
}

// tidyList drops white space and empty items from a comma-separated list.
func tidyList(text string) string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return strings.Join(items, ",")
}

// parsers are the types that env does not know or takes too leniently.
var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[url.URL](): func(text string) (any, error) {
		parsed, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		if parsed.Scheme == "" || parsed.Host == "" {
			return nil, errors.New("not absolute")
		}
		return *parsed, nil
	},
}

// Wanted is implemented by a type that can say in a few words which texts it
// accepts, to complete "NAME is not …".
type Wanted interface{ Want() string }

// want completes "NAME is not …".
func want(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if wanted, ok := reflect.TypeAssert[Wanted](reflect.New(t)); ok {
		return wanted.Want()
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "a duration such as 250ms, 3s or 5m"
	case reflect.TypeFor[slog.Level]():
		return "debug, info, warn or error"
	case reflect.TypeFor[url.URL]():
		return "an absolute URL such as https://example.com"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a comma-separated list in which each is " + want(t.Elem())
	case reflect.String:
		return "text"
	default:
		return "a valid " + strings.ToLower(t.Name())
	}
}

// validate asks a struct, and the structs in it, what is wrong with them.
func validate(v reflect.Value) []string {
	var mistakes []string
	if validator, ok := reflect.TypeAssert[Validator](v.Addr()); ok {
		mistakes = lines(validator.Validate())
	}
	for i := range v.NumField() {
		if isNested(v.Type().Field(i)) {
			mistakes = append(mistakes, validate(v.Field(i))...)
		}
	}
	return mistakes
}

// lines takes a joined error apart.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, err := range joined.Unwrap() {
			all = append(all, lines(err)...)
		}
		return all
	}
	return []string{err.Error()}
}

// unique drops repetitions, which come of two configs that share a variable.
func unique(mistakes []string) []string {
	var kept []string
	for _, mistake := range mistakes {
		if !slices.Contains(kept, mistake) {
			kept = append(kept, mistake)
		}
	}
	return kept
}
