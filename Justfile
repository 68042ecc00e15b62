# What people do here every day. `just` alone lists it; `./justw` is the same on a machine without `just`.

set positional-arguments

parts := "deploy/local/parts"

# This list
[private]
default:
    @{{ just_executable() }} --list --unsorted

# A day of a token community and of a web shop through every stage; expected and got side by side (--once: then stop)
[group('see it')]
[no-exit-message]
demo *args:
    @deploy/local/prerequisites
    @{{ parts }} up
    cargo build --release --locked -p sluicebox
    @"${CARGO_TARGET_DIR:-target}/release/sluicebox" demo "$@"

# Run services against the local parts: `just run all`, `just run normalizer scorer`
[group('see it')]
[no-exit-message]
run *targets:
    cargo build --release --locked -p sluicebox
    eval "$({{ parts }} env)" && exec "${CARGO_TARGET_DIR:-target}/release/sluicebox" run "$@"

# Every test, against real servers that are started fresh for this and stopped after it
[group('habits')]
[no-exit-message]
test *args:
    #!/usr/bin/env bash
    set -euo pipefail
    deploy/local/prerequisites
    {{ parts }} --test reset
    trap '{{ parts }} --test down' EXIT
    {{ parts }} --test up
    # Most tests wait for a server most of the time.
    RUST_TEST_THREADS=${RUST_TEST_THREADS:-4} cargo test --workspace --locked "$@"

# Everything that is checked without running: format, lints, dependencies
[group('habits')]
check: fmt-check clippy deny

# Breakages of a lane's protocol and of its shell, each of which its tests must catch
[group('habits')]
[no-exit-message]
mutations *args:
    @libs/runtime/mutations "$@"

# Lanes, as they stand, through seeded faults of a simulated broker: `just shell --seeds 10000 --from 7`
[group('habits')]
[no-exit-message]
shell *args:
    @libs/runtime/shell "$@"

# All services as processes through faults that a seed decides: `just chaos --faults 300 --seed 7`
[group('habits')]
[no-exit-message]
chaos *args:
    deploy/local/prerequisites
    cargo build --locked -p sluicebox -p sluicebox-chaos
    @"${CARGO_TARGET_DIR:-target}/debug/chaos" "$@"

# Hostile clients of every kind at once, beside one that is not: `just hostile --quiet 30 --hostile 120`
[group('habits')]
[no-exit-message]
hostile *args:
    deploy/local/prerequisites
    {{ parts }} --test up
    cargo build --release --locked -p sluicebox -p sluicebox-hostile
    @"${CARGO_TARGET_DIR:-target}/release/hostile" "$@"

# The chart with both versions of Helm, its README, dashboards and alerts; `just chart readme` writes the README anew
[group('habits')]
[no-exit-message]
chart *what:
    #!/usr/bin/env bash
    set -euo pipefail
    case "${1:-check}" in
      readme) deploy/local/tool helm-docs --chart-search-root deploy/helm/sluicebox --log-level error ;;
      check) SLUICEBOX_DEPLOY_WHOLE=1 cargo test --locked -p sluicebox-deploy ;;
      *) echo "error: say 'just chart' or 'just chart readme'" >&2; exit 2 ;;
    esac

# Draw the dashboards anew from the table of instruments (libs/telemetry) and deploy/grafana/boards.go
[group('habits')]
[no-exit-message]
dashboards:
    cargo run --quiet --locked -p sluicebox-telemetry --example instruments > deploy/grafana/instruments.json
    cd deploy/grafana && ../local/tool go run . dashboards

# What the Dockerfile does, from nothing, in a clean folder; then the result on a tree that cannot be written
[group('habits')]
[no-exit-message]
image:
    deploy/local/prerequisites
    SLUICEBOX_IMAGE_WHOLE=1 cargo test --locked -p sluicebox-deploy image

# What a release is made of, into a folder: program, SBOM, chart, checksums
[group('habits')]
[no-exit-message]
release folder:
    @deploy/image/release "$1"

# Put the code into its format
[group('habits')]
fmt:
    cargo fmt --all

# Known weaknesses of our dependencies (asks a database on the network)
[group('habits')]
[no-exit-message]
advisories:
    deploy/local/tool cargo-deny check advisories

# Hostile texts and files, ten minutes a target; `just fuzz --help` says what each asserts
[group('habits')]
[no-exit-message]
fuzz *args:
    @fuzz/run "$@"

# Numbers: `just bench flow`, `edge`, `api`, `runtime`, `streams`, `soak`, `quality`, `meaning`, `sameness`, `windows`, `engines`, `cold`
[group('habits')]
[no-exit-message]
bench name *args:
    @bench/run "$@"

# Start Kafka, PostgreSQL and the schema registry (fetched once); returns when all answer
[group('local parts')]
[no-exit-message]
up:
    @{{ parts }} up

# Stop them; their data stays
[group('local parts')]
[no-exit-message]
down:
    @{{ parts }} down

# Stop them and delete their data
[group('local parts')]
[no-exit-message]
reset:
    @{{ parts }} reset

# What runs, where
[group('local parts')]
[no-exit-message]
status:
    @{{ parts }} status

# Follow the logs: `just logs`, `just logs kafka`
[group('local parts')]
[no-exit-message]
logs *part:
    @{{ parts }} logs "$@"

# Open the database: `just psql`, `just psql -c 'select count(*) from events'`
[group('local parts')]
[no-exit-message]
psql *args:
    @{{ parts }} psql "$@"

[private]
fmt-check:
    cargo fmt --all --check

[private]
clippy:
    cargo clippy --workspace --all-targets --locked -- -D warnings

[private]
deny:
    deploy/local/tool cargo-deny check bans licenses sources
