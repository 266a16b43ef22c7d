# The tools that are not Debian's. Each runs from the Go module cache; none is installed.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

FUZZTIME  ?= 10s
TESTFLAGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## start wsinspect and an nginx before it, until Ctrl-C
	@.ci/packages nginx
	deploy/run.sh bin/wsinspect

.PHONY: build
build: ## build bin/wsinspect
	go build -trimpath -o bin/wsinspect ./cmd/wsinspect

.PHONY: test
test: ## run every test, with a real nginx and a real Chromium
	@.ci/packages nginx chromium promtool gcc
	go test -race $(TESTFLAGS) ./...

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
bench: ## compare with a bare gorilla echo: handshakes, messages, memory
	go run ./internal/bench
