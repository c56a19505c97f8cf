#!/bin/sh
# Instructions that the engine takes for an event, all threads, by callgrind: a figure that a busy machine cannot move. What
# two sizes of a month differ by, so that set-up is out of it; usage is made before anything is counted.
#   tests/bench/instructions.sh             compares with tests/bench/instructions.txt, fails beyond 10 % more
#   tests/bench/instructions.sh --update    writes it anew
# Of the development build (BUILD=DIR: of another), on Debian 12: other compilers and libraries count differently.
set -eu
cd "$(dirname "$0")/../.."
kept=tests/bench/instructions.txt room=10 few=3000 many=12000
case "${1:-}" in
"" | --update) ;;
*) echo "usage: tests/bench/instructions.sh [--update]" >&2; exit 2 ;;
esac
if [ -z "${BUILD:-}" ]; then
    deploy/install_packages.sh build test >&2
    cmake --preset dev >/dev/null
    cmake --build --preset dev --target bench_engine >&2
    BUILD=build
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# MONTH EVENTS
count() {
    valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file=/dev/null "$BUILD/tests/bench_engine" --month "$1" \
        --events "$2" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
    sed -n 's/.*Collected : *//p' "$scratch/log"
}

failed=0
printf '%-10s %12s %12s %9s\n' month instructions kept change
for month in dense sparse tiered new-rows folded; do
    less=$(count "$month" "$few")
    more=$(count "$month" "$many")
    now=$(((more - less) / (many - few)))
    echo "$month $now" >>"$scratch/now"
    before=$(sed -n "s/^$month //p" "$kept" 2>/dev/null || true)
    if [ -z "$before" ]; then
        printf '%-10s %12s %12s\n' "$month" "$now" -
        failed=1
        continue
    fi
    printf '%-10s %12s %12s %+8d%%\n' "$month" "$now" "$before" "$(((now - before) * 100 / before))"
    [ $((now * 100)) -le $((before * (100 + room))) ] || failed=1
done
if [ "${1:-}" = --update ]; then
    {
        echo "# Instructions an event, by tests/bench/instructions.sh --update."
        cat "$scratch/now"
    } >"$kept"
elif [ "$failed" = 1 ]; then
    echo "instructions.sh: an event takes more than $room % more instructions than $kept keeps: find out why, or, if it is" \
        "worth it, write it anew with --update" >&2
    exit 1
fi
