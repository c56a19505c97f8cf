/* base/text: comparing, searching and checking borrowed bytes. */
#include "support/unit.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

static void texts_are_ordered_by_unsigned_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        { "", "", 0 },    { "", "a", -1 },  { "a", "a", 0 },     { "a", "b", -1 },       { "a", "aa", -1 },
        { "b", "aa", 1 }, { "Z", "a", -1 }, { "z", "\x80", -1 }, { "\x7f", "\xff", -1 }, { "a\xc3\xa9", "az", 1 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct text a = text_of(rows[i].a), b = text_of(rows[i].b);
        expect_number(rows[i].a, sign(text_compare(a, b)), rows[i].order);
        expect_number(rows[i].b, sign(text_compare(b, a)), -rows[i].order);
        expect(rows[i].a, text_equal(a, b), rows[i].order == 0);
    }
}

static void zero_bytes_count_in_comparisons(void **state)
{
    (void)state;
    assert_false(text_equal(BYTES("a\0b"), BYTES("a\0c")));
    assert_true(text_compare(BYTES("a"), BYTES("a\0")) < 0);
    assert_true(text_contains(BYTES("a\0b"), BYTES("\0b")));
}

static void an_absent_text_is_the_empty_text(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT_NONE, TEXT("")));
    assert_true(text_equal(text_of(NULL), TEXT_NONE));
    assert_int_equal(text_compare(TEXT_NONE, TEXT("")), 0);
    assert_true(text_starts_with(TEXT_NONE, TEXT_NONE));
    assert_true(text_ends_with(TEXT_NONE, TEXT_NONE));
    assert_true(text_contains(TEXT_NONE, TEXT_NONE));
    assert_false(text_contains(TEXT_NONE, TEXT("a")));
    assert_true(text_is_utf8(TEXT_NONE));
    assert_true(text_is_digits(TEXT_NONE, 0));
}

static void parts_are_found_where_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
        bool starts, ends, contains;
    } rows[] = {
        { "AWSSupportBusiness", "Support", false, false, true },
        { "Support", "Support", true, true, true },
        { "Suppor", "Support", false, false, false },
        { "AWSSupport", "Support", false, true, true },
        { "SupportX", "Support", true, false, true },
        { "support", "Support", false, false, false },
        { "aab", "ab", false, true, true },
        { "a", "", true, true, true },
        { "", "a", false, false, false },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct text text = text_of(rows[i].text), part = text_of(rows[i].part);
        expect(rows[i].text, text_starts_with(text, part), rows[i].starts);
        expect(rows[i].text, text_ends_with(text, part), rows[i].ends);
        expect(rows[i].text, text_contains(text, part), rows[i].contains);
    }
}

/* Unicode 15, table 3-7. */
static void only_well_formed_utf8_is_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_utf8;
        const char *why;
    } rows[] = {
        { "plain", true, "ASCII" },
        { "\x7f", true, "the last ASCII byte" },
        { "\x80", false, "a continuation alone" },
        { "\xbf", false, "a continuation alone, the last" },
        { "\xc0\x80", false, "overlong zero" },
        { "\xc1\xbf", false, "overlong 7f" },
        { "\xc2\x80", true, "the first of two bytes" },
        { "\xdf\xbf", true, "the last of two bytes" },
        { "\xc2", false, "cut after the lead" },
        { "\xc2"
          "A",
          false, "no continuation" },
        { "\xe0\x9f\xbf", false, "overlong in three bytes" },
        { "\xe0\xa0\x80", true, "the first of three bytes" },
        { "\xed\x9f\xbf", true, "the last before the surrogates" },
        { "\xed\xa0\x80", false, "the first surrogate" },
        { "\xed\xbf\xbf", false, "the last surrogate" },
        { "\xee\x80\x80", true, "the first after the surrogates" },
        { "\xef\xbf\xbf", true, "the last of three bytes" },
        { "\xe2\x82", false, "cut after two of three" },
        { "\xf0\x8f\xbf\xbf", false, "overlong in four bytes" },
        { "\xf0\x90\x80\x80", true, "the first of four bytes" },
        { "\xf4\x8f\xbf\xbf", true, "U+10FFFF" },
        { "\xf4\x90\x80\x80", false, "U+110000" },
        { "\xf5\x80\x80\x80", false, "no lead" },
        { "\xff", false, "never a byte of UTF-8" },
        { "\xf0\x9f\x92", false, "cut after three of four" },
        { "\xf0\x90\x80"
          "A",
          false, "the last continuation is missing" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].why, text_is_utf8(text_of(rows[i].text)), rows[i].is_utf8);
}

static void a_bad_byte_is_found_at_every_offset_of_a_long_text(void **state)
{
    (void)state;
    char bytes[41];
    for (size_t size = 1; size <= sizeof bytes; size++) {
        for (size_t at = 0; at < size; at++) {
            memset(bytes, 'x', size);
            assert_true(text_is_utf8((struct text){ bytes, size }));
            bytes[at] = (char)0xff;
            assert_false(text_is_utf8((struct text){ bytes, size }));
        }
    }
}

static void digits_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
        bool are;
    } rows[] = {
        { "012345678901", 12, true },
        { "01234567890", 12, false },
        { "0123456789012", 12, false },
        { "01234567890a", 12, false },
        { "/", 1, false },
        { ":", 1, false },
        { "0", 1, true },
        { "9", 1, true },
        { "\xd9", 1, false },
        { " 1", 2, false },
        { "12345678", 8, true },
        { "1234567x", 8, false },
        { "0123456789012345678", 19, true },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        expect(rows[i].text, text_is_digits(text_of(rows[i].text), rows[i].count), rows[i].are);
}

static void a_byte_that_is_no_digit_is_found_at_every_offset(void **state)
{
    (void)state;
    char bytes[21];
    for (size_t size = 1; size <= sizeof bytes; size++)
        for (size_t at = 0; at < size; at++)
            for (int byte = 0; byte < 256; byte++) {
                memset(bytes, byte % 2 ? '0' : '9', size);
                bytes[at] = (char)byte;
                assert_int_equal(text_is_digits((struct text){ bytes, size }, size), byte >= '0' && byte <= '9');
            }
}

static void a_copy_is_the_text_and_no_byte_more(void **state)
{
    (void)state;
    char from[70], to[72];
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (char)('0' + i);
    assert_ptr_equal(text_copy(to, TEXT_NONE), to);
    for (size_t size = 0; size <= sizeof from; size++) {
        memset(to, '!', sizeof to);
        assert_ptr_equal(text_copy(to + 1, (struct text){ from, size }), to + 1 + size);
        assert_memory_equal(to + 1, from, size);
        assert_int_equal(to[0], '!');
        assert_int_equal(to[1 + size], '!');
    }
}

static void ascii_has_neither_zero_nor_high_bytes_at_any_offset(void **state)
{
    (void)state;
    char bytes[24];
    assert_true(text_is_ascii(TEXT_NONE));
    for (size_t size = 1; size <= sizeof bytes; size++)
        for (size_t at = 0; at < size; at++)
            for (unsigned value = 0; value < 256; value++) {
                memset(bytes, at % 2 ? 1 : 0x7f, size);
                bytes[at] = (char)(unsigned char)value;
                if (text_is_ascii((struct text){ bytes, size }) != (value > 0 && value < 0x80))
                    fail_msg("%zu bytes, byte %zu is %u", size, at, value);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_ordered_by_unsigned_bytes),
        cmocka_unit_test(zero_bytes_count_in_comparisons),
        cmocka_unit_test(an_absent_text_is_the_empty_text),
        cmocka_unit_test(parts_are_found_where_they_are),
        cmocka_unit_test(only_well_formed_utf8_is_utf8),
        cmocka_unit_test(a_bad_byte_is_found_at_every_offset_of_a_long_text),
        cmocka_unit_test(digits_are_counted),
        cmocka_unit_test(a_byte_that_is_no_digit_is_found_at_every_offset),
        cmocka_unit_test(a_copy_is_the_text_and_no_byte_more),
        cmocka_unit_test(ascii_has_neither_zero_nor_high_bytes_at_any_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
