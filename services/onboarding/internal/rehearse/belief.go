package rehearse

import (
	"context"
	"slices"
	"time"
)

// belief is what our tables rest on, and how an answer shows whether it holds.
type belief struct {
	name   string
	kind   Kind
	about  *question
	says   Words
	source string
	sure   Mark
	holds  check
}

// Run asks everything that it may and compares the answers. An error means that
// nothing was asked, since the options are wrong. When ctx ends, what was not asked
// yet stays unknown.
func Run(ctx context.Context, options Options) (Report, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	s, err := newSession(options)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	var report Report
	for _, b := range beliefs(options) {
		got := s.compare(ctx, b)
		report.Results = append(report.Results, Result{
			Name: b.name, Kind: b.kind, Believed: b.says, Asked: b.about.asks, Source: b.source, Sure: b.sure,
			Verdict: got.verdict, Seen: got.seen, Because: got.because,
		})
	}
	return report, nil
}

func (s *session) compare(ctx context.Context, b belief) finding {
	if b.about == everything {
		if len(s.all) == 0 {
			return unknown(Unanswered, "")
		}
		return b.holds(s, seen{answers: s.all})
	}
	a := s.ask(ctx, b.about)
	if because, shown := a.silence(); because != "" {
		return unknown(because, shown)
	}
	return b.holds(s, a)
}

// beliefs returns the tables, in the order in which the questions are put. What is
// believed of all answers comes last.
func beliefs(options Options) []belief {
	return slices.Concat(
		appBeliefs, versionBeliefs(options), tokenBeliefs, listBeliefs, numberBeliefs(), writeBeliefs, headerBeliefs)
}

// Where it is said.
const (
	whatsapp = "https://developers.facebook.com/documentation/business-messaging/whatsapp/"
	graph    = "https://developers.facebook.com/docs/graph-api/"

	saysErrors      = graph + "guides/error-handling"
	saysDebugToken  = graph + "reference/debug_token"
	saysLimits      = graph + "overview/rate-limiting"
	saysProof       = graph + "guides/secure-requests"
	saysPaging      = graph + "results"
	saysVersions    = graph + "changelog/versions"
	saysPhones      = whatsapp + "business-phone-numbers/phone-numbers"
	saysAccounts    = whatsapp + "solution-providers/manage-accounts"
	saysSubscribing = whatsapp + "solution-providers/manage-webhooks"
	saysCreation    = whatsapp + "reference/business/whatsapp-business-accounts-api"
	saysLogin       = "https://developers.facebook.com/documentation/facebook-login/facebook-login-for-business"
	saysOpenAPI     = "github.com/facebook/openapi business-messaging-api_v23.0.yaml"
	saysSpecs       = "github.com/facebook/facebook-business-sdk-codegen api_specs/specs"
)
