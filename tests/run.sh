#!/bin/sh
# Installs what is missing, builds, and runs every test. On a fresh Debian 12 nothing else is needed.
#   tests/run.sh            everything: sanitizer builds, fuzzers for a few seconds each, then all tests
#   tests/run.sh --quick    the development build and its tests only
set -eu
cd "$(dirname "$0")/.."

quick=no
case "${1:-}" in
"") ;;
--quick) quick=yes ;;
*) echo "usage: tests/run.sh [--quick]" >&2; exit 2 ;;
esac

deploy/install_packages.sh build test
deploy/install_packages.sh browser || echo "no browser can be installed: the page is not tested" >&2
[ "$quick" = yes ] || deploy/install_packages.sh fuzz

# The scripts among the tests compare with fastavro, call the API by boto3 and the AWS CLI, and lead a browser by selenium,
# with axe for what it shows; they have an environment of their own.
python=build/python/bin/python3
if ! "$python" -c 'import fastavro, boto3, awscli, selenium, axe_core_python' 2>/dev/null; then
    python3 -m venv build/python
    "$python" -m pip install --quiet --disable-pip-version-check fastavro==1.9.7 boto3 awscli \
        selenium==4.27.1 axe-core-python==0.1.0
fi
python="$PWD/$python"

# PRESET [TARGET]...
build() {
    preset=$1
    shift
    cmake --preset "$preset" -DPROFORMA_PYTHON="$python" >/dev/null
    cmake --build --preset "$preset" ${1:+--target "$@"}
}

echo "== build"
build dev
if [ "$quick" = no ]; then
    echo "== address and undefined behaviour sanitizers"
    build asan
    ctest --preset asan --parallel 2 --label-regex unit
    ctest --preset asan --parallel 2 --tests-regex 'kafka_month|sim_simulator$|^api_(folder|access)$'
    echo "== thread sanitizer"
    build tsan proforma kafka_cat generate_month
    ctest --preset tsan --tests-regex 'kafka_month|kafka_api_operations'
    echo "== fuzzers"
    tests/fuzz/run.sh 5
fi
# Most of them wait for a broker or a clock.
echo "== all tests"
ctest --preset dev --parallel 2
