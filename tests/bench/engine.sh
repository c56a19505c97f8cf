#!/bin/sh
# The running processor on a log in memory, month by month (bench/engine.c). Prints a line a month.
#   tests/bench/engine.sh [--month NAME] [--events N] [--partitions N] [--tiers N] [--groups N] [--rules N] [--accounts N]
#                         [--workers N] [--seconds S] [--set KEY=VALUE]... [--json FILE]
# Without --month all of them: dense, sparse, tiered, new-rows, folded. BUILD=DIR takes the programs of a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches bench_engine
case " $* " in
*" --month"*) exec "$BUILD/tests/bench_engine" "$@" ;;
esac
heading=
for month in dense sparse tiered new-rows folded; do
    "$BUILD/tests/bench_engine" --month "$month" "$@" ${heading:+--no-heading}
    heading=no
done
