/*
 * codec/input.c: raw bytes, and through zlib what they hold: a file, a part of one, or what another input gives.
 */
#include "codec/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

#define RAW_BYTES ((size_t)256 * 1024)
#define NO_LIMIT UINT64_MAX

enum coding { CODING_BY_MAGIC, CODING_PLAIN, CODING_GZIP, CODING_DEFLATE };

struct input {
    char *name;
    struct input *inner; /* whose bytes are the raw ones, else NULL; owned */
    int descriptor;      /* -1: memory */
    unsigned char *raw;
    size_t raw_start, raw_end;
    bool raw_ended, in_member;
    enum coding coding;
    uint64_t raw_left; /* of a part of a file; NO_LIMIT: to its end */
    uint64_t position, size;
    bool is_checked; /* a part whose length and checksum are known */
    uint64_t bytes_left;
    uint32_t crc, crc_expected;
    z_stream stream;
    enum input_status final; /* INPUT_OK while reading goes on */
    char failure[160];
    char peeked[INPUT_PEEK_BYTES]; /* given by the next reads first */
    size_t peeked_start, peeked_end;
};

static struct input *input_new(const char *name, int descriptor)
{
    struct input *input = memory_new(sizeof *input);
    input->name = memory_copy_string(name);
    input->descriptor = descriptor;
    input->raw_left = NO_LIMIT;
    return input;
}

bool input_open(const char *path, struct input **ret_input, struct error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        int reason = errno;
        if (descriptor > STDIN_FILENO)
            close(descriptor);
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", path, strerror(reason));
    }
    if (S_ISDIR(status.st_mode)) {
        close(descriptor);
        return error_fail(error, ERROR_FAILED, "%s: cannot read: is a directory, expected a file", path);
    }
    struct input *input = input_new(is_stdin ? "-" : path, descriptor);
    input->raw = memory_new(RAW_BYTES);
    input->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    *ret_input = input;
    return true;
}

struct input *input_from_memory(const void *bytes, size_t size, const char *name)
{
    struct input *input = input_new(name, -1);
    input->raw = memory_new(size);
    if (size)
        memcpy(input->raw, bytes, size);
    input->raw_end = size;
    input->size = size;
    input->position = size;
    input->raw_ended = true;
    return input;
}

bool input_open_part(const char *path, const char *name, const struct input_part *part, struct input **ret_input,
                     struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || lseek(descriptor, (off_t)part->offset, SEEK_SET) < 0) {
        int reason = errno;
        if (descriptor >= 0)
            close(descriptor);
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", path, strerror(reason));
    }
    struct input *input = input_new(name, descriptor);
    input->raw = memory_new(RAW_BYTES);
    input->coding = part->is_deflated ? CODING_DEFLATE : CODING_PLAIN;
    input->raw_left = part->compressed_size;
    input->size = part->compressed_size;
    input->is_checked = true;
    input->bytes_left = part->size;
    input->crc_expected = part->crc;
    *ret_input = input;
    return true;
}

static bool starts_gzip(struct text bytes)
{
    return text_starts_with(bytes, TEXT("\x1f\x8b"));
}

struct input *input_unwrap(struct input *input)
{
    for (int depth = 0; depth < INPUT_WRAPS_MAX && starts_gzip(input_peek(input)); depth++) {
        struct input *outer = input_new(input->name, -1);
        outer->raw = memory_new(RAW_BYTES);
        outer->inner = input;
        input = outer;
    }
    return input;
}

static enum input_status finish(struct input *input, enum input_status status, const char *failure)
{
    input->final = status;
    snprintf(input->failure, sizeof input->failure, "%s", failure);
    return status;
}

/* Some raw bytes from the file or the input below; none at their end. False: it failed, and is finished. */
static bool read_raw(struct input *input, unsigned char *bytes, size_t size, size_t *got)
{
    *got = 0;
    if (input->inner) {
        enum input_status status = input_read(input->inner, bytes, size, got);
        if (status != INPUT_OK && status != INPUT_END)
            finish(input, status, input->inner->failure);
        return status == INPUT_OK || status == INPUT_END;
    }
    if (size > input->raw_left)
        size = (size_t)input->raw_left;
    ssize_t result;
    do
        result = size ? read(input->descriptor, bytes, size) : 0;
    while (result < 0 && errno == EINTR);
    if (result < 0) {
        finish(input, INPUT_FAILED, strerror(errno));
        return false;
    }
    *got = (size_t)result;
    if (input->raw_left != NO_LIMIT)
        input->raw_left -= *got;
    return true;
}

/* Reads until there are `least` raw bytes or the end. False: that failed. */
static bool fill_raw(struct input *input, size_t least)
{
    while (!input->raw_ended && input->raw_end - input->raw_start < least) {
        size_t got;
        memmove(input->raw, input->raw + input->raw_start, input->raw_end - input->raw_start);
        input->raw_end -= input->raw_start;
        input->raw_start = 0;
        if (!read_raw(input, input->raw + input->raw_end, RAW_BYTES - input->raw_end, &got))
            return false;
        input->raw_ended = got == 0;
        input->raw_end += got;
        input->position += got;
    }
    return true;
}

static bool at_gzip_magic(const struct input *input)
{
    return starts_gzip((struct text){ (const char *)input->raw + input->raw_start, input->raw_end - input->raw_start });
}

static bool begin_member(struct input *input)
{
    input->stream = (z_stream){ 0 };
    input->in_member = inflateInit2(&input->stream, input->coding == CODING_DEFLATE ? -15 : 15 + 16) == Z_OK;
    return input->in_member;
}

/* Inflates once from the raw bytes at hand. */
static int inflate_some(struct input *input, void *bytes, size_t size, size_t *got)
{
    z_stream *stream = &input->stream;
    stream->next_in = input->raw + input->raw_start;
    stream->avail_in = (uInt)(input->raw_end - input->raw_start);
    stream->next_out = bytes;
    stream->avail_out = (uInt)(size > UINT32_MAX / 2 ? UINT32_MAX / 2 : size);
    uInt room = stream->avail_out;
    int result = inflate(stream, Z_NO_FLUSH);
    input->raw_start = input->raw_end - stream->avail_in;
    *got = room - stream->avail_out;
    if (result == Z_STREAM_END) {
        inflateEnd(stream);
        input->in_member = false;
    }
    return result;
}

static enum input_status read_deflate(struct input *input, void *bytes, size_t size, size_t *got)
{
    if (!input->in_member && (input->raw_ended || !begin_member(input)))
        return finish(input, INPUT_END, "");
    for (;;) {
        if (!fill_raw(input, 1))
            return input->final;
        int result = inflate_some(input, bytes, size, got);
        if (result == Z_STREAM_END)
            input->raw_ended = true; /* what is left of the part is nobody's */
        else if (result != Z_OK && result != Z_BUF_ERROR)
            finish(input, INPUT_CORRUPT, input->stream.msg ? input->stream.msg : "damaged zip member");
        else if (*got == 0 && input->raw_ended && input->raw_start == input->raw_end)
            return finish(input, INPUT_TRUNCATED, "the zip member ends inside");
        if (*got)
            return INPUT_OK;
        if (result == Z_STREAM_END)
            return finish(input, INPUT_END, "");
        if (input->final != INPUT_OK)
            return input->final;
    }
}

static enum input_status read_gzip(struct input *input, void *bytes, size_t size, size_t *got)
{
    for (;;) {
        if (!fill_raw(input, 2))
            return input->final;
        if (!input->in_member) {
            if (input->raw_end == input->raw_start)
                return finish(input, INPUT_END, "");
            /* Members may follow one another; anything else behind one is damage. */
            if (!at_gzip_magic(input) || !begin_member(input))
                return finish(input, INPUT_CORRUPT, "bytes that are not gzip follow a gzip stream");
        }
        int result = inflate_some(input, bytes, size, got);
        if (result == Z_STREAM_END) {
            ; /* another member may follow */
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            finish(input, INPUT_CORRUPT, input->stream.msg ? input->stream.msg : "damaged gzip stream");
            return *got ? INPUT_OK : INPUT_CORRUPT;
        } else if (*got == 0 && input->raw_ended && input->raw_start == input->raw_end) {
            return finish(input, INPUT_TRUNCATED, "the gzip stream ends inside");
        }
        if (*got)
            return INPUT_OK;
    }
}

static enum input_status read_plain(struct input *input, void *bytes, size_t size, size_t *got)
{
    if (!fill_raw(input, 1))
        return input->final;
    size_t left = input->raw_end - input->raw_start;
    if (left == 0)
        return finish(input, INPUT_END, "");
    *got = left < size ? left : size;
    memcpy(bytes, input->raw + input->raw_start, *got);
    input->raw_start += *got;
    return INPUT_OK;
}

static enum input_status decode(struct input *input, void *bytes, size_t size, size_t *got)
{
    if (input->coding == CODING_BY_MAGIC) {
        if (!fill_raw(input, 2))
            return input->final;
        input->coding = at_gzip_magic(input) ? CODING_GZIP : CODING_PLAIN;
    }
    switch (input->coding) {
    case CODING_GZIP:
        return read_gzip(input, bytes, size, got);
    case CODING_DEFLATE:
        return read_deflate(input, bytes, size, got);
    case CODING_BY_MAGIC:
    case CODING_PLAIN:
        break;
    }
    return read_plain(input, bytes, size, got);
}

/* Holds a part to the length and checksum that its archive gives; bytes beyond the length are not given. */
static enum input_status check_part(struct input *input, enum input_status status, const void *bytes, size_t *got)
{
    if (status == INPUT_OK) {
        bool is_longer = *got > input->bytes_left;
        if (is_longer)
            *got = (size_t)input->bytes_left;
        input->bytes_left -= *got;
        input->crc = (uint32_t)crc32(input->crc, bytes, (uInt)*got);
        if (is_longer)
            finish(input, INPUT_CORRUPT, "the member is longer than its archive says");
        return *got ? INPUT_OK : input->final;
    }
    if (status == INPUT_END && input->bytes_left > 0)
        return finish(input, INPUT_TRUNCATED, "the member is shorter than its archive says");
    if (status == INPUT_END && input->crc != input->crc_expected)
        return finish(input, INPUT_CORRUPT, "the member's checksum is not the one that its archive gives");
    return status;
}

static enum input_status read_more(struct input *input, void *bytes, size_t size, size_t *got)
{
    *got = 0;
    if (input->final != INPUT_OK)
        return input->final;
    enum input_status status = decode(input, bytes, size, got);
    return input->is_checked ? check_part(input, status, bytes, got) : status;
}

struct text input_peek(struct input *input)
{
    /* A pipe or a short gzip member may give less at a time than is there. */
    while (input->peeked_start == 0 && input->peeked_end < sizeof input->peeked) {
        size_t got;
        if (read_more(input, input->peeked + input->peeked_end, sizeof input->peeked - input->peeked_end, &got) != INPUT_OK)
            break;
        input->peeked_end += got;
    }
    return (struct text){ input->peeked + input->peeked_start, input->peeked_end - input->peeked_start };
}

enum input_status input_read(struct input *input, void *bytes, size_t size, size_t *got)
{
    size_t peeked = input->peeked_end - input->peeked_start;
    if (peeked == 0)
        return read_more(input, bytes, size, got);
    *got = peeked < size ? peeked : size;
    memcpy(bytes, input->peeked + input->peeked_start, *got);
    input->peeked_start += *got;
    if (input->peeked_start == input->peeked_end)
        input->peeked_start = input->peeked_end = 0;
    return INPUT_OK;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

const char *input_failure(const struct input *input)
{
    return input->failure;
}

uint64_t input_position(const struct input *input)
{
    if (input->inner)
        return input_position(input->inner);
    return input->position - (input->raw_end - input->raw_start);
}

uint64_t input_size(const struct input *input)
{
    return input->inner ? input_size(input->inner) : input->size;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->in_member)
        inflateEnd(&input->stream);
    if (input->descriptor > STDIN_FILENO)
        close(input->descriptor);
    input_close(input->inner);
    free(input->raw);
    free(input->name);
    free(input);
}
