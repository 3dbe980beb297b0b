package config

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/waba-platform/onboarding/pkg/seal"
)

const (
	fileSuffix = "_FILE"
	maxFile    = 1 << 20
)

// Variable is one environment variable that a program reads.
type Variable struct {
	Name     string
	Default  string
	Doc      string
	Secret   bool // can also be set by NAME_FILE, and is never printed
	Required bool
}

// field is a variable and where its value goes.
type field struct {
	Variable
	meta  reflect.StructField
	value reflect.Value
}

// fieldsOf returns the fields of cfg, a pointer to a struct, in their order. An
// error is a mistake of the programmer.
func fieldsOf(cfg any) ([]field, error) {
	v := reflect.ValueOf(cfg)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("config: %T is not a pointer to a struct", cfg)
	}
	return appendFields(nil, v.Elem())
}

func appendFields(fields []field, v reflect.Value) ([]field, error) {
	for i := range v.NumField() {
		meta := v.Type().Field(i)
		if isNested(meta) {
			var err error
			if fields, err = appendFields(fields, v.Field(i)); err != nil {
				return nil, err
			}
			continue
		}
		tag, tagged := meta.Tag.Lookup("env")
		if !tagged {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		_, misspelt := meta.Tag.Lookup("default")
		switch {
		case name == "" || !meta.IsExported():
			return nil, fmt.Errorf("config: %s.%s has an env tag but no name, or is not exported", v.Type(), meta.Name)
		case options != "" && options != "required":
			return nil, fmt.Errorf("config: %s.%s has env option %q: only required is known", v.Type(), meta.Name, options)
		case misspelt:
			return nil, fmt.Errorf("config: %s.%s has a default tag: write envDefault", v.Type(), meta.Name)
		}
		fields = append(fields, field{
			Variable: Variable{
				Name:     name,
				Default:  meta.Tag.Get("envDefault"),
				Doc:      meta.Tag.Get("doc"),
				Secret:   meta.Type == reflect.TypeFor[seal.Secret]() || meta.Tag.Get("secret") == "true",
				Required: options == "required",
			},
			meta:  meta,
			value: v.Field(i),
		})
	}
	return fields, nil
}

// isNested reports whether a field is a struct that has variables of its own.
func isNested(meta reflect.StructField) bool {
	_, tagged := meta.Tag.Lookup("env")
	_, text := reflect.TypeAssert[encoding.TextUnmarshaler](reflect.New(meta.Type))
	return meta.Type.Kind() == reflect.Struct && !tagged && !text && meta.IsExported()
}

// read returns what is set for the field: by its variable or, for a secret, in
// the file that NAME_FILE names, less one line break at its end.
func (f field) read(getenv func(string) string) (string, error) {
	value := getenv(f.Name)
	if !f.Secret {
		return value, nil
	}
	path := getenv(f.Name + fileSuffix)
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("%s and %s%s are both set", f.Name, f.Name, fileSuffix)
	}
	content, err := readFile(path)
	if err != nil {
		// The path is left out: it may be the secret itself, set by mistake.
		return "", fmt.Errorf("%s%s: %w", f.Name, fileSuffix, err)
	}
	content = strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
	if content == "" {
		return "", fmt.Errorf("%s%s: the file is empty", f.Name, fileSuffix)
	}
	return content, nil
}

// readFile returns a file's content, or an error that does not name the path.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer func() { _ = file.Close() }() // read only: nothing is lost
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(content) > maxFile {
		return "", fmt.Errorf("the file is larger than %d bytes", maxFile)
	}
	return string(content), nil
}

func withoutPath(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
