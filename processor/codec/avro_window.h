/* codec/avro_window.h: the part of an input that is being looked at, as one run of bytes. Private to avro_*.c. */
#ifndef CODEC_AVRO_WINDOW_H
#define CODEC_AVRO_WINDOW_H

#include "codec/input.h"

struct window {
    struct input *input; /* borrowed */
    uint8_t *bytes;      /* moves when more is read */
    size_t start, end, capacity;
    uint64_t offset;          /* of `start` in the file */
    enum input_status status; /* INPUT_OK while there may be more */
};

static inline size_t window_size(const struct window *window)
{
    return window->end - window->start;
}

static inline const uint8_t *window_bytes(const struct window *window)
{
    return window->bytes + window->start;
}

/* Reads until `size` bytes are there. False: they never will be; what is there stays. */
MUST_USE bool window_fill(struct window *window, size_t size);
void window_drop(struct window *window, size_t size);
/* Drops everything before the next occurrence of `mark`, and it too. False: there is none; everything is dropped. */
MUST_USE bool window_seek_behind(struct window *window, const uint8_t *mark, size_t size);
void window_done(struct window *window);

#endif
