/* base/hash: ids and checksums are made of it, so its answers may never change. */
#include "base/hash.h"
#include "base/text.h"
#include "support/unit.h"

/* xxHash's own published answers for XXH3 without a seed. */
static void hashes_are_those_of_xxh3(void **state)
{
    (void)state;
    assert_true(hash64("", 0) == UINT64_C(0x2d06800538d394c2));
    struct hash128 empty = hash128("", 0);
    assert_true(empty.high == UINT64_C(0x99aa06d3014798d8) && empty.low == UINT64_C(0x6001c324468d497f));
    assert_true(hash64(NULL, 0) == hash64("", 0));
}

static void one_byte_changes_the_hash(void **state)
{
    (void)state;
    char bytes[300] = { 0 };
    for (size_t size = 1; size <= sizeof bytes; size += 13) {
        uint64_t before = hash64(bytes, size);
        struct hash128 long_before = hash128(bytes, size);
        bytes[size - 1] = 1;
        struct hash128 long_after = hash128(bytes, size);
        assert_true(hash64(bytes, size) != before);
        assert_true(long_after.high != long_before.high && long_after.low != long_before.low);
        bytes[size - 1] = 0;
        assert_true(hash64(bytes, size) == before);
    }
}

/* RFC 4648's alphabet in small letters, the highest bits first. */
static void letters_are_base32_from_the_top(void **state)
{
    (void)state;
    static const struct {
        struct hash128 hash;
        size_t letters;
        const char *expected;
    } rows[] = {
        { { 0, 0 }, 23, "aaaaaaaaaaaaaaaaaaaaaaa" },
        { { UINT64_MAX, UINT64_MAX }, 23, "77777777777777777777777" },
        { { UINT64_C(1) << 63, 0 }, 3, "qaa" },
        { { UINT64_C(0x1f) << 59, 0 }, 2, "7a" },
        { { UINT64_C(26) << 59 | UINT64_C(25) << 54, 0 }, 2, "2z" },
        { { 1, 0 }, 13, "aaaaaaaaaaaac" },                           /* bit 64: the 13th letter holds bits 63..67 */
        { { 0, UINT64_C(1) << 13 }, 23, "aaaaaaaaaaaaaaaaaaaaaab" }, /* the last of 115 bits */
        { { 0, UINT64_C(1) << 12 }, 23, "aaaaaaaaaaaaaaaaaaaaaaa" }, /* below it */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char out[32];
        memset(out, '!', sizeof out);
        hash_letters(rows[i].hash, rows[i].letters, out);
        expect_text(rows[i].expected, (struct text){ out, rows[i].letters }, rows[i].expected);
        assert_int_equal(out[rows[i].letters], '!'); /* no final NUL */
    }
}

/* Stores hold hashes of it. */
static void short_bytes_are_a_number_with_the_first_one_highest(void **state)
{
    (void)state;
    static const char bytes[] = "\x81\x92\xa3\xb4\xc5\xd6\xe7";
    uint64_t number = 0;
    for (size_t size = 0; size <= 7; size++) {
        assert_true(word_of_short(bytes, size) == number);
        assert_true(hash_short(bytes, size) == hash_mix(number ^ (uint64_t)size << 56, 0));
        number = number << 8 | (unsigned char)bytes[size];
    }
    assert_true(word_of_short(NULL, 0) == 0);
}

static void mixing_tells_its_words_apart(void **state)
{
    (void)state;
    assert_true(hash_mix(1, 2) != hash_mix(2, 1));
    assert_true(hash_mix(0, 0) != hash_mix(0, 1));
    /* Small neighbours spread over a table's low bits. */
    bool seen[1024] = { false };
    size_t slots = 0;
    for (uint64_t i = 0; i < 1024; i++) {
        size_t slot = (size_t)hash_mix(i, 7) & 1023;
        slots += !seen[slot];
        seen[slot] = true;
    }
    assert_true(slots > 512); /* random throws fill 647 of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_xxh3),
        cmocka_unit_test(one_byte_changes_the_hash),
        cmocka_unit_test(letters_are_base32_from_the_top),
        cmocka_unit_test(short_bytes_are_a_number_with_the_first_one_highest),
        cmocka_unit_test(mixing_tells_its_words_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
