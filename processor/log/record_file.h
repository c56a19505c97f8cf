/*
 * log/record_file.h: a file of records, as JSON lines or an Avro object container. Every write is checked.
 *
 * Records are copied, then encoded and written by threads beside the one that adds them, in the order in which they were
 * added. Thread: the one that made it.
 */
#ifndef LOG_RECORD_FILE_H
#define LOG_RECORD_FILE_H

#include "base/buffer.h"
#include "codec/json_write.h"

enum record_format { RECORD_JSONL, RECORD_AVRO };

struct record_file_options {
    const struct record_type *type;
    enum record_format format;
    enum json_absent absent;
    size_t threads; /* with the owner's; 0 is 1. The bytes do not depend on it */
};

struct record_file;

/* `path` gets the ending of its format: "DIR/line-items" + ".jsonl". */
MUST_USE bool record_file_create(const char *path, const struct record_file_options *options, struct record_file **ret_file,
                                 struct error *error);
/* Fails also for what could not be written of earlier records. */
MUST_USE bool record_file_add(struct record_file *file, const void *record, struct error *error);
/* Flushes to disk and frees, whatever it returns. NULL is fine. */
MUST_USE bool record_file_close(struct record_file *file, struct error *error);

#endif
