/*
 * log/file_log.h: the log port over local files: usage from files in turn, results into a folder (SEMANTICS 5, 6).
 */
#ifndef LOG_FILE_LOG_H
#define LOG_FILE_LOG_H

#include "log/log.h"
#include "log/output_dir.h"
#include "log/record_file.h"
#include "log/usage_ahead.h"

struct file_log_options {
    const char *const *usage; /* paths, "-" is standard input; borrowed */
    size_t usage_count;
    struct usage_reader_options reader;
    size_t threads;               /* that read and write; 0: one. Nothing depends on it */
    usage_ahead_prepare *prepare; /* see log/usage_ahead.h; NULL: none */
    const char *out;              /* NULL: nothing is written, dead letters are only counted */
    enum record_format format;
};

/* How far the reading is, for a progress line. */
struct file_log_progress {
    uint64_t bytes_read, bytes_total; /* total 0: unknown */
};

/* Fails: an output folder that cannot be taken, a usage file that cannot be opened. */
MUST_USE bool file_log_open(const struct file_log_options *options, struct log **ret_log, struct error *error);

struct output_dir *file_log_output(struct log *log); /* NULL without `out` */
struct file_log_progress file_log_progress(const struct log *log);
/* Whether the usage may be of more than one delivery: several files that no assembly joins. */
bool file_log_may_mix(const struct log *log);

#endif
