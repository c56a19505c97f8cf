#!/bin/sh
# `proforma price` and DuckDB, with two threads, on the same files: both read them, drop what comes twice, sum by row
# identity, multiply exactly and write line items; their totals must be the same to the last digit. A line a case.
#   tests/bench/files.sh [--events 1000000,5000000,20000000] [--months dense,sparse] [--formats csv,csv.gz,jsonl,avro]
#                        [--times N] [--json FILE] [--scratch DIR]
# DuckDB is of this bench alone: it lies in build/bench-python. BUILD=DIR takes the programs of a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches proforma generate_month
python=build/bench-python/bin/python3
if ! "$python" -c 'import duckdb' 2>/dev/null; then
    python3 -m venv build/bench-python
    "$python" -m pip install --quiet --disable-pip-version-check duckdb==2.0.1 ||
        { echo "files.sh: DuckDB cannot be fetched" >&2; exit 77; }
fi
exec python3 tests/bench/files_bench.py --build "$BUILD" --python "$python" "$@"
