package metasim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/waba-platform/onboarding/metasim"
)

// openAPI is Meta's own description of the WhatsApp part of the Graph API.
type openAPI struct{ root map[string]any }

func readOpenAPI(t *testing.T) openAPI {
	t.Helper()
	text, err := os.ReadFile("../../shared/meta/business-messaging-api_v23.0.yaml")
	if os.IsNotExist(err) {
		t.Skip("Meta's OpenAPI file is not beside the repository")
	}
	require.NoError(t, err)
	var root map[string]any
	require.NoError(t, yaml.Unmarshal(text, &root))
	return openAPI{root}
}

func (o openAPI) at(path ...string) map[string]any {
	var node any = o.root
	for _, key := range path {
		m, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		if node = m[key]; node == nil {
			for k, v := range m { // YAML reads 200 as a number
				if fmt.Sprint(k) == key {
					node = v
				}
			}
		}
	}
	m, _ := node.(map[string]any)
	return o.follow(m)
}

func (o openAPI) follow(schema map[string]any) map[string]any {
	if ref, ok := schema["$ref"].(string); ok {
		return o.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return schema
}

func (o openAPI) answer(method, path, status string) map[string]any {
	return o.follow(o.at("paths", path, method, "responses", status, "content", "application/json", "schema"))
}

// Where Meta's live answers are known to differ from its file: another value of
// an enumeration, or another form.
var knownToDiffer = regexp.MustCompile(`\.(business_verification_status|quality_rating|code_verification_status|status)$`)

// check lists where value departs from schema.
func (o openAPI) check(at string, schema map[string]any, value any) []string {
	schema = o.follow(schema)
	var wrong []string
	for _, part := range anyList(schema["allOf"]) {
		wrong = append(wrong, o.check(at, part.(map[string]any), value)...)
	}
	switch schema["type"] {
	case "object":
		object, ok := value.(map[string]any)
		if !ok {
			return append(wrong, at+": not an object")
		}
		for _, name := range anyList(schema["required"]) {
			if _, ok := object[name.(string)]; !ok {
				wrong = append(wrong, fmt.Sprintf("%s: %s is missing", at, name))
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, inner := range object {
			if property, ok := properties[name].(map[string]any); ok {
				wrong = append(wrong, o.check(at+"."+name, property, inner)...)
			}
		}
	case "array":
		list, ok := value.([]any)
		if !ok {
			return append(wrong, at+": not a list")
		}
		items, _ := schema["items"].(map[string]any)
		for i, inner := range list {
			wrong = append(wrong, o.check(fmt.Sprintf("%s[%d]", at, i), items, inner)...)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			return append(wrong, fmt.Sprintf("%s: %v is not a string", at, value))
		}
		if enum := anyList(schema["enum"]); enum != nil && !slices.Contains(enum, any(text)) && !knownToDiffer.MatchString(at) {
			wrong = append(wrong, fmt.Sprintf("%s: %s is none of %v", at, text, enum))
		}
		if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(text) {
			wrong = append(wrong, fmt.Sprintf("%s: %s does not match %s", at, text, pattern))
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			wrong = append(wrong, fmt.Sprintf("%s: %v is not a boolean", at, value))
		}
	case "integer", "number":
		if _, ok := value.(float64); !ok {
			wrong = append(wrong, fmt.Sprintf("%s: %v is not a number", at, value))
		}
	}
	return wrong
}

func anyList(value any) []any {
	list, _ := value.([]any)
	return list
}

func TestAnswersHaveTheShapeOfMetasOpenAPI(t *testing.T) {
	t.Parallel()
	o := readOpenAPI(t)
	s := start(t, metasim.Options{})
	token, ids := s.token(t, "openapi"), metasim.IDs("openapi")
	wabaFields := "?fields=id,name,account_review_status,ownership_type,business_verification_status,country,currency,timezone_id,is_enabled_for_insights,message_template_namespace,primary_business_location"
	for _, tt := range []struct{ method, path, template, status string }{
		{"get", "/" + ids.Business + "/owned_whatsapp_business_accounts" + wabaFields, "/{Version}/{Business-ID}/owned_whatsapp_business_accounts", "200"},
		{"get", "/" + ids.Business + "/client_whatsapp_business_accounts" + wabaFields, "/{Version}/{Business-ID}/client_whatsapp_business_accounts", "200"},
		{"get", "/" + ids.WABA + wabaFields, "/{Version}/{WABA-ID}", "200"},
		{"get", "/" + ids.WABA + "/phone_numbers" + numberFields, "/{Version}/{WABA-ID}/phone_numbers", "200"},
		{"get", "/" + ids.Phone + numberFields, "/{Version}/{Phone-Number-ID}", "200"},
		{"get", "/" + ids.Phone, "/{Version}/{Phone-Number-ID}", "200"},
		{"get", "/" + ids.Business, "/{Version}/{Business-ID}", "200"},
		{"post", "/" + ids.WABA + "/subscribed_apps", "/{Version}/{WABA-ID}/subscribed_apps", "200"},
		{"get", "/" + ids.WABA + "/subscribed_apps", "/{Version}/{WABA-ID}/subscribed_apps", "200"},
		{"post", "/" + ids.Phone + "/register", "/{Version}/{Phone-Number-ID}/register", "200"},
		{"post", "/" + ids.Phone + "/deregister", "/{Version}/{Phone-Number-ID}/deregister", "200"},
		{"delete", "/" + ids.WABA + "/subscribed_apps", "/{Version}/{WABA-ID}/subscribed_apps", "200"},
		{"get", "/" + ids.WABA + "?fields=nonsense", "/{Version}/{WABA-ID}", "400"},
		{"post", "/" + ids.Phone + "/request_code", "/{Version}/{Phone-Number-ID}/request_code", "400"},
	} {
		var body any
		if strings.HasSuffix(tt.path, "/register") {
			body = pin("123456")
		}
		r := s.do(t, strings.ToUpper(tt.method), "/v23.0"+tt.path, token, body)
		require.Equal(t, tt.status, fmt.Sprint(r.status), r.text)
		schema := o.answer(tt.method, tt.template, tt.status)
		require.NotEmpty(t, schema, tt.template)
		require.Empty(t, o.check(tt.path, schema, any(r.json)), r.text)
	}
}

func TestErrorsHaveACodeThatIsCatalogued(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../shared/meta/errors.json")
	if os.IsNotExist(err) {
		t.Skip("the error catalogue is not beside the repository")
	}
	require.NoError(t, err)
	var rows []struct{ Code, Subcode int }
	require.NoError(t, json.Unmarshal(text, &rows))
	known := map[int]bool{101: true} // a wrong app id: folklore
	for _, row := range rows {
		known[row.Code] = true
	}
	s := start(t, metasim.Options{})
	for _, scenario := range metasim.Scenarios() {
		if scenario.Name == "slow" {
			continue
		}
		code := scenario.Code("catalogue")
		(&walk{t: t, s: s, ids: metasim.IDs(code)}).run(code, metasim.Signup{})
	}
	for _, e := range s.Ledger() {
		if e.ErrorCode != 0 {
			require.True(t, known[e.ErrorCode], e)
			require.GreaterOrEqual(t, e.Status, http.StatusBadRequest)
		}
	}
}
