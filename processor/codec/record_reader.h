/*
 * codec/record_reader.h: cuts an input into lines, or into CSV records whose quoted fields may hold newlines.
 * Bounded: a record longer than `bytes_max` is skipped and reported. Thread: one.
 */
#ifndef CODEC_RECORD_READER_H
#define CODEC_RECORD_READER_H

#include "codec/input.h"

enum record_status {
    RECORD_OK,
    RECORD_TOO_LARGE,  /* text is its beginning */
    RECORD_UNBALANCED, /* CSV: a quote never closes; text is the one line, reading goes on behind it */
    RECORD_TRUNCATED,  /* the compressed input ends or breaks inside; text is what there is of it, maybe nothing */
    RECORD_END,
    RECORD_FAILED, /* the system could not read */
};

struct record_reader;

/* Borrows the input. `quotes`: CSV. */
struct record_reader *record_reader_new(struct input *input, size_t bytes_max, bool quotes);

/* Blank lines are skipped, line ends taken off. *line is the record's first line, from 1. The text lives until the next
 * call. */
enum record_status record_reader_next(struct record_reader *reader, struct text *record, uint64_t *line);

void record_reader_free(struct record_reader *reader);

#endif
