#!/bin/sh
# Fuzzes what reads bytes of strangers, each target for some seconds, and records what came of it.
#
#   scripts/fuzz.sh [SECONDS] [TARGET…]      60 seconds, all targets
#
# DATE names the day of the record [today], RECORD its file [results/fuzz.md], JOBS how many targets run at the same time
# [1]. A crash leaves its input in fuzz/target/found/<target> and the exit code 1. Stable Rust is enough: the flags below
# are those that make rustc count coverage for libFuzzer.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -gt 0 ] && shift
record=${RECORD:-results/fuzz.md}
day=${DATE:-$(date -u +%F)}
commit=$(git rev-parse --short HEAD)
host=$(rustc -vV | sed -n 's/^host: //p')
build=${CARGO_TARGET_DIR:-fuzz/target}/fuzz
work=fuzz/target
mkdir -p "$work/found"

# With --target the flags do not reach build scripts and macros.
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing" \
    cargo build --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$build"
program=$build/$host/release/mtok-fuzz

targets=${*:-$(MTOK_TARGET=list "$program")}

# One target: its own corpus grows, the seeds stay as they are.
one() {
    corpus=$work/corpus/$1 found=$work/found/$1
    mkdir -p "$corpus" "$found"
    MTOK_TARGET=$1 "$program" "$corpus" fuzz/seeds -dict=fuzz/words.dict -max_total_time="$seconds" -max_len=8192 \
        -timeout=5 -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 -artifact_prefix="$found/" \
        >"$work/$1.log" 2>&1 || echo "$1: see $work/$1.log" >&2
}

running=0
for target in $targets; do
    one "$target" &
    running=$((running + 1))
    if [ "$running" -ge "${JOBS:-1}" ]; then
        wait
        running=0
    fi
done
wait

# libFuzzer's own last words: runs, seconds, edges covered; and the inputs that it left.
crashes=0
{
    echo "# Fuzzing"
    echo
    echo "Written by \`scripts/fuzz.sh $seconds\` on $day; $(rustc --version), $commit."
    echo "A crash is a panic, an overflow, an input that takes 5 s, or more than 512 MiB asked for at once."
    echo
    echo "| target | runs | seconds | edges covered | inputs kept | crashes |"
    echo "|---|---:|---:|---:|---:|---:|"
    for target in $targets; do
        log=$work/$target.log
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        took=$(sed -n 's/^Done .* runs in \([0-9]*\) second.*/\1/p' "$log")
        edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
        kept=$(sed -n 's/.* corp: \([0-9]*\)\/.*/\1/p' "$log" | tail -n 1)
        left=$(find "$work/found/$target" -type f | wc -l | tr -d ' ')
        echo "| $target | ${runs:-–} | ${took:-–} | ${edges:-–} | ${kept:-–} | $left |"
    done
} >"$record.tmp"
mv "$record.tmp" "$record"
crashes=$(find "$work/found" -type f | wc -l)
cat "$record"
[ "$crashes" -eq 0 ]
