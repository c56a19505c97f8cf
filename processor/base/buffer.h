/* base/buffer.h: bytes that grow at the end. Owns its bytes; a text of it is valid until the next append. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"
#include "base/text.h"

struct buffer {
    char *data;
    size_t size, capacity;
};

char *buffer_grow(struct buffer *buffer, size_t more); /* what buffer_reserve does where there is no room yet */

/* Makes room for `more` bytes after the end and returns where they go; the caller adds to `size`. */
static inline char *buffer_reserve(struct buffer *buffer, size_t more)
{
    return buffer->capacity - buffer->size < more ? buffer_grow(buffer, more) : buffer->data + buffer->size;
}

static inline void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    memcpy(buffer_reserve(buffer, size), bytes, size);
    buffer->size += size;
}

static inline void buffer_append_text(struct buffer *buffer, struct text text)
{
    buffer_append(buffer, text.data, text.size);
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->size++;
}

void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_done(struct buffer *buffer);

static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){ buffer->data, buffer->size };
}

#endif
