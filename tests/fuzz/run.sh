#!/bin/sh
# Builds the fuzzers and runs each for some seconds (default 60). A finding stays in build-fuzz/ and fails the run.
#   tests/fuzz/run.sh [seconds] [fuzzer]
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
deploy/install_packages.sh build fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
cd build-fuzz
for fuzzer in tests/fuzz_*; do
    [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    [ -z "${2:-}" ] || [ "$name" = "$2" ] || continue
    mkdir -p "corpus/$name"
    if "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 -print_final_stats=1 \
        "corpus/$name" >"$name.log" 2>&1; then
        echo "$name: nothing found in $seconds s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$name.log") inputs"
    else
        tail -40 "$name.log"
        echo "$name: a finding, see build-fuzz/$name.log" >&2
        exit 1
    fi
done
