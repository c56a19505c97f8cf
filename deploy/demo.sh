#!/bin/sh
# Prices a realistic month for three billing groups: installs what is missing, builds, and shows bills, margins and the
# Cost and Usage Reports that it wrote. Takes a new folder for the results (default: demo-out, which is made anew).
set -eu
cd "$(dirname "$0")/.."
out=${1:-demo-out}

deploy/install_packages.sh build
cmake --preset release -DPROFORMA_TESTS=OFF >/dev/null
cmake --build --preset release --target proforma

proforma=build-release/processor/proforma
sample=tests/data
[ "$out" != demo-out ] || rm -rf demo-out
echo
echo "== The document and the price lists"
"$proforma" check --conductor "$sample/conductor.json" \
    --price-list "$sample/pricelist/AmazonS3.json" --price-list "$sample/pricelist/AmazonEC2.json"
echo
echo "== June 2026, priced and closed"
"$proforma" price --conductor "$sample/conductor.json" \
    --price-list "$sample/pricelist/AmazonS3.json" --price-list "$sample/pricelist/AmazonEC2.json" \
    --resource-ids --close 2026-06 --out "$out" "$sample/cur_2026-06_hourly_normalized.csv.gz"
echo
echo "== Cost and Usage Reports"
find "$out/cur" -name '*.csv.gz' | sort
echo
echo "== How one line item came to its cost"
id=$(grep -m1 '"tier":2' "$out/line-items.jsonl" | sed 's/.*"line_item_id":"\([a-z2-7]*\)".*/\1/')
"$proforma" explain "$id" --out "$out"
