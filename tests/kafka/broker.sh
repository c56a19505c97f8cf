#!/bin/sh
# A real Kafka broker for tests: one JVM that is broker and controller, on 127.0.0.1 only.
#   tests/kafka/broker.sh fetch             installs Java and Maven, copies Kafka's jars into build/kafka/libs; once
#   tests/kafka/broker.sh start DIR [PORT]  makes a broker in DIR and waits until it answers; else on a free port
#   tests/kafka/broker.sh stop DIR          an orderly stop; killed after 20 s
#   tests/kafka/broker.sh kill DIR          what a crash does
#   tests/kafka/broker.sh restart DIR       the same data and port again, after stop, kill or while it runs
# DIR then holds pid, bootstrap (127.0.0.1:PORT), log, server.properties and data/. Exit 77: Kafka cannot be had here.
# Environment: PROFORMA_KAFKA     required: where Kafka cannot be had that is a failure, not a skip
#              BROKER_PROPERTIES  more server properties, KEY=VALUE, one a line; they win over those below
#              BROKER_OWNER       a process id; the broker is killed when that process is gone
#              BROKER_WAIT        seconds that a broker may take until it answers (60)
#              BROKER_CLUSTER     the id of the cluster that the broker belongs to; else one of its own
#              BROKER_HEAP        what java may take, as 256m (512m)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kafka=$(dirname "$(dirname "$here")")/build/kafka
libs=$kafka/libs

complain() {
    echo "broker.sh: $*" >&2
}

unavailable() {
    if [ "${PROFORMA_KAFKA:-}" = required ]; then
        complain "$*, and PROFORMA_KAFKA says that it is required"
        exit 1
    fi
    complain "$*; the tests that need a Kafka broker are skipped"
    exit 77
}

install_packages() {
    missing=""
    for package in default-jre-headless maven; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" ||
            missing="$missing $package"
    done
    # A Java or Maven that came from elsewhere is as good.
    if [ -z "$missing" ] || { command -v java && command -v mvn; } >/dev/null; then
        return
    fi
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    echo "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
        unavailable "cannot install$missing"
}

# The jars are complete when the copy of the pom lies beside them: it is written last, and another pom fetches anew.
fetched() {
    cmp -s "$here/pom.xml" "$libs/pom.xml" && command -v java >/dev/null
}

fetch() {
    if fetched; then
        return
    fi
    mkdir -p "$kafka"
    # Two tests may begin at one time.
    exec 9>"$kafka/lock"
    flock 9
    if ! fetched; then
        install_packages
        rm -rf "$libs"
        mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$libs" >"$kafka/fetch.log" 2>&1 ||
            unavailable "Maven cannot fetch Kafka ($kafka/fetch.log says why)"
        cp "$here/pom.xml" "$libs/pom.xml"
    fi
    exec 9>&-
}

# The compiler's first tier alone: a broker that lives for seconds starts sooner and leaves the processors to the test.
# The first argument is what java is run by, or nothing.
run_java() {
    prefix=$1
    shift
    # shellcheck disable=SC2086
    exec $prefix java -Xmx"${BROKER_HEAP:-512m}" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
        -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$libs/*" "$@"
}

# By its command line: a process that ended but is not collected yet has none, and the number may be another's by now.
running() {
    tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -qxF "$dir/server.properties"
} 2>/dev/null

write_properties() {
    cat >"$dir/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$2
advertised.listeners=PLAINTEXT://127.0.0.1:$1
controller.listener.names=CONTROLLER
log.dirs=$dir/data
num.partitions=1
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# A broker that was killed is let in again when its old session is over; the default is 9 s.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Tests write records of any month; none may vanish for its age.
log.retention.ms=-1
# The default, 128 MiB, is a quarter of the heap.
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES
    add_properties
}

# Of a key that is there twice Java takes the last.
add_properties() {
    [ -z "${BROKER_PROPERTIES:-}" ] || printf '%s\n' "$BROKER_PROPERTIES" >>"$dir/server.properties"
}

# A broker whose test was killed would run for ever. $1 is the test, $2 the broker.
follow() {
    while sleep 1; do
        running "$2" || return 0
        kill -0 "$1" 2>/dev/null || kill -KILL "$2" 2>/dev/null || true
    done
}

launch() {
    cd "$dir"
    # A session of its own (setsid): Ctrl-C ends the test, and the test ends the broker.
    run_java setsid kafka.Kafka "$dir/server.properties" >>"$dir/log" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$dir/pid"
    if [ -n "${BROKER_OWNER:-}" ]; then
        setsid "$here/broker.sh" follow "$dir" "$BROKER_OWNER" "$pid" >/dev/null 2>&1 </dev/null &
    fi
    python3 "$here/kafka_tools.py" wait "$(cat "$dir/bootstrap")" "$pid" "${BROKER_WAIT:-60}" && return
    complain "the broker does not answer; the end of $dir/log:"
    tail -n 20 "$dir/log" >&2
    halt KILL 1
    exit 1
}

# Sends a signal and waits up to so many seconds; 1 if the broker is still there.
halt() {
    [ -s "$dir/pid" ] || return 0
    pid=$(cat "$dir/pid")
    running "$pid" && kill -"$1" "$pid"
    tenths=$(($2 * 10))
    while running "$pid"; do
        [ "$tenths" -gt 0 ] || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
    rm -f "$dir/pid"
}

start() {
    fetch
    if [ -e "$dir/server.properties" ]; then
        complain "$dir: holds a broker already; use restart"
        exit 2
    fi
    ports=$(python3 "$here/kafka_tools.py" ports 2)
    controller=${ports#* }
    port=${port:-${ports% *}}
    write_properties "$port" "$controller"
    echo "127.0.0.1:$port" >"$dir/bootstrap"
    cluster=${BROKER_CLUSTER:-$(python3 "$here/kafka_tools.py" cluster-id)}
    if ! (run_java "" kafka.tools.StorageTool format -t "$cluster" -c "$dir/server.properties") >"$dir/log" 2>&1; then
        complain "cannot format $dir:"
        tail -n 20 "$dir/log" >&2
        exit 1
    fi
    launch
}

stop() {
    halt TERM 20 && return
    complain "the broker did not stop within 20 s; killed"
    halt KILL 20
}

restart() {
    fetch
    [ -e "$dir/server.properties" ] || { complain "$dir: holds no broker; use start"; exit 2; }
    stop
    add_properties
    launch
}

usage() {
    echo "usage: broker.sh fetch | start DIR [PORT] | stop DIR | kill DIR | restart DIR" >&2
    exit 2
}

command=${1:-}
[ "$command" = fetch ] && { fetch; exit 0; }
[ $# -ge 2 ] || usage
[ "$command" != start ] || mkdir -p "$2"
dir=$(cd "$2" && pwd -P)
port=${3:-}
case "$command" in
start) start ;;
stop) stop ;;
kill) halt KILL 20 ;;
restart) restart ;;
follow) follow "$3" "$4" ;; # for this script itself
*) usage ;;
esac
