package rehearse

import (
	"slices"

	"github.com/waba-platform/onboarding/pkg/event"
)

// writeBeliefs are asked only when something may change. That the strategies are
// refused is Meta's state of today; were one not, it would make an account.
var writeBeliefs = []belief{
	{
		"creation-2a", KindCreation, creation("POST /{business}/client_whatsapp_applications", event.StrategyClient),
		Words{"a estratégia 2A é recusada: 100/33 ou 2500", "strategy 2A is refused: 100/33 or 2500"},
		saysSpecs, Inferred, refusedWith(code{100, 33}, code{2500, anySubcode}),
	},
	{
		"creation-2b", KindCreation, creation("POST /{business}/whatsapp_business_accounts", event.StrategyAccounts),
		Words{"a estratégia 2B é recusada: 200–299, 3, 10 ou 100", "strategy 2B is refused: 200–299, 3, 10 or 100"},
		saysCreation, Documented, func(s *session, a seen) finding {
			if failure := a.failure(); failure != nil && failure.Reason == "" && failure.Class == event.ClassPermission {
				return agrees(shownCode(failure))
			}
			return refusedWith(code{100, anySubcode})(s, a)
		},
	},
	{
		"creation-2c", KindCreation, creation("POST /{business}/applications", event.StrategyApps),
		Words{"a estratégia 2C é recusada: 100/33 ou 2500", "strategy 2C is refused: 100/33 or 2500"},
		saysSpecs, Inferred, refusedWith(code{100, 33}, code{2500, anySubcode}),
	},
	{
		"creation-2d", KindCreation, creation("POST /whatsapp_business_accounts", event.StrategyOfficial),
		Words{"a estratégia 2D é recusada: 2500", "strategy 2D is refused: 2500"},
		"issue threads about unknown paths", Seen, refusedWith(code{2500, anySubcode}),
	},
	{
		"subscribe", KindWrite, subscribe,
		Words{"assinar os webhooks de uma conta responde success", "subscribing to an account's webhooks answers success"},
		saysSubscribing, Documented, all(succeeded, has("success", truth)),
	},
	{
		"subscribe-again", KindWrite, subscribeAgain,
		Words{"assinar de novo não é erro", "subscribing again is no error"},
		saysSubscribing, Documented, succeeded,
	},
	{
		"subscribed", KindWrite, subscribed,
		Words{"quem assinou está em subscribed_apps", "who has subscribed is in subscribed_apps"},
		saysSubscribing, Documented, all(readable, func(s *session, _ seen) finding {
			if !slices.Contains(s.subscribers, s.options.Graph.AppID) {
				return differs("missing")
			}
			return agrees("whatsapp_business_api_data.id")
		}),
	},
}

// succeeded believes that a call does what it was asked for. Without the
// permission there is nothing to compare.
func succeeded(_ *session, a seen) finding {
	failure := a.failure()
	switch {
	case failure == nil:
		return agrees("success")
	case failure.Reason == "" && failure.Class == event.ClassPermission:
		return unknown(Refused, shownCode(failure))
	}
	return differs(shownFailure(failure))
}
