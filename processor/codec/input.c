/* codec/input.c: reads through zlib where the first two bytes are gzip's. */
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
#define PEEK_BYTES 4096

struct input {
    char *name;
    int descriptor; /* -1: memory */
    unsigned char *raw;
    size_t raw_start, raw_end;
    bool raw_ended, checked_magic, is_gzip, in_member;
    uint64_t position, size;
    z_stream stream;
    enum input_status final; /* INPUT_OK while reading goes on */
    char failure[160];
    char peeked[PEEK_BYTES]; /* given by the next reads first */
    size_t peeked_start, peeked_end;
};

static struct input *input_new(const char *name, int descriptor)
{
    struct input *input = memory_new(sizeof *input);
    input->name = memory_copy_string(name);
    input->descriptor = descriptor;
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

static enum input_status finish(struct input *input, enum input_status status, const char *failure)
{
    input->final = status;
    snprintf(input->failure, sizeof input->failure, "%s", failure);
    return status;
}

/* Reads until there are two raw bytes or the end. False: the system failed. */
static bool fill_raw(struct input *input, size_t least)
{
    while (!input->raw_ended && input->raw_end - input->raw_start < least) {
        memmove(input->raw, input->raw + input->raw_start, input->raw_end - input->raw_start);
        input->raw_end -= input->raw_start;
        input->raw_start = 0;
        ssize_t got = read(input->descriptor, input->raw + input->raw_end, RAW_BYTES - input->raw_end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            finish(input, INPUT_FAILED, strerror(errno));
            return false;
        }
        input->raw_ended = got == 0;
        input->raw_end += (size_t)got;
        input->position += (size_t)got;
    }
    return true;
}

static bool at_gzip_magic(const struct input *input)
{
    return input->raw_end - input->raw_start >= 2 && input->raw[input->raw_start] == 0x1f &&
           input->raw[input->raw_start + 1] == 0x8b;
}

static bool begin_member(struct input *input)
{
    input->stream = (z_stream){ 0 };
    input->in_member = inflateInit2(&input->stream, 15 + 16) == Z_OK;
    return input->in_member;
}

static enum input_status read_gzip(struct input *input, void *bytes, size_t size, size_t *got)
{
    for (;;) {
        if (!fill_raw(input, 2))
            return INPUT_FAILED;
        if (!input->in_member) {
            if (input->raw_end == input->raw_start)
                return finish(input, INPUT_END, "");
            /* Members may follow one another; anything else behind one is damage. */
            if (!at_gzip_magic(input) || !begin_member(input))
                return finish(input, INPUT_CORRUPT, "bytes that are not gzip follow a gzip stream");
        }
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
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            finish(input, INPUT_CORRUPT, stream->msg ? stream->msg : "damaged gzip stream");
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
        return INPUT_FAILED;
    size_t left = input->raw_end - input->raw_start;
    if (left == 0)
        return finish(input, INPUT_END, "");
    *got = left < size ? left : size;
    memcpy(bytes, input->raw + input->raw_start, *got);
    input->raw_start += *got;
    return INPUT_OK;
}

static enum input_status read_more(struct input *input, void *bytes, size_t size, size_t *got)
{
    *got = 0;
    if (input->final != INPUT_OK)
        return input->final;
    if (!input->checked_magic) {
        if (!fill_raw(input, 2))
            return INPUT_FAILED;
        input->checked_magic = true;
        input->is_gzip = at_gzip_magic(input);
    }
    return input->is_gzip ? read_gzip(input, bytes, size, got) : read_plain(input, bytes, size, got);
}

struct text input_peek(struct input *input)
{
    /* A pipe or a short gzip member may give less at a time than is there. */
    while (input->peeked_start == 0 && input->peeked_end < sizeof input->peeked) {
        size_t got;
        if (read_more(input, input->peeked + input->peeked_end, sizeof input->peeked - input->peeked_end, &got) !=
            INPUT_OK)
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
    return input->position - (input->raw_end - input->raw_start);
}

uint64_t input_size(const struct input *input)
{
    return input->size;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->in_member)
        inflateEnd(&input->stream);
    if (input->descriptor > STDIN_FILENO)
        close(input->descriptor);
    free(input->raw);
    free(input->name);
    free(input);
}
