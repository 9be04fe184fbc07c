# The usual tasks. On a fresh machine with Swift: `make demo`, `make test`, `make install`.

PREFIX ?= /usr/local
MODELS = $(PREFIX)/share/apus/models
SWIFT ?= swift
# The command is linked with Swift's libraries inside, so that it runs on a machine without Swift; macOS has them anyway.
STATIC = .build-static
BUILD = $(SWIFT) build -c release --product apus --scratch-path $(STATIC) \
    $(if $(filter Darwin,$(shell uname -s)),,--static-swift-stdlib)
SOURCES = Package.swift Sources Plugins Tests Samples Scripts/ListAPI.swift
# What the tests and the samples are built with: one command and set of flags, or everything is built again.
RELEASE = -c release -Xswiftc -enable-testing
BUILD_TESTS = $(SWIFT) build $(RELEASE) --build-tests
TEST = $(SWIFT) test $(RELEASE) --skip-build
# The samples share a build of the engine.
SAMPLES_BUILD = $(CURDIR)/.build-samples
API = Documentation/API

.PHONY: all setup build demo test samples docs api check-api build-tests install uninstall lint format clean

all: build

setup:
	@Scripts/setup

# All modules and tests; documentation and listing are made from the modules.
build-tests: setup
	$(BUILD_TESTS)

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

test: build-tests
	$(TEST)

# The packages that depend on Apus as any other does, and those that `new-plugin` writes.
samples: setup
	for sample in SensorPlugin LlamaPlugin QOIPlugin; do \
	    (cd Samples/$$sample && $(BUILD_TESTS) --scratch-path "$(SAMPLES_BUILD)" \
	        && $(TEST) --scratch-path "$(SAMPLES_BUILD)") || exit 1; \
	done
	"$(SAMPLES_BUILD)/release/sensor-apus" classify Samples/SensorPlugin/Recordings --top 1
	"$(SAMPLES_BUILD)/release/sensor-apus" classify Samples/photos/lemon.jpg --top 1
	"$(SAMPLES_BUILD)/release/qoi-apus" classify Samples/QOIPlugin/Tests/QOIPluginTests/Fixtures/smooth.qoi --top 1
	"$(SAMPLES_BUILD)/release/llama-apus" generate --model Samples/LlamaPlugin/Tests/LlamaPluginTests/Fixtures/llama "Swifts" --max-tokens 8
	Tests/new-plugin.sh "$(SAMPLES_BUILD)/release/sensor-apus" "$(SAMPLES_BUILD)"

# The guide and the reference, as a site in .build/docs.
docs: build-tests
	Scripts/docs .build/release .build/docs/Apus.doccarchive

# What is public in each library, to be committed, so that a change of it is seen.
api: build-tests
	Scripts/list-api .build/release $(API)

check-api: build-tests
	Scripts/list-api .build/release .build/api
	@diff -ru $(API) .build/api || { echo "what is public has changed: look at the difference, then run make api" >&2; exit 1; }

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
	rm -rf .build $(STATIC) "$(SAMPLES_BUILD)"
