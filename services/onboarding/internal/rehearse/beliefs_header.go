package rehearse

import (
	"encoding/json"

	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// headerBeliefs are about all answers that came.
var headerBeliefs = []belief{
	{
		"version-header", KindVersion, everything,
		Words{"cada resposta diz em facebook-api-version que versão a deu", "each answer says in facebook-api-version which version gave it"},
		saysErrors, Documented,
		func(_ *session, a seen) finding {
			found := unknown(Unreadable, "")
			for _, answer := range a.answers {
				switch {
				case !json.Valid(answer.Body): // whatever stands before Meta
				case servedBy(answer) == "":
					return differs("missing facebook-api-version")
				default:
					found = agrees("facebook-api-version")
				}
			}
			return found
		},
	},
	{
		"usage-app", KindUsage, everything,
		Words{"X-App-Usage, quando vem, diz em percentagens call_count, total_time e total_cputime", "X-App-Usage, where it comes, says call_count, total_time and total_cputime in percent"},
		saysLimits, Documented,
		usage("X-App-Usage", has("call_count", numeral), has("total_time", numeral), has("total_cputime", numeral)),
	},
	{
		"usage-business", KindUsage, everything,
		Words{"X-Business-Use-Case-Usage, quando vem, tem por id uma lista com percentagens e minutos", "X-Business-Use-Case-Usage, where it comes, has by id a list with percentages and minutes"},
		saysLimits, Documented,
		usage("X-Business-Use-Case-Usage",
			has("*.*.type", text), has("*.*.call_count", numeral), has("*.*.total_time", numeral),
			has("*.*.total_cputime", numeral), has("*.*.estimated_time_to_regain_access", numeral)),
	},
}

// usage compares what a header says, wherever it came.
func usage(name string, checks ...check) check {
	return func(s *session, a seen) finding {
		found := unknown(Unsaid, "")
		for _, answer := range a.answers {
			said := answer.Header.Get(name)
			if said == "" {
				continue
			}
			body := byID(said)
			if body == nil {
				return differs(name + ": no JSON")
			}
			found = all(checks...)(s, seen{answers: []meta.Answer{{Body: body}}})
			if found.verdict == Differs {
				return found
			}
			found.seen = name
		}
		return found
	}
}

// byID returns a header's object; as a list of its values, where its keys are ids.
// Nil: it is none.
func byID(header string) []byte {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(header), &object) != nil {
		return nil
	}
	values := make([]json.RawMessage, 0, len(object))
	for _, value := range object {
		if len(value) == 0 || value[0] != '[' {
			return []byte(header)
		}
		values = append(values, value)
	}
	list, err := json.Marshal(values)
	if err != nil {
		return nil
	}
	return list
}
