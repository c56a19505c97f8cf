#!/bin/sh
# What an event costs the engine as one thing grows: rows of the open month, groups, rules, partitions, workers: it should
# stay flat. Then a large month killed, come back, rebuilt from the log alone, restated under another document, closed.
#   tests/bench/growth.sh [--rows 1000000,10000000] [--events N] [--most N] [--life 10000000] [--json FILE]
# 100 million rows: --rows 100000000. A life of 10 million wants 16 GB of memory for the log. BUILD=DIR takes the programs of
# a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches bench_engine bench_engine_life
exec python3 tests/bench/growth_bench.py --build "$BUILD" "$@"
