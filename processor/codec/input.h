/*
 * codec/input.h: a file, compressed with gzip or not, or standard input, read forwards once.
 *
 * Gzip is recognised by its bytes, not by its name. Owns the descriptor and its buffers. Thread: one.
 */
#ifndef CODEC_INPUT_H
#define CODEC_INPUT_H

#include "base/error.h"
#include "base/text.h"

enum input_status {
    INPUT_OK,        /* gave at least one byte */
    INPUT_END,       /* the regular end */
    INPUT_TRUNCATED, /* a compressed stream stops inside; all bytes before are given first */
    INPUT_CORRUPT,   /* a compressed stream is damaged; all bytes before are given first */
    INPUT_FAILED,    /* the operating system could not read */
};

struct input;

/* A member of an archive: where its bytes lie in the file, and what they must come to. */
struct input_part {
    uint64_t offset, compressed_size, size;
    uint32_t crc;
    bool is_deflated; /* else stored as it is */
};

/* "-" is standard input. Fails: ERROR_FAILED with the path and the system's reason. */
MUST_USE bool input_open(const char *path, struct input **ret_input, struct error *error);

/* Opens a part of a file, under a name of its own. What comes out longer, shorter or other than it must be is CORRUPT or
 * TRUNCATED at its end. */
MUST_USE bool input_open_part(const char *path, const char *name, const struct input_part *part, struct input **ret_input,
                              struct error *error);

/* Where what comes out is gzip once more (a .gz in a zip, a file that was compressed twice), an input of what that holds;
 * it owns the one given. Else the same input. */
#define INPUT_WRAPS_MAX 4
struct input *input_unwrap(struct input *input);

/* Bytes in memory instead of a file; borrowed until input_close. For tests and fuzzers. */
struct input *input_from_memory(const void *bytes, size_t size, const char *name);

/* Reads up to `size` bytes; *got > 0 exactly if INPUT_OK. After any other status the same status comes again. */
enum input_status input_read(struct input *input, void *bytes, size_t size, size_t *got);

#define INPUT_PEEK_BYTES 4096
/* The next bytes (at most INPUT_PEEK_BYTES, fewer only at the end) without taking them; empty at the end or on failure.
 * Valid until the next call. */
struct text input_peek(struct input *input);

const char *input_name(const struct input *input);    /* the path as given */
const char *input_failure(const struct input *input); /* text for the last status that is neither OK nor END */
uint64_t input_position(const struct input *input);   /* compressed bytes taken, for progress */
uint64_t input_size(const struct input *input);       /* of the file; 0 if unknown */
void input_close(struct input *input);

#endif
