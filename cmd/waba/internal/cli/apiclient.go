package cli

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/waba-platform/onboarding/cmd/waba/internal/api"
	"github.com/waba-platform/onboarding/pkg/config"
	"github.com/waba-platform/onboarding/pkg/event"
)

// defaultAPI is where `waba dev` listens.
const defaultAPI = "http://127.0.0.1:8080"

// apiFlag adds --api to a command and returns what makes a client of it.
func (t *terminal) apiFlag(cmd *cobra.Command) func() (*api.Client, error) {
	base := cmd.Flags().String("api", "", t.say("endereço do gateway (API_BASE_URL; sem ela, "+defaultAPI+")", "address of the gateway (API_BASE_URL; without it, "+defaultAPI+")"))
	return func() (*api.Client, error) {
		var tool toolConfig
		if err := config.Load(t.getenv, &tool); err != nil {
			return nil, err
		}
		address := *base
		for _, other := range []string{t.getenv("API_BASE_URL"), defaultAPI} {
			if address == "" {
				address = other
			}
		}
		client, err := api.New(address, tool.APIKey, t.lang())
		if err != nil {
			return nil, &failure{exit: exitUsage, what: t.say("o endereço do gateway não serve: use http://host:porta", "the address of the gateway is wrong: use http://host:port")}
		}
		return client, nil
	}
}

// apiFailure says in words what the API has refused, or that nothing answers.
func (t *terminal) apiFailure(err error) error {
	if gone, ok := errors.AsType[*api.UnreachableError](err); ok {
		return &failure{
			exit: exitFailed, cause: err,
			what: fmt.Sprintf(t.say("nada responde em %s", "nothing answers at %s"), gone.URL),
			next: t.say("inicie com waba dev, ou use --api com o endereço do gateway", "start it with waba dev, or use --api with the gateway's address"),
		}
	}
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	f := &failure{
		exit: exitFailed, cause: err,
		what: fmt.Sprintf("%s (%s)", problem.Message, problem.Code),
		next: "waba errors explain " + string(problem.Code),
	}
	switch problem.Status {
	case http.StatusNotFound:
		f.exit = exitNotFound
	case http.StatusConflict, http.StatusTooManyRequests:
		f.exit = exitConflict
	case http.StatusUnauthorized:
		f.next = t.say("defina WABA_API_KEY com uma chave de waba api-keys create", "set WABA_API_KEY to a key of waba api-keys create")
	case http.StatusUnprocessableEntity:
		if problem.Detail != "" && problem.Code == "invalid_input" {
			f.what += ": " + problem.Detail
		}
	}
	return f
}

// restaurantArg reads a restaurant's id.
func (t *terminal) restaurantArg(text string) (event.RestaurantID, error) {
	id, err := event.ParseRestaurantID(text)
	if err != nil {
		return "", &failure{
			exit: exitUsage, cause: err,
			what: t.say("o id do restaurante não é um UUID", "the restaurant's id is not a UUID"),
			next: t.say("exemplo: 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b", "as in 3f2b8c1e-5d4a-4e6f-9a7b-1c2d3e4f5a6b"),
		}
	}
	return id, nil
}
