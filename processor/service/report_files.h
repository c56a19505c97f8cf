/*
 * service/report_files.h: a group's Cost and Usage Report from the topic, as files, for the group and each of its accounts,
 * checked against the manifest.
 */
#ifndef SERVICE_REPORT_FILES_H
#define SERVICE_REPORT_FILES_H

#include "codec/wire.h"
#include "log/stream.h"
#include "model/calendar.h"

/* How the topics are read. */
struct report_port {
    void *context;
    struct wire *wire;
    int32_t manifest_partitions;
    /* All committed records of a partition, from its first to its end as it is now. */
    bool (*read)(void *context, enum stream_topic topic, int32_t partition,
                 bool (*take)(void *taker, const struct stream_record *record, struct error *error), void *taker,
                 struct error *error);
};

/* `group` ends with a NUL. `out` is a new or empty folder. Fails: there is no report, or it is not what its manifest says.
 */
MUST_USE bool report_files_write(const struct report_port *port, struct text group, billing_period period, const char *out,
                                 uint64_t *ret_rows, struct error *error);

#endif
