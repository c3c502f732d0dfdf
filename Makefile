# Mailstead. `make` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What is compiled does not tell the directory: the program is the same everywhere, and a
# fresh clone finds in Go's cache what another has compiled.
export GOFLAGS += -trimpath

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
DATA ?= data
LISTEN ?=
FUZZTIME ?= 3m
BENCH ?= .

# Compilers, linkers and tests live for seconds: collecting their garbage less often
# saves a fifth of the time.
TESTSUM := GOGC=400 go run ./scripts/testsum
# Three packages at a time: each starts servers of its own, and mostly waits for them.
TEST := $(TESTSUM) -p 3
# The longest come first. Those in a browser want the whole machine: they wait until the
# others are done.
all-tests = $(TEST) $(1) ./cmd/mailstead ./store/postgres $$(go list ./... | grep -v '/web$$') --then $(1) -timeout 25m ./web

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What npm installed is as good as package-lock.json at the time of this file.
NODE_MODULES := web/node_modules/.installed
$(NODE_MODULES): web/package-lock.json
	@scripts/check-node
	cd web && npm ci --no-audit --no-fund --loglevel error
	@touch $@

# Directories too: one that is newer has lost or got a file.
SOURCES := $(shell find web/src web/locales web/public ! -name schema.d.ts 2>/dev/null)
web/dist/index.html: $(NODE_MODULES) $(SOURCES) $(wildcard web/*.ts web/*.js) web/index.html web/package.json api/testdata/openapi.golden.json
	@scripts/check-node
	cd web && npm run -s build
	@touch $@

.PHONY: web
web: web/dist/index.html ## build the pages: web/dist (Node 20.19 or newer)

.PHONY: build
build: web ## build the program with its pages: bin/mailstead
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o bin/mailstead ./cmd/mailstead

.PHONY: run
run: build ## build and start the service (DATA=data, LISTEN=address)
	bin/mailstead serve --data $(DATA) $(if $(LISTEN),--listen $(LISTEN))

.PHONY: dev
dev: build ## the pages with live reload, before a service with sample mail
	@scripts/dev

.PHONY: screenshots
screenshots: build ## pictures of every page and state: web/screenshots (PAGES, LANGS, THEMES, WIDTHS choose some)
	cd web && node_modules/.bin/playwright test --config e2e/screenshots.config.ts

.PHONY: unit
unit: ## the fast tests, which need no servers and no Node
	@# The slowest come first, and among them tests that mostly wait; programs without debug symbols are linked
	@# sooner. `make lint` vets.
	@$(TESTSUM) -p 4 -parallel 8 -vet=off -ldflags="-s -w" -timeout 5m ./cmd/... ./provider/smtp ./api ./outbox ./...

.PHONY: test
test: web ## everything: installs the servers and the browser it needs, runs all tests
	@scripts/install-test-deps
	@$(call all-tests,-count 1 -timeout 12m -tags realservers)

.PHONY: soak
soak: web ## the long tests, and all others under the race detector
	@scripts/install-test-deps
	@$(call all-tests,-count 1 -timeout 3h -race -tags 'realservers soak')

.PHONY: bench
bench: web ## measure against other programs (BENCH=pattern)
	@scripts/install-test-deps
	MEASURE=1 SPEC=speed go test -count 1 -v -timeout 1h -tags realservers -run TestBrowser ./web
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
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.PHONY: lint
lint: $(GOLANGCI) $(NODE_MODULES) ## the static checks, of test files and pages too
	$(GOLANGCI) run ./...
	cd web && npm run -s check

.PHONY: fmt
fmt: $(GOLANGCI) $(NODE_MODULES) ## format all Go files (gofumpt) and pages (prettier)
	$(GOLANGCI) fmt ./...
	cd web && npm run -s format

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
	@$(TEST) -count 1 -timeout 12m -tags realservers -coverpkg ./... -coverprofile coverage.out $$(go list ./... | grep -v '/web$$')
	go tool cover -func coverage.out | tail -n 1
