package metasim

import "strings"

// value is a field of a node: its JSON, or nothing when the node has the field
// but no value for it, which Meta leaves out.
type value struct {
	json    string
	unknown bool
}

var (
	absent  = value{}
	unknown = value{unknown: true}
)

func textValue(text string) value { return value{json: quoted(text)} }

func rawValue(json string) value { return value{json: json} }

func truthValue(truth bool) value {
	if truth {
		return value{json: "true"}
	}
	return value{json: "false"}
}

// field is one entry of the fields parameter: a name, and what is wanted of it.
type field struct {
	name   string
	wanted []string // of an object; all of it when empty
}

// fieldsOf reads the fields parameter. ok is false when its braces do not match.
func fieldsOf(c *call, otherwise []field) (fields []field, ok bool) {
	text := c.param("fields")
	if text == "" {
		return otherwise, true
	}
	for text != "" {
		end, depth := len(text), 0
	scan:
		for i, r := range text {
			switch {
			case r == '{':
				depth++
			case r == '}':
				depth--
			case r == ',' && depth == 0:
				end = i
				break scan
			}
		}
		if depth != 0 {
			return nil, false
		}
		name, inner, nested := strings.Cut(strings.TrimSpace(text[:end]), "{")
		f := field{name: name}
		if nested {
			f.wanted = strings.Split(strings.TrimSuffix(inner, "}"), ",")
		}
		if name != "" {
			fields = append(fields, f)
		}
		text = strings.TrimPrefix(text[end:], ",")
	}
	return fields, true
}

func plainFields(names ...string) []field {
	fields := make([]field, 0, len(names))
	for _, name := range names {
		fields = append(fields, field{name: name})
	}
	return fields
}

var idAndName = plainFields("id", "name")

// renderNode writes the fields that are asked for, and the id, which Meta always gives.
func renderNode(kind nodeKind, id string, fields []field, get func(field) value) ([]byte, *graphError) {
	o, hasID := newObject(), false
	for _, f := range fields {
		if f.name == "id" {
			if !hasID {
				o.text("id", id)
			}
			hasID = true
			continue
		}
		v := get(f)
		if v.unknown {
			return nil, errUnknownField(f.name, kind)
		}
		if v.json != "" {
			o.raw(f.name, v.json)
		}
	}
	if !hasID {
		o.text("id", id)
	}
	return o.end(), nil
}

// pairs is a small object whose parts can be asked for one by one.
func pairs(f field, names []string, values ...string) value {
	o := newObject()
	for i, name := range names {
		if len(f.wanted) > 0 && !contains(f.wanted, name) {
			continue
		}
		o.text(name, values[i])
	}
	return value{json: string(o.end())}
}

func contains(wanted []string, name string) bool {
	for _, w := range wanted {
		if strings.TrimSpace(w) == name {
			return true
		}
	}
	return false
}

// renderOne answers with a single node.
func renderOne(c *call, kind nodeKind, id uint64, otherwise []field, get func(field) value) answer {
	fields, ok := fieldsOf(c, otherwise)
	if !ok {
		return refused(errInvalid("Syntax error in the fields parameter"))
	}
	body, e := renderNode(kind, idText(id), fields, get)
	if e != nil {
		return refused(e)
	}
	return found(body)
}
