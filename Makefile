# make run      measure this machine and price its tokens
# make test     everything that must pass before a change lands
# make bench    speed of kernels and of the pure path
# make readme   renew the outputs shown in README.md and docs/

CARGO ?= cargo
# Options for `mtok run`, such as ARGS="--budget 5m".
ARGS ?=

# Mesa complains on stderr where a session has none, as over ssh; nothing here uses it.
export XDG_RUNTIME_DIR ?= /tmp
# The same random cases every time; `make test PROPTEST_RNG_SEED=7 PROPTEST_CASES=10000` looks further.
export PROPTEST_RNG_SEED ?= 1

.PHONY: run test bench readme

run:
	$(CARGO) build --release --locked
	scripts/ensure-adapter.sh target/release/mtok
	$(CARGO) run --release --locked -- run $(ARGS)

# The feature `faults` breaks kernels on purpose, for the tests of what follows; the program as released is checked too. The page
# is the same without the feature `gpu`: a browser opens it once.
test:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked -- -D warnings
	$(CARGO) clippy --locked --all-targets --features faults -- -D warnings
	$(CARGO) build --locked --features faults
	scripts/ensure-adapter.sh target/debug/mtok || echo "tests that need an adapter will be skipped"
	scripts/ensure-browser.sh || echo "tests that need a browser will be skipped"
	scripts/ensure-kubernetes-schema.sh || echo "the test that needs the schema of Kubernetes will be skipped"
	scripts/slurm-here.sh ensure || echo "tests that need Slurm will be skipped"
	$(CARGO) test --locked --features faults
	$(CARGO) clippy --locked --all-targets --no-default-features -- -D warnings
	MTOK_NO_BROWSER=1 $(CARGO) test --locked --no-default-features

bench:
	$(CARGO) bench --locked

readme:
	MTOK_BLESS=1 $(CARGO) test --locked --no-default-features --test documents
