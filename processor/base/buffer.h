/* base/buffer.h: bytes that grow at the end. Owns its bytes; a text of it is valid until the next append. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/error.h"
#include "base/text.h"

struct buffer {
    char *data;
    size_t size, capacity;
};

/* Makes room for `more` bytes after the end and returns where they go; the caller adds to `size`. */
char *buffer_reserve(struct buffer *buffer, size_t more);
void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_append_text(struct buffer *buffer, struct text text);
void buffer_append_byte(struct buffer *buffer, char byte);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_done(struct buffer *buffer);

static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){ buffer->data, buffer->size };
}

#endif
