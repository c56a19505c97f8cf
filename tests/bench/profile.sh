#!/bin/sh
# Where the engine's time goes: CPU of all threads while a month is priced, what makes the usage left out.
#   tests/bench/profile.sh [OPTION of engine.sh]...        e.g. --month sparse --events 1000000
# By perf where it works, else by callgrind, which takes fifty times as long: fewer events then. Prints the functions that
# take most; build-release/profile has all of it, with callers (report.txt; perf.data or callgrind.out for other tools).
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches bench_engine
out="$BUILD/profile"
rm -rf "$out"
mkdir -p "$out"
if perf record -o "$out/perf.data" true >/dev/null 2>&1; then
    perf record -o "$out/perf.data" -F 1999 --call-graph fp -- "$BUILD/tests/bench_engine" "$@" 2>"$out/perf.log" ||
        { cat "$out/perf.log" >&2; exit 1; }
    # What is not named here made the usage.
    measured="--comms bench_engine,rocksdb:low,rocksdb:high --percentage relative"
    # shellcheck disable=SC2086
    perf report -i "$out/perf.data" --stdio --no-children $measured --sort symbol,dso >"$out/report.txt" 2>/dev/null
    # shellcheck disable=SC2086
    perf report -i "$out/perf.data" --stdio --no-children $measured --sort comm -g none 2>/dev/null |
        grep -v '^#' | grep -v '^$' || true
    # shellcheck disable=SC2086
    perf report -i "$out/perf.data" --stdio --no-children $measured --sort symbol,dso -g none 2>/dev/null |
        grep -v '^#' | grep -v '^$' | sed 's/   */  /g' | head -50
else
    valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$out/callgrind.out" "$BUILD/tests/bench_engine" \
        "$@" 2>"$out/callgrind.log" || { cat "$out/callgrind.log" >&2; exit 1; }
    callgrind_annotate --inclusive=no --tree=caller "$out/callgrind.out" >"$out/report.txt"
    callgrind_annotate "$out/callgrind.out" | head -70
fi
echo "all of it: $out/report.txt"
