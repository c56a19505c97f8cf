/* support/quotes.h: JSON in C source, ' for ". */
#ifndef SUPPORT_QUOTES_H
#define SUPPORT_QUOTES_H

#include "base/buffer.h"

/* The same text with double quotation marks; the last eight answers live. */
static inline struct text quoted(const char *text)
{
    static struct buffer copies[8];
    static unsigned next;
    struct buffer *copy = &copies[next++ % 8];
    buffer_clear(copy);
    buffer_append(copy, text, strlen(text) + 1);
    for (size_t i = 0; i < copy->size; i++)
        if (copy->data[i] == '\'')
            copy->data[i] = '"';
    return (struct text){ copy->data, copy->size - 1 };
}

#endif
