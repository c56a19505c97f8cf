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

void hash_letters(struct hash128 hash, size_t letters, char *out)
{
    static const char alphabet[32] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned __int128 bits = (unsigned __int128)hash.high << 64 | hash.low;
    CHECK(letters <= 25);
    for (size_t i = 0; i < letters; i++, bits <<= 5)
        out[i] = alphabet[(unsigned)(bits >> 123)];
}
