package httpapi

import (
	"bytes"
	"html/template"

	"github.com/waba-platform/onboarding/pkg/errcode"
)

// pageStyle is the page's one style, allowed by its hash.
const pageStyle = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1b1b1b;background:#fff}` +
	`small{color:#595959}@media(prefers-color-scheme:dark){body{color:#eee;background:#111}small{color:#aaa}}`

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><style>` + pageStyle + `</style></head>
<body><main><h1>{{.Title}}</h1><p>{{.Text}}</p>{{if .Code}}<p><small>{{.Code}} &middot; {{.Request}}</small></p>{{end}}</main></body></html>
`))

// page shows a browser what has come of Meta's redirect. It has no script, no
// link and nothing from elsewhere.
func (c *call) page(back returned) error {
	view := pageView{Title: c.text(errcode.RequestAccepted), Text: c.text(errcode.InProgress)}
	if back.code != "" {
		words := c.words(back.code)
		view.Title, view.Text, view.Code = words.Title, words.Text+" "+words.Next, string(back.code)
	}
	return c.show(back.status, view)
}

// pageView is what a page shows.
type pageView struct {
	Title, Text string
	Code        string // of a problem

	Lang, Request string // set by show
}

func (c *call) show(status int, view pageView) error {
	view.Lang, view.Request = string(c.lang), note(c.context()).id
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, view); err != nil {
		return err
	}
	c.w.Header().Set("Content-Language", string(c.lang))
	c.html(status, pageStyle, body.Bytes())
	return nil
}
