#!/bin/sh
# Installs what a Debian 12 lacks to build and test proforma. Does nothing where all of it is there.
#   deploy/install_packages.sh [build|test|browser|fuzz]...
set -eu

packages_of() {
    case "$1" in
    build) echo gcc libc6-dev cmake ninja-build pkg-config librdkafka-dev libavro-dev librocksdb-dev libjansson-dev libcsv-dev \
        zlib1g-dev libssl-dev libmicrohttpd-dev libcurl4-openssl-dev libxxhash-dev libcmocka-dev \
        libgoogle-perftools-dev libjs-chart.js ;;
    test) echo python3 python3-venv libgmp-dev openssl clang-format-14 valgrind ;;
    browser) echo chromium chromium-driver fonts-dejavu-core ;;
    fuzz) echo clang llvm libclang-rt-14-dev ;; # the sanitizers and libFuzzer of clang 14, which is Debian 12's
    *) echo "install_packages.sh: $1: expected build, test, browser or fuzz" >&2; exit 2 ;;
    esac
}

missing=""
for set in "${@:-build}"; do
    for package in $(packages_of "$set"); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
