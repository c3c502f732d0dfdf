# Mailstead. `make` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
DATA ?= data
LISTEN ?=
FUZZTIME ?= 3m
BENCH ?= .

# Two packages at a time: each starts servers of its own.
TEST := go run ./scripts/testsum -p 2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the program: bin/mailstead
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/mailstead ./cmd/mailstead

.PHONY: run
run: build ## build and start the service (DATA=data, LISTEN=address)
	bin/mailstead serve --data $(DATA) $(if $(LISTEN),--listen $(LISTEN))

.PHONY: unit
unit: ## the fast tests, which need no servers
	@$(TEST) -timeout 5m ./...

.PHONY: test
test: ## everything: installs the servers it needs, runs all tests
	@scripts/install-test-deps
	@$(TEST) -count 1 -timeout 12m -tags realservers ./...

.PHONY: soak
soak: ## the long tests, and all others under the race detector
	@scripts/install-test-deps
	@$(TEST) -count 1 -timeout 3h -race -tags 'realservers soak' ./...

.PHONY: bench
bench: ## measure against other programs (BENCH=pattern)
	@scripts/install-test-deps
	go test -p 1 -run '^Test' -timeout 1h -count 1 -v -tags 'realservers bench' ./bench
	go test -p 1 -run '^$$' -bench '$(BENCH)' -benchmem -timeout 1h -tags realservers ./...

.PHONY: fuzz
fuzz: ## every fuzz target for 3 minutes (FUZZTIME=1000000x for a million runs)
	@scripts/fuzz $(FUZZTIME)

GOLANGCI := bin/tools/golangci-lint

# Built once for each version: it takes minutes. The tools have a module of their
# own, so that they don't decide the versions of what the product is built from.
$(GOLANGCI): tools/go.mod tools/go.sum
	@echo 'building golangci-lint: minutes the first time' >&2
	cd tools && go build -trimpath -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.PHONY: lint
lint: $(GOLANGCI) ## the static checks, of test files too
	$(GOLANGCI) run ./...

.PHONY: fmt
fmt: $(GOLANGCI) ## format all Go files (gofumpt)
	$(GOLANGCI) fmt ./...

.PHONY: generate
generate: ## make generated files anew
	go generate ./...

.PHONY: verify
verify: generate ## fail if generated files or pinned modules are not what they must be
	go mod verify
	scripts/check-libc
	git diff --exit-code
	@new=$$(git ls-files --others --exclude-standard); [[ -z $$new ]] || { echo "files that are not committed: $$new" >&2; exit 1; }

.PHONY: cover
cover: ## coverage of all tests: coverage.out
	@scripts/install-test-deps
	@$(TEST) -count 1 -timeout 12m -tags realservers -coverpkg ./... -coverprofile coverage.out ./...
	go tool cover -func coverage.out | tail -n 1
