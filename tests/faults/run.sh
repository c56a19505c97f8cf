#!/bin/sh
# Faults on real brokers, one and three. tests/faults/README.md says what each is.
#   tests/faults/run.sh                 all of them
#   tests/faults/run.sh --quick         what every build runs
#   tests/faults/run.sh NAME...         single ones, by name or part of a name; --brokers 1 or 3: there only
#   tests/faults/run.sh --list
set -eu
cd "$(dirname "$0")/../.."
[ -f build/CMakeCache.txt ] || cmake --preset dev >/dev/null
cmake --build --preset dev --target proforma kafka_cat generate_month crash_points >/dev/null
python=$(sed -n 's/^PROFORMA_PYTHON:[A-Z]*=//p' build/CMakeCache.txt)
exec "${python:-python3}" tests/faults/faults.py --proforma build/processor/proforma --kafka-cat build/tests/kafka_cat \
    --crash-points build/tests/libcrash_points.so --generate-month build/tests/generate_month "$@"
