#!/bin/sh
# Prices a realistic month for three billing groups: installs what is missing, builds, and shows bills, margins and the
# Cost and Usage Reports that it wrote.
#   deploy/demo.sh [FOLDER]     on files; results go to a new folder (default: demo-out, which is made anew)
#   deploy/demo.sh --kafka      the same month through a Kafka broker of its own, closed, and the bills from the topic
set -eu
cd "$(dirname "$0")/.."

with_kafka=no
case "${1:-}" in
--kafka) with_kafka=yes; shift ;;
esac
out=${1:-demo-out}
sample=tests/data
documents="--conductor $sample/conductor.json --price-list $sample/pricelist/AmazonS3.json
    --price-list $sample/pricelist/AmazonEC2.json"

deploy/install_packages.sh build
cmake --preset release >/dev/null
cmake --build --preset release --target proforma kafka_cat
proforma=build-release/processor/proforma

# shellcheck disable=SC2086
on_files() {
    [ "$out" != demo-out ] || rm -rf demo-out
    echo
    echo "== The document and the price lists"
    "$proforma" check $documents
    echo
    echo "== June 2026, priced and closed"
    "$proforma" price $documents --resource-ids --close 2026-06 --out "$out" "$sample/cur_2026-06_hourly_normalized.csv.gz"
    echo
    echo "== Cost and Usage Reports"
    find "$out/cur" -name '*.csv.gz' | sort
    echo
    echo "== How one line item came to its cost"
    id=$(grep -m1 '"tier":2' "$out/line-items.jsonl" | sed 's/.*"line_item_id":"\([a-z2-7]*\)".*/\1/')
    "$proforma" explain "$id" --out "$out"
    serve
}

# On a terminal until Ctrl-C; elsewhere it shows that it answers, and ends.
serve() {
    echo
    echo "== The Billing Conductor API and the bills page, read-only, at"
    if [ -t 1 ]; then
        echo "   (Ctrl-C ends it; aws billingconductor list-billing-groups --endpoint-url http://127.0.0.1:9465 --no-sign-request)"
        exec "$proforma" serve --out "$out"
    fi
    address=$(mktemp)
    "$proforma" serve --out "$out" >"$address" &
    serving=$!
    tries=0
    until [ -s "$address" ] || ! kill -0 "$serving" 2>/dev/null || [ "$tries" -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    cat "$address"
    rm -f "$address"
    kill -TERM "$serving" 2>/dev/null || true
    wait "$serving"
}

# shellcheck disable=SC2086
on_kafka() {
    tests/kafka/broker.sh fetch
    scratch=$(mktemp -d)
    running=""
    trap '[ -z "$running" ] || kill "$running" 2>/dev/null || true; tests/kafka/broker.sh stop "$scratch/broker" || true
        rm -rf "$scratch"' EXIT
    tests/kafka/broker.sh start "$scratch/broker"
    broker=$(cat "$scratch/broker/bootstrap")
    cat >"$scratch/proforma.conf" <<END
kafka.bootstrap.servers = $broker
replication.factor = 1
partitions.usage = 3
partitions.tier = 2
partitions.bill = 2
workers = 2
format = json
state.dir = $scratch/state
http.listen =
END
    config="--config $scratch/proforma.conf"
    echo
    echo "== Topics, the document, the processor"
    "$proforma" topics create $config
    "$proforma" apply $documents $config | tail -n 1
    "$proforma" run $config 2>"$scratch/log" &
    running=$!
    echo
    echo "== June 2026 goes in"
    "$proforma" import "$sample/cur_2026-06_hourly_normalized.csv.gz" $config 2>/dev/null
    "$proforma" close --period 2026-06 $config
    tries=0
    until "$proforma" cur --group 200000000011 --period 2026-06 --out "$scratch/cur" $config 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { cat "$scratch/log" >&2; exit 1; }
        sleep 1
    done
    echo
    echo "== The groups' bills, from the topic"
    build-release/tests/kafka_cat consume "$broker" proforma.bills | python3 deploy/show_bills.py
    echo
    "$proforma" status $config
    kill -TERM "$running"
    wait "$running"
    running=""
}

if [ "$with_kafka" = yes ]; then on_kafka; else on_files; fi
