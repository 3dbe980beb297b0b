package rehearse

import (
	"context"
	"errors"
	"time"

	"github.com/waba-platform/onboarding/pkg/event"
	"github.com/waba-platform/onboarding/pkg/seal"
	"github.com/waba-platform/onboarding/services/onboarding/internal/meta"
)

// What is made up, so that nobody has it.
const (
	noSecret = "this-app-secret-is-made-up"
	noApp    = "1"
	noToken  = "EAAthisTokenIsMadeUp"
	noCode   = "this code is made up" // blanks stand in no code
	noObject = "999999999999999990"
)

// Options are what is rehearsed with.
type Options struct {
	Graph meta.Config
	Token seal.Secret      // of a business or a user; zero: none
	Write bool             // ask what could change something, too
	Now   func() time.Time // nil: time.Now
}

// session is one rehearsal. It is used by one goroutine.
type session struct {
	options  Options
	app      *meta.Client
	stranger *meta.Client            // our app with a secret that is made up
	nobody   *meta.Client            // an app that is made up
	versions map[string]*meta.Client // our app, by version

	done map[*question]seen
	all  []meta.Answer

	// What was learned on the way.
	self, token meta.Inspection
	business    event.BusinessID
	businesses  []event.BusinessID
	accounts    []meta.Account
	phones      []meta.Phone
	phone       meta.Phone
	subscribers []meta.AppID
}

func newSession(options Options) (*session, error) {
	s := &session{options: options, versions: make(map[string]*meta.Client), done: make(map[*question]seen)}
	for _, c := range []struct {
		client *(*meta.Client)
		change func(*meta.Config)
	}{
		{&s.app, func(*meta.Config) {}},
		{&s.stranger, func(c *meta.Config) { c.AppSecret = seal.NewSecret(noSecret) }},
		{&s.nobody, func(c *meta.Config) { c.AppID, c.AppSecret = noApp, seal.NewSecret(noSecret) }},
	} {
		config := options.Graph
		c.change(&config)
		client, err := meta.New(config)
		if err != nil {
			s.close()
			return nil, err
		}
		*c.client = client
	}
	s.versions[options.Graph.Version] = s.app
	return s, nil
}

// in returns a client that asks for a version.
func (s *session) in(version string) (*meta.Client, error) {
	if client := s.versions[version]; client != nil {
		return client, nil
	}
	config := s.options.Graph
	config.Version = version
	client, err := meta.New(config)
	if err == nil {
		s.versions[version] = client
	}
	return client, err
}

func (s *session) close() {
	for _, client := range s.versions {
		client.Close()
	}
	for _, client := range []*meta.Client{s.stranger, s.nobody} {
		if client != nil {
			client.Close()
		}
	}
}

// ask returns the answer to a question, which is put once.
func (s *session) ask(ctx context.Context, q *question) seen {
	if before, ok := s.done[q]; ok {
		return before
	}
	a := seen{needs: q.needs, because: s.mayAsk(ctx, q)}
	if a.because == "" {
		a.err = q.ask(meta.Watched(ctx, func(got meta.Answer) { a.answers = append(a.answers, got) }), s)
		s.all = append(s.all, a.answers...)
	}
	s.done[q] = a
	return a
}

// mayAsk says why a question is not put; "" when it is.
func (s *session) mayAsk(ctx context.Context, q *question) Reason {
	switch {
	case q.needs > needsApp && s.options.Token.IsZero():
		return NeedsToken
	case q.needs == needsWrite && !s.options.Write:
		return NeedsWrite
	case ctx.Err() != nil:
		return OutOfTime
	case q.needs <= needsGiven:
		return ""
	}
	inspected := s.ask(ctx, tokenItself)
	switch {
	case inspected.failure() != nil && q.needs == needsWrite:
		return NotAccepted // nothing is changed with a token that we know nothing of
	case inspected.err != nil:
		return ""
	case !s.token.Valid:
		return NotAccepted
	case s.token.AppID != s.options.Graph.AppID:
		return NotOurs
	}
	return ""
}

// errNothing says that there is nothing that the question could be put about.
var errNothing = errors.New("nothing to ask about")

// owner returns the business of the token.
func (s *session) owner(ctx context.Context) (event.BusinessID, error) {
	s.ask(ctx, tokenBusiness)
	if s.business != "" {
		return s.business, nil
	}
	s.ask(ctx, ownBusinesses)
	for _, found := range [][]event.BusinessID{s.token.BusinessIDs, s.businesses} {
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errNothing
}

// account returns an account that the token may use.
func (s *session) account(ctx context.Context) (event.WabaID, error) {
	s.ask(ctx, tokenItself)
	if len(s.token.WabaIDs) > 0 {
		return s.token.WabaIDs[0], nil
	}
	s.ask(ctx, ownedAccounts)
	if len(s.accounts) > 0 {
		return s.accounts[0].ID, nil
	}
	return "", errNothing
}
