# Everything that is done with this repository. `make` lists it.
SHELL         := /bin/sh
.DEFAULT_GOAL := help

# The version is stamped by the linker; what git would say is not needed, and git
# refuses to say it where the folder has another owner, as in many CI machines.
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

# The linter is built from source with our Go; the first build takes minutes.
GOLANGCI_VERSION := v2.15.0
GOLANGCI         := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

# The folders of the workspace's modules, as go.work lists them.
MODULES := $(shell sed -n 's|^[[:space:]]*\./|./|p' go.work)
VERSION  = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The race detector needs cgo, and so a C compiler: Go says 0 where there is none.
RACE = $(shell test "$$(go env CGO_ENABLED)" = 1 && echo -race)

# Arguments: ARGS for what a target runs, TESTFLAGS for go test.
ARGS      ?=
TESTFLAGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## everything on this machine, with the Meta simulator: make run ARGS='--reset'
	@exec ./bin/waba dev $(ARGS)

.PHONY: build
build: ## bin/waba, the one binary
	@go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/waba ./cmd/waba

.PHONY: test
test: vet ## every test of every module: make test TESTFLAGS='-run TestNext'
	@$(if $(RACE),,echo 'no C compiler here: the tests run without the race detector')
	go test $(RACE) -timeout 20m $(TESTFLAGS) work

.PHONY: vet
vet:
	@go vet work

.PHONY: lint
lint: ## golangci-lint over every module
	$(GOLANGCI) run $(ARGS) $(addsuffix /...,$(MODULES))

.PHONY: fmt
fmt: ## format all code as the linter wants it
	$(GOLANGCI) fmt $(MODULES)

.PHONY: tidy
tidy: ## go mod tidy in every module
	@set -e; for module in $(MODULES); do (cd $$module && go mod tidy); done

.PHONY: tidy-check
tidy-check: ## fail where make tidy would change something
	@failed=0; for module in $(MODULES); do (cd $$module && go mod tidy -diff) || { echo "$$module/go.mod is not tidy: make tidy"; failed=1; }; done; exit $$failed

.PHONY: build-each
build-each: ## build and vet each module alone, as its image does
	@failed=0; for module in $(MODULES); do (cd $$module && GOWORK=off go build ./... && GOWORK=off go vet ./...) || { echo "$$module does not build alone"; failed=1; }; done; exit $$failed

.PHONY: bench
bench: ## measure this machine: make bench ARGS='--help'
	@go run ./test/bench $(ARGS)

.PHONY: docs
docs: ## make again what is made from the code
	@go generate work
