# The usual tasks. On a fresh machine with Swift: `make demo`, `make test`, `make install`.

PREFIX ?= /usr/local
MODELS = $(PREFIX)/share/apus/models
SWIFT ?= swift
# The command is linked with Swift's libraries inside, so that it runs on a machine without Swift; macOS has them anyway.
STATIC = .build-static
BUILD = $(SWIFT) build -c release --product apus --scratch-path $(STATIC) \
    $(if $(filter Darwin,$(shell uname -s)),,--static-swift-stdlib)
SOURCES = Package.swift Sources Plugins Tests Samples

.PHONY: all setup build demo test install uninstall lint format clean

all: build

setup:
	@Scripts/setup

build: setup
	@pkg_config=$$(Scripts/static-libraries $(STATIC)/libraries) && \
	if [ -n "$$pkg_config" ]; then $(BUILD) --pkg-config-path "$$pkg_config"; else $(BUILD); fi

demo: build
	@echo; echo '$$ apus classify Samples/photos'
	@$(STATIC)/release/apus classify Samples/photos
	@echo; echo '$$ apus translate - < Samples/sentences.txt'
	@$(STATIC)/release/apus translate - < Samples/sentences.txt
	@echo; echo '$$ apus transcribe Samples/clips'
	@$(STATIC)/release/apus transcribe Samples/clips

test: setup
	$(SWIFT) test -c release -Xswiftc -enable-testing

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(MODELS)"
	install -m 755 $(STATIC)/release/apus "$(DESTDIR)$(PREFIX)/bin/apus"
	strip "$(DESTDIR)$(PREFIX)/bin/apus"
	for model in Samples/StarterModels/*/config.json; do \
	    folder=$$(dirname $$model); name=$$(basename $$folder); \
	    install -d "$(DESTDIR)$(MODELS)/$$name" && install -m 644 $$folder/* "$(DESTDIR)$(MODELS)/$$name/" || exit 1; \
	done

uninstall:
	rm -rf "$(DESTDIR)$(PREFIX)/bin/apus" "$(DESTDIR)$(PREFIX)/share/apus"

lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

clean:
	rm -rf .build $(STATIC)
