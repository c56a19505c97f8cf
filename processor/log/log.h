/*
 * log/log.h: the port through which the pipeline reads usage and writes results (SEMANTICS 5).
 *
 * Behind it: local files (file_log.h). What is produced becomes visible all at once with commit, or never.
 * Thread: one. Functions fail with *error set; then only abort and close may follow.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include "codec/usage_reader.h"

enum log_topic { TOPIC_LINE_ITEMS, TOPIC_BILLS, TOPIC_COUNT };

struct log;

/* Called for every entry that poll takes; the entry is borrowed for the call. False stops the poll: it failed. */
typedef bool log_entry_handler(void *context, const struct usage_entry *entry, struct error *error);

struct log_ops {
    /* Hands up to `entries_max` entries to the handler. *ended: there will be no more. */
    bool (*poll)(struct log *log, size_t entries_max, log_entry_handler *handler, void *context, bool *ended,
                 struct error *error);
    bool (*begin)(struct log *log, struct error *error);
    bool (*produce)(struct log *log, enum log_topic topic, struct text key, const void *record, struct error *error);
    bool (*dead_letter)(struct log *log, const struct usage_place *place, const struct refusal *refusal,
                        struct error *error);
    bool (*commit)(struct log *log, struct error *error);
    void (*abort)(struct log *log);
    void (*close)(struct log *log);
};

struct log {
    const struct log_ops *ops;
};

#endif
