#!/bin/sh
# Every C file is as clang-format 14 writes it under .clang-format. `tests/house/format.sh --fix` makes it so.
cd "$(dirname "$0")/../.." || exit 1
mode="--dry-run -Werror"
[ "${1:-}" != --fix ] || mode=-i
# shellcheck disable=SC2086
find processor tests \( -name '*.c' -o -name '*.h' \) -print0 | xargs -0 clang-format-14 --style=file $mode || exit 1
echo "formatted"
