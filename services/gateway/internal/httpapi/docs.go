package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// docsStyle is the one style of the documentation, allowed by its hash.
const docsStyle = `body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}` +
	`code{font:.95em ui-monospace,monospace}h2{margin:2.5rem 0 0;font-size:1.1rem}table{border-collapse:collapse;width:100%}` +
	`td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd}caption{text-align:left;font-weight:600;padding-top:.8rem}` +
	`@media(prefers-color-scheme:dark){body{color:#eee;background:#111}a{color:#8cf}td,th{border-color:#333}}`

var docsTemplate = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><style>` + docsStyle + `</style></head><body><main>
<h1>{{.Title}}</h1>
<p>{{.Description}} As OpenAPI 3.1: <a href="/openapi.json">openapi.json</a>.</p>
<p>Success is <code>{"success":true,"message":…,"data":…}</code>. Anything else is <code>application/problem+json</code> (RFC 9457),
with a stable <code>code</code>, a <code>message</code> in the user's language (<code>Accept-Language</code>) and a <code>next_action</code>.
A POST waits for its outcome; <code>Prefer: wait=N</code> or <code>Prefer: respond-async</code> say for how long, <code>Idempotency-Key</code> makes it safe to send again.</p>
<ul>{{range .Operations}}<li><a href="#{{.ID}}"><code>{{.Method}} {{.Path}}</code></a></li>{{end}}</ul>
{{range .Operations}}<section><h2 id="{{.ID}}"><code>{{.Method}} {{.Path}}</code></h2>
<p>{{.Summary}} {{.Note}}</p>
{{range .Tables}}<table><caption>{{.Title}}</caption>{{range .Rows}}<tr><td><code>{{.Name}}</code></td><td>{{.Type}}{{if .Required}}, required{{end}}</td><td>{{.Doc}}</td></tr>{{end}}</table>
{{end}}</section>{{end}}</main></body></html>
`))

// docsOperation is what the documentation says of an endpoint.
type docsOperation struct {
	ID, Method, Path, Summary, Note string
	Tables                          []docsTable
}

type docsTable struct {
	Title string
	Rows  []docsRow
}

type docsRow struct {
	Name, Type, Doc string
	Required        bool
}

// docs shows the OpenAPI document to people. It has no script and nothing from
// elsewhere, so it works offline.
func (c *call) docs() error {
	view := struct {
		Title, Description string
		Operations         []docsOperation
	}{Title: c.spec.document.Info.Title, Description: c.spec.document.Info.Description}
	for _, op := range c.spec.operations {
		view.Operations = append(view.Operations, c.spec.describe(op))
	}
	var body bytes.Buffer
	if err := docsTemplate.Execute(&body, view); err != nil {
		return err
	}
	c.html(http.StatusOK, docsStyle, body.Bytes())
	return nil
}

// html writes a page with one style and nothing else that could be loaded or run.
func (c *call) html(status int, style string, body []byte) {
	sum := sha256.Sum256([]byte(style))
	header := c.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a browser that has gone away changes nothing
}

func (s *spec) describe(op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Note: op.Description}
	var parameters docsTable
	for _, p := range op.Parameters {
		parameters.Rows = append(parameters.Rows, docsRow{Name: p.Name, Type: p.In, Doc: p.Description, Required: p.Required})
	}
	d.add("Parameters", parameters.Rows)
	if op.RequestBody != nil {
		d.add("Body", s.fields(op.RequestBody.Content["application/json"].Schema))
	}
	if content := op.Responses["200"]; content != nil && content.Content != nil {
		d.add("Data of a 200", s.fields(content.Content["application/json"].Schema.Properties["data"]))
	}
	var statuses []docsRow
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		statuses = append(statuses, docsRow{Name: status, Doc: op.Responses[status].Description})
	}
	d.add("Answers", statuses)
	return d
}

func (d *docsOperation) add(title string, rows []docsRow) {
	if len(rows) > 0 {
		d.Tables = append(d.Tables, docsTable{Title: title, Rows: rows})
	}
}

// fields returns the members of an object, in the order of their names.
func (s *spec) fields(schema *huma.Schema) []docsRow {
	if schema.Ref != "" {
		schema = s.document.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	var rows []docsRow
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		kind := field.Type
		if field.Ref != "" {
			kind = strings.TrimPrefix(field.Ref, schemas)
		}
		rows = append(rows, docsRow{Name: name, Type: kind, Doc: field.Description, Required: slices.Contains(schema.Required, name)})
	}
	return rows
}
