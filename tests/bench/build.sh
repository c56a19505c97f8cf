# What the scripts of the benches share: a release build, unless BUILD names one that is there. Not to be run.
build_for_benches() {
    [ -n "${BUILD:-}" ] && return
    deploy/install_packages.sh build test >&2
    cmake --preset release -DPROFORMA_TESTS=ON >/dev/null
    cmake --build --preset release --target "$@" >&2
    BUILD=build-release
}
