/* codec/avro_varint.h: Avro's int and long: zigzag, seven bits a byte, least significant first. Private to avro_*.c. */
#ifndef CODEC_AVRO_VARINT_H
#define CODEC_AVRO_VARINT_H

#include <stddef.h>
#include <stdint.h>

#define AVRO_LONG_BYTES_MAX 10

enum varint_status { VARINT_OK, VARINT_TRUNCATED, VARINT_MALFORMED };

static inline int64_t zigzag_decode(uint64_t bits)
{
    return (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
}

static inline uint64_t zigzag_encode(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

/* Moves *at behind the number. MALFORMED: more than ten bytes or more than 64 bits. */
static inline enum varint_status varint_read(const uint8_t **at, const uint8_t *end, int64_t *value)
{
    uint64_t bits = 0;
    const uint8_t *next = *at;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (next == end)
            return VARINT_TRUNCATED;
        uint8_t byte = *next++;
        if (shift == 63 && byte > 1)
            return VARINT_MALFORMED;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *at = next;
            *value = zigzag_decode(bits);
            return VARINT_OK;
        }
    }
    return VARINT_MALFORMED;
}

static inline size_t varint_write(int64_t value, uint8_t *out)
{
    uint64_t bits = zigzag_encode(value);
    size_t size = 0;
    for (; bits >= 0x80; bits >>= 7)
        out[size++] = (uint8_t)(bits | 0x80);
    out[size++] = (uint8_t)bits;
    return size;
}

#endif
