#!/bin/sh
# Data flows one way: each room includes only the rooms named here, and a library's header only where it belongs.
# The pure rooms (money, model, aggregate, assign, rate, period) see nothing but each other and the C standard library.
cd "$(dirname "$0")/../../processor" || exit 1

may_include='
base: base
money: base money
model: base money model
aggregate: base money model aggregate
assign: base money model assign
rate: base money model aggregate assign rate
period: base money model aggregate period
settings: base model settings
codec: base money model codec
documents: base money model codec documents
store: base money model aggregate store
log: base money model codec observe log
cur: base money model aggregate codec store cur
pipeline: base money model aggregate assign rate period codec store log cur pipeline
control: base money model aggregate assign rate period codec documents log control
tasks: base money model aggregate assign rate period codec store log cur pipeline control tasks
observe: base observe
registry: base model codec registry
admin: base admin
audit: base money store audit
run: base money model rate codec documents log pipeline control settings tasks observe run
http: base model http
service: base money model rate codec documents store log cur pipeline control tasks observe service
api: base money model period codec documents http service api
cli: base money model aggregate assign rate period codec documents store log cur pipeline control settings tasks observe admin registry audit run http service api cli
'
# header: the rooms that may see it
libraries='
xxhash.h: base
avro.h: codec
jansson.h: api codec control documents log registry service tasks
csv.h: codec
zlib.h: codec cur
rocksdb/c.h: store
openssl/crypto.h: http
openssl/hmac.h: http
openssl/sha.h: http log tasks
librdkafka/rdkafka.h: log
microhttpd.h: admin http
curl/curl.h: registry
netinet/tcp.h: http
poll.h: http
sys/epoll.h: http
sys/eventfd.h: http
sys/mman.h: base
'
standard=' endian.h netdb.h regex.h arpa/inet.h netinet/in.h sys/socket.h pthread.h stdatomic.h errno.h getopt.h inttypes.h limits.h malloc.h signal.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h time.h dirent.h fcntl.h ftw.h unistd.h sys/file.h sys/stat.h sys/types.h sys/resource.h '
pure=' money model aggregate assign rate period '
pure_standard=' stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h '

failed=0
complain() { echo "$1: #include $2: $3"; failed=1; }
allowed_for() { printf '%s\n' "$1" | sed -n "s|^$2: ||p"; }

for room in $(printf '%s\n' "$may_include" | sed -n 's/:.*//p'); do
    rooms=" $(allowed_for "$may_include" "$room") "
    for file in "$room"/*.c "$room"/*.h; do
        [ -f "$file" ] || continue
        for include in $(sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file"); do
            case "$rooms" in *" ${include%%/*} "*) ;; *) complain "$file" "\"$include\"" "$room may not see that room" ;; esac
        done
        for include in $(sed -n 's/^#include <\([^>]*\)>.*/\1/p' "$file"); do
            case "$pure" in
            *" $room "*)
                case "$pure_standard" in *" $include "*) ;; *) complain "$file" "<$include>" "a pure room sees no outside world" ;; esac
                continue ;;
            esac
            case "$standard" in *" $include "*) continue ;; esac
            case " $(allowed_for "$libraries" "$include") " in *" $room "*) ;; *) complain "$file" "<$include>" "not in this room" ;; esac
        done
    done
done
for room in */; do
    [ "$room" = web/ ] || [ -n "$(allowed_for "$may_include" "${room%/}")" ] || { echo "processor/$room is no room that this test knows"; failed=1; }
done
[ "$failed" = 0 ] && echo "includes point one way"
exit "$failed"
