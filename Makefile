# One Point Ledger. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := bin/onepoint
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
GO_SOURCES := $(shell find . -name '*.go' -not -path './web/node_modules/*' -o -name '*.sql' -o -name '*.toml' -path './connector/*' -o -path './modelbank/as/static/*' -o -path './modelbank/as/pages/*' 2>/dev/null)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help up build web test test-go test-hsm test-web e2e lint fmt bench generate deps clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: build ## Build everything and run the platform and a model bank
	exec $(BIN) up

build: $(BIN) ## Build the web app and the binary

web: web/dist/index.html ## Build the web app

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	cd web && npm run build
	@touch $@

$(BIN): web/dist/index.html go.mod go.sum $(GO_SOURCES)
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/onepoint

test: deps test-go test-hsm test-web e2e ## Run every test: Go with the race detector on SQLite and PostgreSQL, PKCS#11, web, browser

test-go: web/dist/index.html deps
	go test -race -timeout 25m ./...

test-hsm: deps ## Test the build with PKCS#11 on SoftHSM
	CGO_ENABLED=1 go test -race -tags pkcs11 ./vault/...

test-web: web/node_modules/.package-lock.json
	cd web && npm test

e2e: build deps ## Browser tests in real headless Chromium
	cd web && npm run e2e

deps: ## Install, or name, what the tests need: PostgreSQL's server, Chromium and SoftHSM
	@tools/test-deps

lint: web/node_modules/.package-lock.json ## golangci-lint, go vet, tsc, eslint, prettier
	cd tools && go build -o ../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	bin/golangci-lint run ./...
	cd web && npm run lint

fmt: ## Format Go and the web app
	gofmt -w $$(git ls-files '*.go')
	cd web && npx prettier --write .

bench: build ## Measure: reads at the bank, ingest into the ledger, on both databases
	go test -run '^$$' -bench . -benchtime 2s ./vault ./store ./fapi ./standard/... ./modelbank/...
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/onepoint

generate: ## Rewrite generated files: api/openapi.json and the web app's types
	go test ./api -run OpenAPI -update
	cd web && npm run generate

clean: ## Remove what was built
	rm -rf bin web/dist/assets web/dist/index.html
