/* bench/kafka_handle.h: librdkafka for the programs of the benches, which end with a message when something fails. */
#ifndef BENCH_KAFKA_HANDLE_H
#define BENCH_KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline long long real_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000ll + now.tv_nsec / 1000;
}

static inline void must(int holds, const char *what, const char *why)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* Properties end with a NULL name. */
static inline rd_kafka_t *open_handle(rd_kafka_type_t type, const char *const (*properties)[2])
{
    char reason[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; (*properties)[0]; properties++)
        must(rd_kafka_conf_set(conf, (*properties)[0], (*properties)[1], reason, sizeof reason) == RD_KAFKA_CONF_OK,
             (*properties)[0], reason);
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof reason);
    must(handle != NULL, "rd_kafka_new", reason);
    return handle;
}

#endif
