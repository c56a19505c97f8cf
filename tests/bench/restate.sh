#!/bin/sh
# Another percentage while usage keeps coming: how long until every line item of the month is restated, what that costs the
# rate of events before, during and after, and the bytes that it writes. Then a small month: from `apply` to the first and
# the last restated line item.
#   tests/bench/restate.sh [--rows 1000000] [--extra EVENTS] [--month dense] [--small ROWS] [--workers N] [--json FILE]
# BUILD=DIR takes the programs of a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches proforma generate_month kafka_cat kafka_feed
exec python3 tests/bench/restate_bench.py --build "$BUILD" "$@"
