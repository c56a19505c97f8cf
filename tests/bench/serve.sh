#!/bin/sh
# `proforma serve` on a folder of many groups and bill rows, under load on loopback: requests/s, of the whole and for each second
# of its processor time, times of answers, and whether memory and descriptors stay as they were. Fails on an answer that is wrong.
#   tests/bench/serve.sh [--seconds 60] [--connections 8] [--groups 10000] [--rows 1000000]
# BUILD=DIR takes the programs of a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches proforma serve_load
exec python3 tests/bench/serve_bench.py --proforma "$BUILD/processor/proforma" --serve-load "$BUILD/tests/serve_load" "$@"
