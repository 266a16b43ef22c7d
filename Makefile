# The tools that are not Debian's. Each runs from the Go module cache; none is installed.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

PROGRAM    ?= bin/wsinspect
FUZZTIME   ?= 10s
TESTFLAGS  ?=
BENCHFLAGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## start wsinspect and an nginx before it, until Ctrl-C
	@.ci/packages nginx
	deploy/run.sh $(PROGRAM)

# Without cgo it needs no libc, and runs on every Linux. No WebSocket here is opened over HTTP/2.
.PHONY: build
build: ## build bin/wsinspect; PROGRAM=path puts it elsewhere
	CGO_ENABLED=0 go build -trimpath -tags nethttpomithttp2 -ldflags '-s -w' -o $(PROGRAM) ./cmd/wsinspect

.PHONY: test
test: ## run every test, with real proxies and a real Chromium
	@.ci/packages
	go test -race -timeout 30m $(TESTFLAGS) ./...

.PHONY: states
states: ## serve every screen in every state, to be looked at, until Ctrl-C
	@.ci/packages nginx chromium
	go test -C internal/e2e -count=1 -timeout 0 -run '^TestStates$$' -args -look

.PHONY: pictures
pictures: ## take the pictures of the README anew
	@.ci/packages nginx chromium
	go test -C internal/e2e -count=1 -run '^TestStates$$' -args -pictures $(CURDIR)/docs

.PHONY: corpus
corpus: ## print what the diagnosis makes of real failures; NGINX=path takes another nginx
	@.ci/packages
	go test -C internal/e2e -count=1 -run '^TestCorpus$$' -args -table $(if $(NGINX),-nginx $(abspath $(NGINX)))

.PHONY: corpus-slow
corpus-slow: ## the same, with the sessions that are held for a minute
	@.ci/packages
	go test -C internal/e2e -count=1 -run '^TestCorpus$$' -args -table -slow $(if $(NGINX),-nginx $(abspath $(NGINX)))

.PHONY: lint
lint: ## check format, go vet and staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w $$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (10s)
	@packages=$$(go list ./...) || exit; for package in $$packages; do \
		targets=$$(go test -list '^Fuzz' $$package) || exit; \
		for target in $$(echo "$$targets" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit; \
		done; \
	done

.PHONY: bench
bench: ## compare with other echo servers: handshakes, messages, memory, start; BENCHFLAGS=-h lists the flags
	go run ./internal/bench $(BENCHFLAGS)

.PHONY: bench-growth
bench-growth: ## measure how a handshake's cost grows with what is kept, sent and watched
	go run ./internal/bench -growth $(BENCHFLAGS)

.PHONY: bench-endurance
bench-endurance: ## hold 19000 sessions for ten minutes, and look at the page meanwhile
	go run ./internal/bench -endurance $(BENCHFLAGS)
