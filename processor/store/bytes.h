/*
 * store/bytes.h: numbers and texts as the bytes of stored values. Integers are LEB128, signed ones zigzag; a sum is a size
 * byte, two's complement bytes, and its wraps if it has any. Pure.
 */
#ifndef STORE_BYTES_H
#define STORE_BYTES_H

#include "base/buffer.h"
#include "money/sum.h"

void bytes_put_long_varint(struct buffer *out, uint64_t value);

static inline void bytes_put_varint(struct buffer *out, uint64_t value)
{
    if (value < 0x80)
        buffer_append_byte(out, (char)value);
    else
        bytes_put_long_varint(out, value);
}

void bytes_put_signed(struct buffer *out, int64_t value);
void bytes_put_text(struct buffer *out, struct text text);
void bytes_put_sum(struct buffer *out, const struct sum *sum);
void bytes_put_big_endian(struct buffer *out, uint64_t value, size_t bytes);

/* Reads what the above wrote. Past the end, or at bytes that they never write, it has failed and gives zeros only. */
struct byte_reader {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct byte_reader bytes_reader(struct text text)
{
    const uint8_t *begin = (const uint8_t *)text.data;
    return (struct byte_reader){ begin, begin + text.size, false };
}

uint8_t bytes_take_byte(struct byte_reader *reader);
uint64_t bytes_take_varint(struct byte_reader *reader);
int64_t bytes_take_signed(struct byte_reader *reader);
struct text bytes_take_text(struct byte_reader *reader); /* borrowed */
struct sum bytes_take_sum(struct byte_reader *reader);
uint64_t bytes_big_endian(const char *bytes, size_t count);

#endif
