package errcode_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/errcode"
	"github.com/waba-platform/onboarding/pkg/event"
)

// constants returns the values of all constants of a type in a file, as they are
// written there: a new one cannot be forgotten.
func constants(t testing.TB, file, typeName string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var values []string
	for _, decl := range parsed.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Type == nil {
				continue
			}
			if nameOf(value.Type) != typeName {
				continue
			}
			for _, expr := range value.Values {
				text, err := strconv.Unquote(expr.(*ast.BasicLit).Value)
				require.NoError(t, err)
				values = append(values, text)
			}
		}
	}
	require.NotEmpty(t, values, "%s has no %s", file, typeName)
	return values
}

// nameOf returns the last name of a type, as in Code or event.Code.
func nameOf(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.SelectorExpr:
		return expr.Sel.Name
	}
	return ""
}

func TestCatalogue(t *testing.T) {
	t.Parallel()

	t.Run("has each code once, and no other", func(t *testing.T) {
		t.Parallel()
		want := slices.Concat(constants(t, "../event/errors.go", "Code"), constants(t, "entry.go", "Code"))
		var got []string
		for _, entry := range errcode.All() {
			got = append(got, string(entry.Code))
		}
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got)
	})

	t.Run("finds each code", func(t *testing.T) {
		t.Parallel()
		for _, entry := range errcode.All() {
			found, ok := errcode.Lookup(entry.Code)
			require.True(t, ok)
			require.Equal(t, entry, found)
			require.Equal(t, entry, errcode.Explain(entry.Code))
		}
		_, ok := errcode.Lookup("of_the_future")
		require.False(t, ok)
		unknown := errcode.Explain("of_the_future")
		require.Equal(t, event.Code("of_the_future"), unknown.Code)
		require.Equal(t, http.StatusInternalServerError, unknown.HTTPStatus)
		require.NotEmpty(t, unknown.Words(errcode.Portuguese).Text)
	})

	t.Run("says who acts, how, and with which status", func(t *testing.T) {
		t.Parallel()
		actors := constants(t, "../event/integration.go", "Actor")
		actions := constants(t, "../event/integration.go", "ActionKind")
		for _, entry := range errcode.All() {
			require.Contains(t, actors, string(entry.Actor), entry.Code)
			require.Contains(t, actions, string(entry.Action), entry.Code)
			require.NotEmpty(t, http.StatusText(entry.HTTPStatus), entry.Code)
			if entry.HTTPStatus == http.StatusBadGateway || entry.HTTPStatus == http.StatusServiceUnavailable {
				spent := entry.Action == event.ActionRestartSignup // the code: another is needed
				require.Equal(t, !spent && entry.Code != event.CodeBlocked, entry.Retryable, entry.Code)
			}
		}
	})

	t.Run("answers as the contract says", func(t *testing.T) {
		t.Parallel()
		for code, want := range map[event.Code]struct {
			status int
			action event.ActionKind
		}{
			event.CodeCodeExpired:       {422, event.ActionRestartSignup},
			event.CodeCodeUsed:          {422, event.ActionRestartSignup},
			event.CodeCodeRefused:       {422, event.ActionRestartSignup},
			event.CodeTokenInvalid:      {422, event.ActionReauthorize},
			event.CodePermissionMissing: {422, event.ActionGrantPermissions},
			event.CodeRateLimited:       {503, event.ActionWait},
			event.CodeBlocked:           {503, event.ActionResolveBlock},
			event.CodeMetaUnavailable:   {502, event.ActionRetry},
			event.CodeBusy:              {409, event.ActionWait},
			event.CodeTooEarly:          {409, event.ActionRetry},
			errcode.InvalidInput:        {422, event.ActionContactSupport},
			errcode.BodyTooLarge:        {413, event.ActionContactSupport},
			errcode.Unauthenticated:     {401, event.ActionFixConfiguration},
			errcode.Forbidden:           {403, event.ActionFixConfiguration},
			errcode.NotFound:            {404, event.ActionContactSupport},
			errcode.StateUsed:           {403, event.ActionRestartSignup},
			errcode.StateForeign:        {403, event.ActionRestartSignup},
			errcode.TooManyRequests:     {429, event.ActionRetry},
			errcode.BusUnavailable:      {503, event.ActionRetry},
			errcode.DatabaseUnavailable: {503, event.ActionRetry},
		} {
			entry, ok := errcode.Lookup(code)
			require.True(t, ok, code)
			require.Equal(t, want.status, entry.HTTPStatus, code)
			require.Equal(t, want.action, entry.Action, code)
		}
	})
}

var (
	code    = regexp.MustCompile(`[0-9]|_|%`)
	english = regexp.MustCompile(`(?i)\b(the|and|or|of|is|was|not|please|error|token|request|business|account|waiting|number|retry|webhook|polling|code)\b`)
	accents = regexp.MustCompile(`[à-ýÀ-Ý]`)
)

// plain checks a text that a restaurant may read.
func plain(t testing.TB, lang errcode.Lang, key, text string) {
	t.Helper()
	require.NotEmpty(t, strings.TrimSpace(text), "%s in %s", key, lang)
	require.Equal(t, strings.TrimSpace(text), text, "%s in %s", key, lang)
	require.NotRegexp(t, code, text, "%s in %s", key, lang)
	require.NotEqual(t, key, text, "%s has no words in %s", key, lang)
	require.LessOrEqual(t, len(text), 200, "%s in %s", key, lang)
	if lang == errcode.Portuguese {
		require.NotRegexp(t, english, strings.ReplaceAll(text, "WhatsApp Business", "WhatsApp"), key)
	} else {
		require.NotRegexp(t, accents, text, key)
	}
}

func TestWordsArePlainInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, lang := range errcode.Languages() {
		for _, entry := range errcode.All() {
			words := entry.Words(lang)
			plain(t, lang, string(entry.Code), words.Title)
			plain(t, lang, string(entry.Code), words.Text)
			plain(t, lang, string(entry.Code), words.Next)
			require.False(t, strings.HasSuffix(words.Title, "."), entry.Code)
			require.True(t, strings.HasSuffix(words.Text, "."), entry.Code)
			require.True(t, strings.HasSuffix(words.Next, "."), entry.Code)
		}
		for _, status := range constants(t, "../event/integration.go", "Status") {
			plain(t, lang, status, errcode.StatusLabel(lang, event.Status(status)))
		}
		for _, stage := range constants(t, "../event/integration.go", "Stage") {
			plain(t, lang, stage, errcode.StageLabel(lang, event.Stage(stage)))
		}
		for _, strategy := range constants(t, "../event/integration.go", "Strategy") {
			plain(t, lang, strategy, errcode.StrategyLabel(lang, event.Strategy(strategy)))
		}
		for _, result := range constants(t, "../event/integration.go", "Result") {
			plain(t, lang, result, errcode.ResultLabel(lang, event.Result(result)))
		}
		for _, actor := range constants(t, "../event/integration.go", "Actor") {
			plain(t, lang, actor, errcode.ActorLabel(lang, event.Actor(actor)))
		}
		for _, action := range constants(t, "../event/integration.go", "ActionKind") {
			plain(t, lang, action, errcode.ActionLabel(lang, event.ActionKind(action)))
			plain(t, lang, action, errcode.ActionText(lang, event.ActionKind(action)))
		}
	}
	for _, lang := range errcode.Languages() {
		for _, warning := range constants(t, "../event/warning.go", "Warning") {
			plain(t, lang, warning, errcode.WarningText(lang, event.Warning(warning)))
		}
	}
	require.Equal(t, "of_the_future", errcode.StageLabel(errcode.Portuguese, "of_the_future"))
}

func TestMessages(t *testing.T) {
	t.Parallel()

	t.Run("are the plan's to the letter", func(t *testing.T) {
		t.Parallel()
		for message, want := range map[errcode.Message]string{
			errcode.TokenExchanged: "Token trocado com sucesso",
			errcode.WabaFound:      "WABA existente encontrada",
			errcode.WabaCreated:    "WABA criada com sucesso via estratégia client_whatsapp_applications",
			errcode.WabaPolled:     "WABA encontrada via polling",
			errcode.Completed:      "Integração concluída via estratégia client_whatsapp_applications",
		} {
			require.Equal(t, want, message.In(errcode.Portuguese, event.StrategyClient))
		}
		require.Equal(t, "Integration completed by strategy business_search", errcode.Completed.In(errcode.English, event.StrategyBusiness))
	})

	t.Run("are there in both languages", func(t *testing.T) {
		t.Parallel()
		for _, key := range constants(t, "message.go", "Message") {
			seen := map[string]bool{}
			for _, lang := range errcode.Languages() {
				text := errcode.Message(key).In(lang, event.StrategyClient)
				require.NotEqual(t, key, text)
				require.NotContains(t, text, "%")
				seen[text] = true
			}
			require.Len(t, seen, len(errcode.Languages()), key)
		}
	})

	t.Run("do not take what a strategy is named for a place", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "Integração concluída via estratégia %s%d", errcode.Completed.In(errcode.Portuguese, "%s%d"))
	})
}

func TestMatchLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		accept, fallback string
		want             errcode.Lang
	}{
		{"", "", errcode.Portuguese},
		{"", "en", errcode.English},
		{"", "pt-BR", errcode.Portuguese},
		{"", "fr", errcode.Portuguese},
		{"en", "pt-BR", errcode.English},
		{"en-GB,en;q=0.9", "pt-BR", errcode.English},
		{"pt-PT", "en", errcode.Portuguese},
		{"fr-FR, de;q=0.9", "en", errcode.English},
		{"en;q=0.5, pt;q=0.9", "en", errcode.Portuguese},
		{"en;q=0.5, pt;q=0.5", "pt-BR", errcode.English},
		{"en;q=0", "pt-BR", errcode.Portuguese},
		{"pt;q=0, *", "en", errcode.English},
		{"*", "en", errcode.English},
		{"*;q=0.1, en;q=0.2", "pt-BR", errcode.English},
		{"EN-us ; Q=1.0", "pt-BR", errcode.English},
		{"en;q=NaN, pt;q=0.1", "en", errcode.Portuguese},
		{"en;q=5, pt;q=0.1", "en", errcode.Portuguese},
		{";;,,=;q=,", "en", errcode.English},
		{strings.Repeat("xx,", 100_000) + "en", "pt-BR", errcode.Portuguese},
	} {
		require.Equal(t, tt.want, errcode.MatchLanguage(tt.accept, tt.fallback), "%.40s", tt.accept)
	}
}

func TestParseLang(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]errcode.Lang{"pt-BR": errcode.Portuguese, "pt": errcode.Portuguese, " EN_US": "", "en-US": errcode.English, "fr": "", "": ""} {
		lang, ok := errcode.ParseLang(tag)
		require.Equal(t, want != "", ok, tag)
		if ok {
			require.Equal(t, want, lang)
		}
	}
}
