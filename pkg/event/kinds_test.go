package event_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

// kindsInSource returns the doc comment of every type that is an event.
func kindsInSource(t *testing.T) map[event.Name]string {
	t.Helper()
	notTests := func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", notTests, parser.ParseComments) //nolint:staticcheck // no build tags here
	require.NoError(t, err)
	docs, kinds := map[string]string{}, map[event.Name]string{}
	for _, file := range packages["event"].Files {
		for _, declaration := range file.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range group.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					docs[spec.Name.Name] = group.Doc.Text()
				}
			}
		}
	}
	for _, file := range packages["event"].Files {
		for _, declaration := range file.Decls {
			method, ok := declaration.(*ast.FuncDecl)
			if !ok || method.Recv == nil || method.Name.Name != "Name" {
				continue
			}
			if receiver, ok := method.Recv.List[0].Type.(*ast.Ident); ok && receiver.Name != "Unknown" {
				kinds[event.Name(receiver.Name)] = docs[receiver.Name]
			}
		}
	}
	return kinds
}

func TestEveryKindIsListedOnceAndSaysWhoWritesAndReadsIt(t *testing.T) {
	t.Parallel()
	kinds := kindsInSource(t)
	names := allNames()
	require.Len(t, names, len(kinds))
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names))
	writers := map[event.Family]string{event.FamilyInput: "gateway", event.FamilyTick: "the NATS server", event.FamilyDecision: "onboarding"}
	for _, name := range names {
		doc, ok := kinds[name]
		require.True(t, ok, "%s is the name of its type", name)
		require.True(t, strings.HasPrefix(doc, string(name)+" "), name)
		family, _ := event.FamilyOf(name)
		writer := writers[family]
		if name == event.NameMetaNotified {
			writer = "onboarding"
		}
		require.Contains(t, doc, "Produced by: "+writer+". Consumed by: ", name)
		require.Contains(t, doc[strings.Index(doc, "Consumed by: "):], "auditlog", name)
		require.Equal(t, "waba."+string(name)+".v1", name.Type())
	}
}

// The brief's CHECK list.
var steps = []event.Step{
	"oauth", "token_exchange", "waba_discovery", "waba_creation", "polling_system",
	"polling_verification", "complete_flow", "phone_registration", "phone_verification",
}

func TestEveryKindHasAStepOfTheAuditLog(t *testing.T) {
	t.Parallel()
	stages := []event.Stage{
		"", event.StageOAuth, event.StageExchange, event.StageDiscovery, event.StageCreation, event.StagePolling, event.StageSubscription,
		event.StageRegistration, event.StageVerification, event.StageFinalCheck, event.StageDone, "a_stage_of_a_newer_service",
	}
	for _, name := range allNames() {
		_, e, err := event.Decode(envelope(t, map[string]any{"type": name.Type(), "data": map[string]any{"code": "expired"}}))
		require.NoError(t, err)
		for _, stage := range stages {
			facts := event.Audit(e, stage)
			require.Contains(t, steps, facts.Step, "%s at %q", name, stage)
			require.Equal(t, facts.Success, facts.ErrorMessage == "", "%s at %q", name, stage)
		}
	}
	require.Contains(t, steps, event.Audit(event.Unknown{Kind: "SomethingNew"}, "").Step)
}

func TestOnlyFailuresAreNoSuccess(t *testing.T) {
	t.Parallel()
	blocked := &event.MetaError{Code: 368, Class: event.ClassBlocked}
	for _, tt := range []struct {
		event event.Event
		says  string
	}{
		{event.WabaReady{}, ""},
		{event.WabaNotFound{}, ""},
		{event.WabaPolled{Attempt: 1}, ""},
		{event.WabaPolled{Attempt: 1, Error: blocked}, "meta_unavailable (Meta 368)"},
		{event.WabaCreationAttempted{Outcome: event.ResultCreated}, ""},
		{event.WabaCreationAttempted{Outcome: event.ResultSkipped}, ""},
		{event.WabaCreationAttempted{Outcome: event.ResultRefused, Error: &event.MetaError{Code: 100, Subcode: 33}}, "waba_not_created (Meta 100/33)"},
		{event.WabaCreationAttempted{Outcome: event.ResultUnknown, Error: &event.MetaError{Class: event.ClassUnanswered}}, "waba_not_created (unanswered)"},
		{event.OnboardingFailed{Code: event.CodeBlocked, Error: blocked}, "meta_blocked (Meta 368)"},
		{event.InputRefused{Code: event.CodeTooEarly}, "too_early"},
		{event.OnboardingExpired{}, "expired"},
		{event.OnboardingCancelled{}, ""},
		{event.IntegrationDisconnected{}, ""},
	} {
		facts := event.Audit(tt.event, event.StageDiscovery)
		require.Equal(t, tt.says, facts.ErrorMessage, "%#v", tt.event)
		require.Equal(t, tt.says == "", facts.Success)
	}
}
