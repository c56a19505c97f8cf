/* base/word.h: eight bytes looked at together, the first one lowest, or written together, the highest one first. Pure. */
#ifndef BASE_WORD_H
#define BASE_WORD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES 0x0101010101010101u

/* `at` has eight bytes. */
static inline uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

/* Returns the place behind. */
static inline void *word_put_big_endian(void *at, uint64_t word)
{
    word = htobe64(word);
    memcpy(at, &word, sizeof word);
    return (char *)at + sizeof word;
}

/* The high bit of the first byte that is below `limit`, at most 128; bits of bytes behind that one mean nothing. */
static inline uint64_t word_first_below(uint64_t word, unsigned char limit)
{
    return (word - WORD_ONES * limit) & ~word & (WORD_ONES << 7);
}

/* The same of the first byte that is `byte`. */
static inline uint64_t word_first_equal(uint64_t word, char byte)
{
    return word_first_below(word ^ WORD_ONES * (unsigned char)byte, 1);
}

/* How many bytes are zero. */
static inline unsigned word_zeros(uint64_t word)
{
    const uint64_t low = WORD_ONES * 0x7f;
    uint64_t zeros = ~(((word & low) + low) | word | low); /* the high bit of each */
    return (unsigned)((zeros >> 7) * WORD_ONES >> 56);
}

/* The place of the byte that such a bit is of. */
static inline unsigned word_place(uint64_t found)
{
    return (unsigned)__builtin_ctzll(found) / 8;
}

#endif
