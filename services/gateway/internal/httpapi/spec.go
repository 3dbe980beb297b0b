package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/waba-platform/onboarding/pkg/errcode"
)

// spec is the OpenAPI document, and the schemas by which bodies are checked: what
// is published is what is enforced. Of huma only the document and the validation
// are used; its errors, which repeat values, never leave this file.
type spec struct {
	document   *huma.OpenAPI
	operations []*huma.Operation // in the order in which they were added
	text       []byte
}

const schemas = "#/components/schemas/"

func newSpec() *spec {
	return &spec{document: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "WhatsApp Business onboarding",
			Version:     "1",
			Description: "Connects restaurants to the WhatsApp Business Cloud API.",
		},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "A service key."},
			},
		},
	}}
}

// add documents an endpoint, and returns what checks its bodies.
func (s *spec) add(e endpoint, body reflect.Type) func(map[string]any) error {
	op := &huma.Operation{
		Method:      e.method,
		Path:        e.path,
		OperationID: e.id,
		Summary:     e.summary,
		Responses:   map[string]*huma.Response{},
	}
	for _, name := range pathParameters(e.path) {
		schema := &huma.Schema{Type: huma.TypeString}
		if name == "restaurant_id" {
			schema.Format = "uuid"
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: schema})
	}
	for _, p := range e.query {
		schema := &huma.Schema{Type: huma.TypeString}
		for _, value := range p.values {
			schema.Enum = append(schema.Enum, value)
		}
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: schema})
	}
	if e.scope != "" {
		op.Security = []map[string][]string{{"bearer": {}}}
		op.Description = "Scope: " + string(e.scope) + "."
	}
	for status, what := range e.statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: what}
	}
	if e.data != nil {
		op.Responses["200"] = &huma.Response{Description: "Finished.", Content: s.envelope(reflect.TypeOf(e.data))}
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem (RFC 9457).",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: s.schema(reflect.TypeFor[problemDocument]()),
		}},
	}
	var check func(map[string]any) error
	if body != nil {
		schema := s.schema(body)
		op.RequestBody = &huma.RequestBody{Required: !e.bodyless, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
		check = s.checker(schema)
	}
	s.document.AddOperation(op)
	s.operations = append(s.operations, op)
	return check
}

// finish makes the document's text.
func (s *spec) finish(publicURL string) error {
	if publicURL != "" {
		s.document.Servers = []*huma.Server{{URL: publicURL}}
	}
	text, err := json.Marshal(s.document)
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	s.text = text
	return nil
}

func (s *spec) schema(t reflect.Type) *huma.Schema {
	return s.document.Components.Schemas.Schema(t, true, t.Name())
}

// envelope is the schema of a success with this data.
func (s *spec) envelope(data reflect.Type) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		Type: huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"success": {Type: huma.TypeBoolean},
			"message": {Type: huma.TypeString},
			"data":    s.schema(data),
		},
		Required: []string{"success", "message", "data"},
	}}}
}

// checker returns a function that says what is wrong with a body: the field and
// what it must be, never what it is.
func (s *spec) checker(schema *huma.Schema) func(map[string]any) error {
	registry := s.document.Components.Schemas
	fields := registry.SchemaFromRef(schema.Ref).Properties
	return func(object map[string]any) error {
		for name := range object {
			if folded := strings.ToLower(name); folded != name && fields[folded] != nil {
				return &problem{code: errcode.InvalidInput, detail: errFieldNames.Error()}
			}
		}
		result := &huma.ValidateResult{}
		huma.Validate(registry, schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, object, result)
		if len(result.Errors) == 0 {
			return nil
		}
		what := make([]string, 0, len(result.Errors))
		for _, err := range result.Errors {
			if detailer, ok := err.(huma.ErrorDetailer); ok {
				detail := detailer.ErrorDetail()
				what = append(what, strings.TrimSpace(detail.Location+" "+detail.Message))
			}
		}
		return &problem{code: errcode.InvalidInput, detail: strings.Join(what, "; ")}
	}
}

func pathParameters(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

func (s *Server) openapi(c *call) error {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write(s.spec.text) // a caller that has gone away changes nothing
	return nil
}
