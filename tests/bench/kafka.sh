#!/bin/sh
# Fills a topic and runs, on the same topic and broker, in turn: a bare librdkafka consume-copy-produce transaction loop
# that writes as many bytes under as random a key, and proforma. Prints events per second, their ratio, CPU per event,
# commits and latency. Figures of one run compare with each other, not with another day's.
#   tests/bench/kafka.sh [EVENTS]      default 1000000
set -eu
cd "$(dirname "$0")/../.."
events=${1:-1000000}
deploy/install_packages.sh build test
tests/kafka/broker.sh fetch
cmake --preset release -DPROFORMA_TESTS=ON >/dev/null
cmake --build --preset release --target proforma generate_month bare_loop kafka_cat kafka_latency
exec python3 tests/bench/kafka_bench.py --build build-release --events "$events"
