package rehearse

import (
	"context"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
)

// need is what a question takes.
type need int

const (
	needsApp   need = iota
	needsGiven      // a token, whatever it is worth
	needsToken      // one that is valid, and of our app
	needsWrite      // the same, and the word that something may change
)

// question is a call of the client's.
type question struct {
	asks  string
	needs need
	ask   func(context.Context, *session) error
}

// With the app's own credentials.
var (
	appItself = &question{"GET /debug_token", needsApp, func(ctx context.Context, s *session) (err error) {
		s.self, err = s.app.Inspect(ctx, s.app.AppToken())
		return err
	}}
	wrongSecret = &question{"GET /oauth/access_token", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.stranger.Exchange(ctx, seal.NewSecret(noCode), "")
		return err
	}}
	wrongApp = &question{"GET /oauth/access_token", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.nobody.Exchange(ctx, seal.NewSecret(noCode), "")
		return err
	}}
	wrongCode = &question{"GET /oauth/access_token", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.app.Exchange(ctx, seal.NewSecret(noCode), "")
		return err
	}}
	wrongAppToken = &question{"GET /debug_token", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.stranger.Inspect(ctx, s.stranger.AppToken())
		return err
	}}
	wrongTokenItself = &question{"GET /debug_token", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.app.Inspect(ctx, seal.NewSecret(noToken))
		return err
	}}
	wrongToken = &question{"GET /me", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.app.ClientBusiness(ctx, seal.NewSecret(noToken))
		return err
	}}
	unknownID = &question{"GET /{id}/phone_numbers", needsApp, func(ctx context.Context, s *session) error {
		_, err := s.app.PhoneNumbers(ctx, s.app.AppToken(), noObject)
		return err
	}}
)

// everything stands for all that was answered: it is asked nothing itself.
var everything = &question{asks: "*"}

// inVersion asks for a version.
func inVersion(version string) *question {
	return &question{"GET /debug_token", needsApp, func(ctx context.Context, s *session) error {
		client, err := s.in(version)
		if err != nil {
			return err
		}
		_, err = client.Inspect(ctx, client.AppToken())
		return err
	}}
}

// With a token.
var (
	tokenItself = &question{"GET /debug_token", needsGiven, func(ctx context.Context, s *session) (err error) {
		s.token, err = s.app.Inspect(ctx, s.options.Token)
		return err
	}}
	wrongProof = &question{"GET /me", needsToken, func(ctx context.Context, s *session) error {
		_, err := s.stranger.ClientBusiness(ctx, s.options.Token)
		return err
	}}
	tokenBusiness = &question{"GET /me?fields=client_business_id", needsToken, func(ctx context.Context, s *session) (err error) {
		s.business, err = s.app.ClientBusiness(ctx, s.options.Token)
		return err
	}}
	ownBusinesses = &question{"GET /me/businesses", needsToken, func(ctx context.Context, s *session) (err error) {
		s.businesses, err = s.app.Businesses(ctx, s.options.Token)
		return err
	}}
	ownPages = &question{"GET /me/accounts", needsToken, func(ctx context.Context, s *session) error {
		_, err := s.app.Pages(ctx, s.options.Token)
		return err
	}}
	ownedAccounts = &question{"GET /{business}/owned_whatsapp_business_accounts", needsToken, func(ctx context.Context, s *session) error {
		business, err := s.owner(ctx)
		if err == nil {
			s.accounts, err = s.app.OwnedAccounts(ctx, s.options.Token, business)
		}
		return err
	}}
	numbers = &question{"GET /{waba}/phone_numbers", needsToken, func(ctx context.Context, s *session) error {
		waba, err := s.account(ctx)
		if err == nil {
			s.phones, err = s.app.PhoneNumbers(ctx, s.options.Token, waba)
		}
		return err
	}}
	number = &question{"GET /{phone}", needsToken, func(ctx context.Context, s *session) (err error) {
		s.ask(ctx, numbers)
		if len(s.phones) == 0 {
			return errNothing
		}
		s.phone, err = s.app.Phone(ctx, s.options.Token, s.phones[0].ID)
		return err
	}}
	subscribers = &question{"GET /{waba}/subscribed_apps", needsToken, func(ctx context.Context, s *session) error {
		waba, err := s.account(ctx)
		if err == nil {
			_, err = s.app.SubscribedApps(ctx, s.options.Token, waba)
		}
		return err
	}}
	unknownIDWithToken = &question{"GET /{id}/phone_numbers", needsToken, func(ctx context.Context, s *session) error {
		_, err := s.app.PhoneNumbers(ctx, s.options.Token, noObject)
		return err
	}}
)

// What could change something.
var (
	subscribe = &question{"POST /{waba}/subscribed_apps", needsWrite, func(ctx context.Context, s *session) error {
		waba, err := s.account(ctx)
		if err == nil {
			err = s.app.SubscribeApp(ctx, s.options.Token, waba)
		}
		return err
	}}
	subscribeAgain = &question{"POST /{waba}/subscribed_apps", needsWrite, func(ctx context.Context, s *session) error {
		if s.ask(ctx, subscribe).err != nil {
			return errNothing
		}
		return subscribe.ask(ctx, s)
	}}
	subscribed = &question{"GET /{waba}/subscribed_apps", needsWrite, func(ctx context.Context, s *session) error {
		waba, err := s.account(ctx)
		if err != nil || s.ask(ctx, subscribe).err != nil {
			return errNothing
		}
		s.subscribers, err = s.app.SubscribedApps(ctx, s.options.Token, waba)
		return err
	}}
)

// creation asks a strategy to make an account, which it is believed not to do.
func creation(asks string, strategy event.Strategy) *question {
	return &question{asks, needsWrite, func(ctx context.Context, s *session) error {
		business, err := s.owner(ctx)
		if err != nil {
			return err
		}
		_, err = s.app.CreateAccount(ctx, s.options.Token, strategy, business, s.options.Now())
		return err
	}}
}
