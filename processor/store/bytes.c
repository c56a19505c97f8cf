/* store/bytes.c: LEB128, zigzag, and sums in as few bytes as they need. */
#include "store/bytes.h"

#define VARINT_BYTES_MAX 10

void bytes_put_long_varint(struct buffer *out, uint64_t value)
{
    char *start = buffer_reserve(out, VARINT_BYTES_MAX), *at = start;
    for (; value >= 0x80; value >>= 7)
        *at++ = (char)(unsigned char)(value | 0x80);
    *at++ = (char)(unsigned char)value;
    out->size += (size_t)(at - start);
}

void bytes_put_signed(struct buffer *out, int64_t value)
{
    bytes_put_varint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void bytes_put_text(struct buffer *out, struct text text)
{
    bytes_put_varint(out, text.size);
    text_copy(buffer_reserve(out, text.size), text);
    out->size += text.size;
}

void bytes_put_sum(struct buffer *out, const struct sum *sum)
{
    char *at = buffer_reserve(out, 1 + 16);
    size_t size = decimal_to_bytes(sum_modulo(sum), (uint8_t *)at + 1);
    *at = (char)(unsigned char)(size | (sum->wraps ? 0x80 : 0));
    out->size += 1 + size;
    if (sum->wraps)
        bytes_put_signed(out, sum->wraps);
}

void bytes_put_big_endian(struct buffer *out, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;)
        buffer_append_byte(out, (char)(unsigned char)(value >> (8 * i)));
}

/* Behind a failure there is nothing more. */
static void fail_reading(struct byte_reader *reader)
{
    reader->failed = true;
    reader->at = reader->end;
}

uint8_t bytes_take_byte(struct byte_reader *reader)
{
    if (reader->at == reader->end) {
        fail_reading(reader);
        return 0;
    }
    return *reader->at++;
}

uint64_t bytes_take_varint(struct byte_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = bytes_take_byte(reader);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return reader->failed ? 0 : value;
    }
    fail_reading(reader);
    return 0;
}

int64_t bytes_take_signed(struct byte_reader *reader)
{
    uint64_t value = bytes_take_varint(reader);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

struct text bytes_take_text(struct byte_reader *reader)
{
    uint64_t size = bytes_take_varint(reader);
    if (reader->failed || size > (uint64_t)(reader->end - reader->at)) {
        fail_reading(reader);
        return TEXT_NONE;
    }
    struct text text = { (const char *)reader->at, (size_t)size };
    reader->at += size;
    return text;
}

struct sum bytes_take_sum(struct byte_reader *reader)
{
    uint8_t head = bytes_take_byte(reader);
    size_t size = head & 0x7f;
    if (reader->failed || size == 0 || size > 16 || size > (size_t)(reader->end - reader->at)) {
        fail_reading(reader);
        return (struct sum){ 0 };
    }
    u128 bits = *reader->at & 0x80 ? ~(u128)0 : 0;
    for (size_t i = 0; i < size; i++)
        bits = bits << 8 | *reader->at++;
    struct sum sum = { .low = (uint64_t)bits, .high = (int64_t)(bits >> 64) };
    if (head & 0x80)
        sum.wraps = bytes_take_signed(reader);
    return reader->failed ? (struct sum){ 0 } : sum;
}

uint64_t bytes_big_endian(const char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}
