/* base/hash.c: the one place that knows which hash we use. */
#include "base/hash.h"

#include "base/error.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash64(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}

struct hash128 hash128(const void *bytes, size_t size)
{
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    return (struct hash128){ hash.high64, hash.low64 };
}

/* Shifting a word is quicker than shifting all bits. */
#define LETTERS_OF_WORD 12

void hash_letters(struct hash128 hash, size_t letters, char *out)
{
    static const char alphabet[32] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned __int128 bits = (unsigned __int128)hash.high << 64 | hash.low;
    CHECK(letters <= 25);
    for (size_t at = 0; at < letters; bits <<= LETTERS_OF_WORD * 5) {
        size_t end = letters - at < LETTERS_OF_WORD ? letters : at + LETTERS_OF_WORD;
        for (uint64_t word = (uint64_t)(bits >> 64); at < end; word <<= 5)
            out[at++] = alphabet[word >> 59];
    }
}
