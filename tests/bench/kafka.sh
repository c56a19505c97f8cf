#!/bin/sh
# A bare librdkafka consume-copy-produce transaction loop, which writes as many bytes under as random a key, and proforma, in
# turn on the same usage and broker, over months that the bench makes itself. Then kill -9 and restart, a rebuild from the
# topic alone, and latency at parts of the full load. Figures of one run compare with each other, not with another day's.
#   tests/bench/kafka.sh [--events N] [--months dense,sparse,tiered] [--times N] [--seconds S] [--loads 0.1,0.5,1]
#                        [--workers N] [--json FILE]
# BUILD=DIR takes the programs of a build that is there.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/build.sh
build_for_benches proforma generate_month bare_loop kafka_cat kafka_feed kafka_progress kafka_latency bench_engine
exec python3 tests/bench/kafka_bench.py --build "$BUILD" "$@"
