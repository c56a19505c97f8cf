/* base/word: the first of eight bytes that is looked for, whatever stands before and behind it. */
#include "support/unit.h"

#include "base/word.h"

static void the_first_byte_that_is_looked_for_is_found(void **state)
{
    (void)state;
    char bytes[8];
    for (unsigned other = 0; other < 256; other++)
        for (unsigned wanted = 0; wanted < 256; wanted++)
            for (unsigned place = 0; place < sizeof bytes && wanted != other; place++) {
                memset(bytes, (int)other, sizeof bytes);
                assert_true(word_first_equal(word_at(bytes), (char)wanted) == 0);
                memset(bytes + place, (int)wanted, sizeof bytes - place);
                uint64_t found = word_first_equal(word_at(bytes), (char)wanted);
                if (found == 0 || word_place(found) != place)
                    fail_msg("%02x behind %u of %02x", wanted, place, other);
            }
}

static void the_first_byte_below_a_limit_is_found(void **state)
{
    (void)state;
    static const unsigned char limits[] = { 1, ' ', 128 };
    char bytes[8];
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++)
        for (unsigned low = 0; low < limits[i]; low++)
            for (unsigned high = limits[i]; high < 256; high++)
                for (unsigned place = 0; place < sizeof bytes; place++) {
                    memset(bytes, (int)high, sizeof bytes);
                    assert_true(word_first_below(word_at(bytes), limits[i]) == 0);
                    bytes[place] = (char)low;
                    uint64_t found = word_first_below(word_at(bytes), limits[i]);
                    if (found == 0 || word_place(found) != place)
                        fail_msg("%02x in place %u of %02x, below %u", low, place, high, limits[i]);
                }
}

static void zero_bytes_are_counted(void **state)
{
    (void)state;
    char bytes[8];
    for (unsigned other = 1; other < 256; other++)
        for (unsigned zeros = 0; zeros < 256; zeros++) {
            for (unsigned i = 0; i < sizeof bytes; i++)
                bytes[i] = (char)(zeros >> i & 1 ? 0 : other);
            assert_int_equal(word_zeros(word_at(bytes)), __builtin_popcount(zeros));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_byte_that_is_looked_for_is_found),
        cmocka_unit_test(the_first_byte_below_a_limit_is_found),
        cmocka_unit_test(zero_bytes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
