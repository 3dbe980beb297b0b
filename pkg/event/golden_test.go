package event_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/waba-platform/onboarding/pkg/event"
)

// What is on the wire stays for ever: a file here is never edited. When an event
// gets a new field, -update adds a second file that has it.
var update = flag.Bool("update", false, "add golden files for kinds and fields that have none")

const restaurant event.RestaurantID = "7b1f8a52-6a57-4f0c-9f0e-0c8a1f5d2e11"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func allNames() []event.Name {
	return slices.Concat(event.NamesOf(event.FamilyInput), event.NamesOf(event.FamilyTick), event.NamesOf(event.FamilyDecision))
}

func TestEveryKindKeepsItsWireFormat(t *testing.T) {
	t.Parallel()
	for _, name := range allNames() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			files, err := filepath.Glob(filepath.Join("testdata", string(name)+".v1*.json"))
			require.NoError(t, err)
			unseen := fields("", typeOf(t, name))
			for _, file := range files {
				for _, field := range setFields("", reflect.ValueOf(requireRoundTrip(t, file))) {
					delete(unseen, field)
				}
			}
			if len(unseen) == 0 {
				return
			}
			require.True(t, *update, "no golden file has %v: go test ./pkg/event -run WireFormat -update", unseen)
			add(t, name, len(files))
		})
	}
}

// requireRoundTrip decodes a file and encodes it to itself.
func requireRoundTrip(t *testing.T, file string) event.Event {
	t.Helper()
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	envelope, e, err := event.Decode(body)
	require.NoError(t, err, file)
	again, err := event.Encode(event.Meta{
		ID:           envelope.ID,
		Source:       envelope.Source,
		Restaurant:   envelope.Subject,
		Time:         envelope.Time,
		CausationID:  envelope.CausationID,
		Sequence:     envelope.Sequence,
		TraceParent:  envelope.TraceParent,
		CorrelatedTo: envelope.CorrelationID,
	}, e)
	require.NoError(t, err)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, body))
	require.Equal(t, compact.String(), string(again), file)
	return e
}

// add writes a golden file with every field set.
func add(t *testing.T, name event.Name, have int) {
	t.Helper()
	value := reflect.New(typeOf(t, name)).Elem()
	fill(value, "")
	e, ok := reflect.TypeAssert[event.Event](value)
	require.True(t, ok)
	family, _ := event.FamilyOf(name)
	meta := event.Meta{
		ID:          event.DeriveID("example", string(name)),
		Source:      "waba/onboarding",
		Restaurant:  restaurant,
		Time:        noon,
		CausationID: event.DeriveID("example", "cause"),
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
	if family == event.FamilyDecision {
		meta.Sequence = 7
	}
	if family == event.FamilyInput && name != event.NameMetaNotified {
		meta.Source = "waba/gateway"
	}
	body, err := event.Encode(meta, e)
	require.NoError(t, err)
	var pretty bytes.Buffer
	require.NoError(t, json.Indent(&pretty, body, "", "  "))
	pretty.WriteByte('\n')
	file := string(name) + ".v1.json"
	if have > 0 {
		file = string(name) + ".v1-" + strconv.Itoa(have+1) + ".json"
	}
	require.NoError(t, os.WriteFile(filepath.Join("testdata", file), pretty.Bytes(), 0o600))
}

// typeOf returns the Go type of a kind.
func typeOf(t *testing.T, name event.Name) reflect.Type {
	t.Helper()
	_, e, err := event.Decode([]byte(`{"specversion":"1.0","id":"x","source":"x","type":"` + name.Type() + `",
		"subject":"` + string(restaurant) + `","time":"2026-11-23T12:00:00Z","data":{}}`))
	require.NoError(t, err)
	require.Equal(t, name, e.Name())
	require.NotEqual(t, reflect.TypeFor[event.Unknown](), reflect.TypeOf(e))
	return reflect.TypeOf(e)
}

var timeType = reflect.TypeFor[time.Time]()

// fields returns the paths of all fields of a struct, in depth.
func fields(path string, typ reflect.Type) map[string]bool {
	found := map[string]bool{}
	switch {
	case typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice:
		return fields(path, typ.Elem())
	case typ.Kind() == reflect.Struct && typ != timeType:
		for field := range typ.Fields() {
			for inner := range fields(path+"."+key(field), field.Type) {
				found[inner] = true
			}
		}
	default:
		found[path] = true
	}
	return found
}

// setFields returns the paths of those fields that are not zero.
func setFields(path string, value reflect.Value) []string {
	var found []string
	switch {
	case value.IsZero():
	case value.Kind() == reflect.Pointer:
		return setFields(path, value.Elem())
	case value.Kind() == reflect.Slice:
		for i := range value.Len() {
			found = append(found, setFields(path, value.Index(i))...)
		}
	case value.Kind() == reflect.Struct && value.Type() != timeType:
		for i := range value.NumField() {
			found = append(found, setFields(path+"."+key(value.Type().Field(i)), value.Field(i))...)
		}
	default:
		return []string{path}
	}
	return found
}

func key(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// examples are values by type, and by JSON key for plain text and numbers.
var (
	examplesByType = map[reflect.Type]any{
		timeType:                               noon.Add(5*time.Minute + 250*time.Millisecond),
		reflect.TypeFor[event.RestaurantID]():  restaurant,
		reflect.TypeFor[event.IntegrationID](): event.IntegrationOf(restaurant),
		reflect.TypeFor[event.WabaID]():        event.WabaID("102290129340398"),
		reflect.TypeFor[event.BusinessID]():    event.BusinessID("506914307656634"),
		reflect.TypeFor[event.PhoneNumberID](): event.PhoneNumberID("106540352242922"),
		reflect.TypeFor[event.UserID]():        event.UserID("10164527384950123"),
		reflect.TypeFor[event.CredentialRef](): event.CredentialRef(event.DeriveID("example", "credential")),
		reflect.TypeFor[event.SecretRef]():     event.SecretRef(event.DeriveID("example", "secret")),
		reflect.TypeFor[event.Hash]():          event.HashOf(restaurant, "example", "text"),
		reflect.TypeFor[event.Code]():          event.CodeRateLimited,
		reflect.TypeFor[event.Class]():         event.ClassRateLimit,
		reflect.TypeFor[event.Strategy]():      event.StrategyClient,
		reflect.TypeFor[event.Stage]():         event.StageDiscovery,
		reflect.TypeFor[event.Stop]():          event.StopPolling,
		reflect.TypeFor[event.Status]():        event.StatusInProgress,
		reflect.TypeFor[event.Result]():        event.ResultRefused,
		reflect.TypeFor[event.ActionKind]():    event.ActionChooseNumber,
		reflect.TypeFor[event.Actor]():         event.ActorRestaurant,
		reflect.TypeFor[event.Origin]():        event.OriginCode,
		reflect.TypeFor[event.Name]():          event.NameRetryRequested,
		reflect.TypeFor[event.Warning]():       event.Warning("payment_method_missing"),
	}
	examplesByKey = map[string]any{
		"attempt":              2,
		"by":                   "RetryRequested",
		"call":                 "owned_whatsapp_business_accounts",
		"code":                 4,
		"display_phone_number": "+55 11 91234-5678",
		"event":                "PARTNER_APP_INSTALLED",
		"fbtrace_id":           "AbCdEfGhIjKlMnOpQrStUv",
		"field":                "account_update",
		"http_status":          400,
		"id":                   "506914307656634",
		"language":             "pt_BR",
		"max_attempts":         10,
		"method":               "SMS",
		"operation":            "create_waba",
		"permissions":          "whatsapp_business_management",
		"principal":            "web-app",
		"reason":               "pedido do restaurante",
		"redirect_uri":         "https://app.example.com/oauth/callback",
		"restaurant_name":      "Cantina da Praça",
		"retry_after":          60,
		"scopes":               "whatsapp_business_management",
		"step":                 "discover",
		"subcode":              2446079,
		"token_type":           "bearer",
		"type":                 "SYSTEM_USER",
		"undone":               "unsubscribe",
		"url":                  "https://business.facebook.com/wa/manage/home/",
	}
)

// fill sets every field, in depth.
func fill(value reflect.Value, at string) {
	if example, ok := examplesByType[value.Type()]; ok {
		value.Set(reflect.ValueOf(example))
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), at)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0), at)
	case reflect.Struct:
		for i := range value.NumField() {
			fill(value.Field(i), key(value.Type().Field(i)))
		}
	case reflect.Bool:
		value.SetBool(true)
	default:
		example := reflect.ValueOf(examplesByKey[at])
		if !example.IsValid() || !example.CanConvert(value.Type()) || (example.Kind() == reflect.Int) != value.CanConvert(reflect.TypeFor[int]()) {
			example = reflect.ValueOf(map[bool]any{true: "text", false: 3}[value.Kind() == reflect.String])
		}
		value.Set(example.Convert(value.Type()))
	}
}
