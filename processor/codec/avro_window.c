/* codec/avro_window.c: grows with what has really been read, never with what a file claims. */
#include "codec/avro_window.h"

#include <stdlib.h>

#include "base/memory.h"

#define READ_BYTES ((size_t)256 * 1024)

static void make_room(struct window *window)
{
    if (window->capacity - window->end >= READ_BYTES)
        return;
    if (window->start > 0) {
        memmove(window->bytes, window->bytes + window->start, window_size(window));
        window->end -= window->start;
        window->start = 0;
    }
    if (window->capacity - window->end >= READ_BYTES)
        return;
    window->capacity = window->capacity ? window->capacity * 2 : 2 * READ_BYTES;
    window->bytes = memory_grow(window->bytes, window->capacity, 1);
}

bool window_fill(struct window *window, size_t size)
{
    while (window_size(window) < size && window->status == INPUT_OK) {
        size_t got;
        make_room(window);
        window->status = input_read(window->input, window->bytes + window->end, READ_BYTES, &got);
        window->end += got;
    }
    return window_size(window) >= size;
}

void window_drop(struct window *window, size_t size)
{
    CHECK(size <= window_size(window));
    window->start += size;
    window->offset += size;
}

bool window_seek_behind(struct window *window, const uint8_t *mark, size_t size)
{
    while (window_fill(window, size)) {
        const uint8_t *found = memmem(window_bytes(window), window_size(window), mark, size);
        if (found) {
            window_drop(window, (size_t)(found - window_bytes(window)) + size);
            return true;
        }
        /* The mark may begin in the last bytes that are here. */
        window_drop(window, window_size(window) - (size - 1));
    }
    window_drop(window, window_size(window));
    return false;
}

void window_done(struct window *window)
{
    free(window->bytes);
    *window = (struct window){ 0 };
}
