/*
 * faults/crash_points.c: dies, or stops, at a named point of another program's commit. A library that is loaded in front of
 * librdkafka and RocksDB (LD_PRELOAD): the program that is tested is the one that is shipped.
 *
 *   PROFORMA_CRASH=POINT[:N][:stop]   at the Nth time (1) that POINT is reached: SIGKILL, or SIGSTOP
 *   PROFORMA_CRASH_FILE=PATH          gets a line with the point's name before that
 *   PROFORMA_CLOCK=PATH               a file with seconds that the program's own wall clock is off; read as time goes on
 *
 * Points, in the order of a commit:
 *   poll       records have been taken from the broker, nothing is done with them
 *   produce    N records of a transaction are on the broker, more would follow
 *   offsets    all its records are on the broker, its offsets are not
 *   end        its offsets are sent, its end is not
 *   committed  it is committed, and nobody but the broker knows
 *   store      before a write to RocksDB
 *   stored     behind it
 *   flush      RocksDB is asked to bring what it has to disk
 *   restore    records are read back, before the first transaction
 *   assign     inside the callback that gives partitions
 *   revoke     inside the callback that takes them
 */
#include <dlfcn.h>
#include <link.h>
#include <librdkafka/rdkafka.h>
#include <rocksdb/c.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_MS 5000

/* ISO C has no way from void * to a function. */
#define NEXT(function)                                     \
    __extension__({                                        \
        static __typeof__(&function) next;                 \
        if (!next)                                         \
            *(void **)&next = dlsym(RTLD_NEXT, #function); \
        next;                                              \
    })

static _Atomic long reached;
static _Atomic bool began; /* a transaction */
static _Atomic(rd_kafka_t *) producer;

static bool is_point(const char *name, long *number, bool *stops)
{
    const char *wanted = getenv("PROFORMA_CRASH");
    size_t size = strlen(name);
    if (!wanted || strncmp(wanted, name, size) != 0 || (wanted[size] != ':' && wanted[size] != '\0'))
        return false;
    *number = wanted[size] == ':' ? strtol(wanted + size + 1, NULL, 10) : 1;
    *stops = strstr(wanted, ":stop") != NULL;
    return true;
}

static void tell(const char *name)
{
    const char *path = getenv("PROFORMA_CRASH_FILE");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    fprintf(file, "%s\n", name);
    fclose(file);
}

/* `before`: what has to be on the broker by then. */
static void point(const char *name, rd_kafka_t *before)
{
    long number;
    bool stops;
    if (!is_point(name, &number, &stops) || atomic_fetch_add(&reached, 1) + 1 != number)
        return;
    if (before)
        rd_kafka_flush(before, FLUSH_MS);
    tell(name);
    kill(getpid(), stops ? SIGSTOP : SIGKILL);
}

/* ---- librdkafka ---- */

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *queue, int timeout_ms, rd_kafka_message_t **messages, size_t room)
{
    ssize_t count = NEXT(rd_kafka_consume_batch_queue)(queue, timeout_ms, messages, room);
    bool records = false;
    for (ssize_t i = 0; i < count; i++)
        records = records || messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (records)
        point("poll", NULL);
    if (records && !atomic_load(&began))
        point("restore", NULL);
    return count;
}

rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *handle)
{
    atomic_store(&began, true);
    atomic_store(&producer, handle);
    return NEXT(rd_kafka_begin_transaction)(handle);
}

int rd_kafka_produce(rd_kafka_topic_t *topic, int32_t partition, int flags, void *payload, size_t size, const void *key,
                     size_t key_size, void *opaque)
{
    int result = NEXT(rd_kafka_produce)(topic, partition, flags, payload, size, key, key_size, opaque);
    point("produce", atomic_load(&producer));
    return result;
}

/* One by one, so that a batch, too, is cut anywhere. A queue that is full refuses what is left. */
int rd_kafka_produce_batch(rd_kafka_topic_t *topic, int32_t partition, int flags, rd_kafka_message_t *messages, int count)
{
    int done = 0;
    while (done < count && NEXT(rd_kafka_produce_batch)(topic, partition, flags, &messages[done], 1) == 1) {
        done++;
        point("produce", atomic_load(&producer));
    }
    for (int i = done + 1; i < count; i++)
        messages[i].err = messages[done].err;
    return done;
}

rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *offsets,
                                                       const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    point("offsets", handle);
    return NEXT(rd_kafka_send_offsets_to_transaction)(handle, offsets, group, timeout_ms);
}

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *handle, int timeout_ms)
{
    point("end", handle);
    rd_kafka_error_t *error = NEXT(rd_kafka_commit_transaction)(handle, timeout_ms);
    if (!error)
        point("committed", NULL);
    return error;
}

typedef void rebalance_callback(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
static _Atomic(rebalance_callback *) real_callback;

static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t *list, void *opaque)
{
    point(event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? "assign" : "revoke", NULL);
    atomic_load (&real_callback)(handle, event, list, opaque);
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t *conf, rebalance_callback *callback)
{
    atomic_store(&real_callback, callback);
    NEXT(rd_kafka_conf_set_rebalance_cb)(conf, on_rebalance);
}

/* ---- RocksDB ---- */

void rocksdb_write(rocksdb_t *db, const rocksdb_writeoptions_t *options, rocksdb_writebatch_t *batch, char **error)
{
    point("store", NULL);
    NEXT(rocksdb_write)(db, options, batch, error);
    point("stored", NULL);
}

void rocksdb_flush(rocksdb_t *db, const rocksdb_flushoptions_t *options, char **error)
{
    point("flush", NULL);
    NEXT(rocksdb_flush)(db, options, error);
    point("flush", NULL);
}

/* ---- the wall clock of the program itself; its libraries wait by the true one ---- */

static uintptr_t program_begin, program_end;

static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X))
            continue;
        program_begin = info->dlpi_addr + header->p_vaddr;
        program_end = program_begin + header->p_memsz;
    }
    return 1; /* the first object is the program */
}

static long seconds_off(void)
{
    static _Atomic long off;
    static _Atomic unsigned calls;
    const char *path = getenv("PROFORMA_CLOCK");
    if (!path)
        return 0;
    if (atomic_fetch_add(&calls, 1) % 16 == 0) {
        FILE *file = fopen(path, "r");
        long found;
        if (file && fscanf(file, "%ld", &found) == 1)
            atomic_store(&off, found);
        if (file)
            fclose(file);
    }
    return atomic_load(&off);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    int result = NEXT(clock_gettime)(clock, now);
    if (program_end == 0)
        dl_iterate_phdr(find_program, NULL);
    if (clock == CLOCK_REALTIME && caller >= program_begin && caller < program_end)
        now->tv_sec += seconds_off();
    return result;
}
