/* base/buffer.c: the growing run of bytes. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

char *buffer_grow(struct buffer *buffer, size_t more)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;
    while (capacity - buffer->size < more)
        capacity *= 2;
    buffer->data = memory_grow(buffer->data, capacity, 1);
    buffer->capacity = capacity;
    return buffer->data + buffer->size;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    CHECK(size >= 0);
    char *end = buffer_reserve(buffer, (size_t)size + 1);
    vsnprintf(end, (size_t)size + 1, format, again);
    buffer->size += (size_t)size;
    va_end(again);
    va_end(args);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){ 0 };
}
