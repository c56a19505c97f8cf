/* base/hash.h: hashes of bytes (xxHash). Stable over processes and releases: ids and checksums are made of them. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash128 {
    uint64_t high, low;
};

uint64_t hash64(const void *bytes, size_t size);
struct hash128 hash128(const void *bytes, size_t size);

/* Mixes two words into one well spread word; for table slots, not for ids. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xe7037ed1a0b428dbu);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to seven bytes as a number, the first one highest: from pieces that overlap. */
static inline uint64_t word_of_short(const char *bytes, size_t size)
{
    if (size >= sizeof(uint32_t)) {
        uint32_t front, back;
        memcpy(&front, bytes, sizeof front);
        memcpy(&back, bytes + size - sizeof back, sizeof back);
        return (uint64_t)be32toh(front) << (8 * (size - sizeof front)) | be32toh(back);
    }
    if (size == 0)
        return 0;
    uint64_t first = (unsigned char)bytes[0], middle = (unsigned char)bytes[size / 2];
    return first << (8 * (size - 1)) | middle << (8 * (size - 1 - size / 2)) | (unsigned char)bytes[size - 1];
}

/* Of mostly short bytes; in memory and in stores of this machine, not in ids. */
static inline uint64_t hash_short(const char *bytes, size_t size)
{
    uint64_t first = 0, last = 0;
    if (size > 2 * sizeof first)
        return hash64(bytes, size);
    if (size >= sizeof first) {
        memcpy(&first, bytes, sizeof first);
        memcpy(&last, bytes + size - sizeof last, sizeof last);
    } else {
        first = word_of_short(bytes, size);
    }
    return hash_mix(first ^ (uint64_t)size << 56, last);
}

/* base32 (a-z, 2-7) of the highest `letters` × 5 bits. Writes exactly `letters` characters, no final NUL. */
void hash_letters(struct hash128 hash, size_t letters, char *out);

#endif
