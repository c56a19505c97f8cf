/* store/bytes: what is put is taken back to the last bit; bytes that cannot be are told, and read as nothing. */
#include "support/unit.h"

#include "store/bytes.h"

static const u128 one = 1;

static void expect_bytes(const char *row, const struct buffer *found, struct text expected)
{
    if (!text_equal(buffer_text(found), expected))
        fail_msg("%s: %zu bytes that are not the %zu expected", row, found->size, expected.size);
}

/* All that was put has been taken, and nothing else. */
static void expect_end(const char *row, const struct byte_reader *reader)
{
    expect(row, reader->failed, false);
    expect(row, reader->at == reader->end, true);
}

static void a_varint_has_a_byte_for_every_seven_bits(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        struct text bytes;
    } rows[] = {
        { 0, { "\0", 1 } },
        { 1, { "\x01", 1 } },
        { 127, { "\x7f", 1 } },
        { 128, { "\x80\x01", 2 } },
        { 300, { "\xac\x02", 2 } },
        { 16383, { "\xff\x7f", 2 } },
        { 16384, { "\x80\x80\x01", 3 } },
        { UINT32_MAX, { "\xff\xff\xff\xff\x0f", 5 } },
        { (uint64_t)INT64_MAX, { "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9 } },
        { UINT64_C(1) << 63, { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10 } },
        { UINT64_MAX, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 } },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char row[32];
        snprintf(row, sizeof row, "%llu", (unsigned long long)rows[i].value);
        buffer_clear(&out);
        bytes_put_varint(&out, rows[i].value);
        expect_bytes(row, &out, rows[i].bytes);
        struct byte_reader reader = bytes_reader(buffer_text(&out));
        expect(row, bytes_take_varint(&reader) == rows[i].value, true);
        expect_end(row, &reader);
    }
    buffer_done(&out);
}

static void a_signed_number_near_zero_is_short_on_both_sides(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        struct text bytes;
    } rows[] = {
        { 0, { "\0", 1 } },
        { -1, { "\x01", 1 } },
        { 1, { "\x02", 1 } },
        { 63, { "\x7e", 1 } },
        { -64, { "\x7f", 1 } },
        { 64, { "\x80\x01", 2 } },
        { -65, { "\x81\x01", 2 } },
        { INT32_MAX, { "\xfe\xff\xff\xff\x0f", 5 } },
        { INT64_MAX, { "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 } },
        { INT64_MIN, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 } },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char row[32];
        snprintf(row, sizeof row, "%lld", (long long)rows[i].value);
        buffer_clear(&out);
        bytes_put_signed(&out, rows[i].value);
        expect_bytes(row, &out, rows[i].bytes);
        struct byte_reader reader = bytes_reader(buffer_text(&out));
        expect_number(row, bytes_take_signed(&reader), rows[i].value);
        expect_end(row, &reader);
    }
    buffer_done(&out);
}

static void a_text_comes_back_with_every_byte_of_it(void **state)
{
    (void)state;
    static char longest_of_one[127], shortest_of_two[128], large[70000];
    memset(longest_of_one, 'a', sizeof longest_of_one);
    memset(shortest_of_two, 'b', sizeof shortest_of_two);
    memset(large, '\xff', sizeof large);
    const struct {
        const char *name;
        struct text text;
        size_t size_bytes;
    } rows[] = {
        { "none", TEXT_NONE, 1 },
        { "empty", TEXT(""), 1 },
        { "a zero byte", BYTES("\0"), 1 },
        { "zeros inside and behind", BYTES("a\0b\0"), 1 },
        { "bytes that are no UTF-8", BYTES("\xff\x80\xc3"), 1 },
        { "127 bytes", { longest_of_one, sizeof longest_of_one }, 1 },
        { "128 bytes", { shortest_of_two, sizeof shortest_of_two }, 2 },
        { "70000 bytes", { large, sizeof large }, 3 },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&out);
        bytes_put_text(&out, rows[i].text);
        expect_number(rows[i].name, (long long)out.size, (long long)(rows[i].size_bytes + rows[i].text.size));
        struct byte_reader reader = bytes_reader(buffer_text(&out));
        struct text found = bytes_take_text(&reader);
        expect(rows[i].name, text_equal(found, rows[i].text), true);
        expect(rows[i].name, found.data + found.size == out.data + out.size, true); /* borrowed, not copied */
        expect_end(rows[i].name, &reader);
    }
    buffer_done(&out);
}

static struct sum sum_with(i128 value, int64_t wraps)
{
    return (struct sum){ .low = (uint64_t)value, .high = (int64_t)(value >> 64), .wraps = wraps };
}

static void a_sum_takes_as_few_bytes_as_it_needs(void **state)
{
    (void)state;
    const i128 largest = (i128)(~(u128)0 >> 1), smallest = -largest - 1;
    const struct {
        const char *name;
        i128 value;
        int64_t wraps;
        size_t size;
    } rows[] = {
        { "0", 0, 0, 2 },
        { "1", 1, 0, 2 },
        { "-1", -1, 0, 2 },
        { "127", 127, 0, 2 },
        { "128", 128, 0, 3 },
        { "-128", -128, 0, 2 },
        { "-129", -129, 0, 3 },
        { "2^63 - 1", INT64_MAX, 0, 9 },
        { "2^63", (i128)(one << 63), 0, 10 },
        { "-2^63", INT64_MIN, 0, 9 },
        { "2^64", (i128)(one << 64), 0, 10 },
        { "-2^64", -(i128)(one << 64), 0, 10 },
        { "10^38 - 1", decimal_power(38) - 1, 0, 17 },
        { "1 - 10^38", 1 - decimal_power(38), 0, 17 },
        { "the largest", largest, 0, 17 },
        { "the smallest", smallest, 0, 17 },
        { "0 and a wrap", 0, 1, 3 },
        { "the smallest and a wrap", smallest, 1, 18 },
        { "the largest and a wrap below", largest, -1, 18 },
        { "-1 and 64 wraps", -1, 64, 4 },
        { "as many wraps as there are", 5, INT64_MAX, 12 },
        { "as many wraps below", -5, INT64_MIN, 12 },
    };
    struct buffer out = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sum sum = sum_with(rows[i].value, rows[i].wraps);
        buffer_clear(&out);
        bytes_put_sum(&out, &sum);
        expect_number(rows[i].name, (long long)out.size, (long long)rows[i].size);
        struct byte_reader reader = bytes_reader(buffer_text(&out));
        struct sum found = bytes_take_sum(&reader);
        expect(rows[i].name, sum_modulo(&found) == rows[i].value, true);
        expect_number(rows[i].name, found.wraps, rows[i].wraps);
        expect_end(rows[i].name, &reader);
    }
    buffer_done(&out);
}

static void every_power_of_two_comes_back_with_its_neighbours(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    for (unsigned bit = 0; bit < 128; bit++)
        for (unsigned near = 0; near < 3; near++) {
            char row[32];
            snprintf(row, sizeof row, "2^%u - 1 + %u", bit, near);
            u128 bits = (one << bit) - 1 + near;
            uint64_t word = (uint64_t)bits;
            struct sum sum = sum_with((i128)bits, 0);
            buffer_clear(&out);
            bytes_put_varint(&out, word);
            bytes_put_signed(&out, (int64_t)word);
            bytes_put_sum(&out, &sum);
            struct byte_reader reader = bytes_reader(buffer_text(&out));
            expect(row, bytes_take_varint(&reader) == word, true);
            expect(row, bytes_take_signed(&reader) == (int64_t)word, true);
            struct sum found = bytes_take_sum(&reader);
            expect(row, sum_modulo(&found) == (i128)bits && found.wraps == 0, true);
            expect_end(row, &reader);
        }
    buffer_done(&out);
}

static void big_endian_numbers_sort_as_their_bytes_do(void **state)
{
    (void)state;
    static const struct { /* of one size they rise from row to row */
        uint64_t value;
        size_t count;
        struct text bytes;
    } rows[] = {
        { 0, 3, { "\0\0\0", 3 } },
        { 1, 3, { "\0\0\x01", 3 } },
        { 0x010000, 3, { "\x01\0\0", 3 } },
        { 119999, 3, { "\x01\xd4\xbf", 3 } },
        { 0xffffff, 3, { "\xff\xff\xff", 3 } },
        { 0xff, 4, { "\0\0\0\xff", 4 } },
        { 0x100, 4, { "\0\0\x01\0", 4 } },
        { UINT32_MAX, 4, { "\xff\xff\xff\xff", 4 } },
        { 0x0102030405060708, 8, { "\x01\x02\x03\x04\x05\x06\x07\x08", 8 } },
        { UINT64_C(1) << 63, 8, { "\x80\0\0\0\0\0\0\0", 8 } },
        { UINT64_MAX, 8, { "\xff\xff\xff\xff\xff\xff\xff\xff", 8 } },
    };
    struct buffer out = { 0 }, last = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char row[48];
        snprintf(row, sizeof row, "%llu in %zu bytes", (unsigned long long)rows[i].value, rows[i].count);
        buffer_clear(&out);
        bytes_put_big_endian(&out, rows[i].value, rows[i].count);
        expect_bytes(row, &out, rows[i].bytes);
        expect(row, bytes_big_endian(out.data, rows[i].count) == rows[i].value, true);
        if (last.size == out.size)
            expect(row, text_compare(buffer_text(&last), buffer_text(&out)) < 0, true);
        buffer_clear(&last);
        buffer_append_text(&last, buffer_text(&out));
    }
    buffer_done(&out);
    buffer_done(&last);
}

static void what_does_not_fit_a_big_endian_number_is_cut_at_the_top(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    bytes_put_big_endian(&out, 0x0102030405060708, 3);
    bytes_put_big_endian(&out, 7, 0);
    expect_bytes("three of eight bytes", &out, TEXT("\x06\x07\x08"));
    assert_true(bytes_big_endian("\xff", 0) == 0);
    buffer_done(&out);
}

static void values_behind_each_other_are_taken_in_their_order(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct sum sum = sum_with(-decimal_power(30), -2);
    buffer_append_byte(&out, '\xfe');
    bytes_put_varint(&out, 128);
    bytes_put_text(&out, TEXT("\x80\x80"));
    bytes_put_sum(&out, &sum);
    bytes_put_signed(&out, -1);
    bytes_put_text(&out, TEXT_NONE);
    struct byte_reader reader = bytes_reader(buffer_text(&out));
    assert_int_equal(bytes_take_byte(&reader), 0xfe);
    assert_true(bytes_take_varint(&reader) == 128);
    assert_true(text_equal(bytes_take_text(&reader), TEXT("\x80\x80")));
    struct sum found = bytes_take_sum(&reader);
    assert_true(sum_modulo(&found) == sum_modulo(&sum) && found.wraps == -2);
    assert_int_equal(bytes_take_signed(&reader), -1);
    assert_int_equal(bytes_take_text(&reader).size, 0);
    expect_end("the last of them", &reader);
    buffer_done(&out);
}

enum take { TAKE_BYTE, TAKE_VARINT, TAKE_SIGNED, TAKE_TEXT, TAKE_SUM, TAKE_COUNT };

/* Whether nothing but zeros came out. */
static bool take_nothing(struct byte_reader *reader, enum take take)
{
    struct sum sum;
    struct text text;
    switch (take) {
    case TAKE_BYTE:
        return bytes_take_byte(reader) == 0;
    case TAKE_VARINT:
        return bytes_take_varint(reader) == 0;
    case TAKE_SIGNED:
        return bytes_take_signed(reader) == 0;
    case TAKE_TEXT:
        text = bytes_take_text(reader);
        return text.size == 0;
    case TAKE_SUM:
        sum = bytes_take_sum(reader);
        return sum.low == 0 && sum.high == 0 && sum.wraps == 0;
    case TAKE_COUNT:
        break;
    }
    return false;
}

static void behind_the_end_there_is_nothing_but_zeros(void **state)
{
    (void)state;
    static const char *const names[] = { "a byte", "a varint", "a signed number", "a text", "a sum" };
    for (int first = 0; first < TAKE_COUNT; first++)
        for (int next = 0; next < TAKE_COUNT; next++) {
            struct byte_reader reader = bytes_reader(TEXT(""));
            expect(names[first], reader.failed, false); /* having read all is no failure */
            expect(names[first], take_nothing(&reader, (enum take)first), true);
            expect(names[first], reader.failed, true);
            expect(names[next], take_nothing(&reader, (enum take)next), true);
            expect(names[next], reader.failed, true);
            expect(names[next], reader.at == reader.end, true);
        }
}

static void bytes_that_cannot_be_are_a_failure(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum take take;
        struct text bytes;
    } rows[] = {
        { "a varint that goes on behind the end", TAKE_VARINT, { "\x80", 1 } },
        { "a varint cut before its last byte", TAKE_VARINT, { "\x80\x80\x80\x80\x80\x80\x80\x80\x80", 9 } },
        { "a varint of eleven bytes", TAKE_VARINT, { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 } },
        { "a signed number that goes on behind the end", TAKE_SIGNED, { "\x80", 1 } },
        { "a signed number of eleven bytes", TAKE_SIGNED, { "\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11 } },
        { "a text of one byte too few", TAKE_TEXT, { "\x03xy", 3 } },
        { "a text of no bytes but a size", TAKE_TEXT, { "\x01", 1 } },
        { "a text that is longer than memory", TAKE_TEXT, { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xy", 12 } },
        { "a text whose size is cut", TAKE_TEXT, { "\x81", 1 } },
        { "a sum without bytes", TAKE_SUM, { "\0", 1 } },
        { "a sum without bytes, some behind it", TAKE_SUM, { "\0\x01\x02", 3 } },
        { "a sum of one byte too few", TAKE_SUM, { "\x03\x01\x02", 3 } },
        { "a sum of a size alone", TAKE_SUM, { "\x01", 1 } },
        { "a sum of 17 bytes", TAKE_SUM, { "\x11ghijklmnopqrstuvw", 18 } },
        { "a sum of 127 bytes", TAKE_SUM, { "\x7fghijklmnopqrstuvw", 18 } },
        { "a sum of no bytes that wraps", TAKE_SUM, { "\x80\x02", 2 } },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct byte_reader reader = bytes_reader(rows[i].bytes);
        expect(rows[i].name, take_nothing(&reader, rows[i].take), true);
        expect(rows[i].name, reader.failed, true);
        expect(rows[i].name, reader.at <= reader.end, true);
    }
}

static void a_sum_cut_within_its_wraps_is_a_failure(void **state)
{
    (void)state;
    struct byte_reader reader = bytes_reader(TEXT("\x81\x05"));
    bytes_take_sum(&reader);
    assert_true(reader.failed);
    reader = bytes_reader(TEXT("\x81\x05\x02"));
    assert_int_equal(bytes_take_sum(&reader).wraps, 1);
    assert_false(reader.failed);
}

static void values_cut_anywhere_fail_and_never_read_on(void **state)
{
    (void)state;
    struct buffer out = { 0 };
    struct sum sum = sum_with(decimal_power(37), 300);
    bytes_put_varint(&out, UINT64_MAX);
    bytes_put_signed(&out, INT64_MIN);
    bytes_put_text(&out, TEXT("a text"));
    bytes_put_sum(&out, &sum);
    for (size_t size = 0; size <= out.size; size++) {
        char row[32];
        char *exact = malloc(size + 1); /* a sanitizer sees a byte too far */
        CHECK(exact);
        snprintf(row, sizeof row, "%zu of %zu bytes", size, out.size);
        memcpy(exact + 1, out.data, size);
        struct byte_reader reader = bytes_reader((struct text){ exact + 1, size });
        bytes_take_varint(&reader);
        bytes_take_signed(&reader);
        bytes_take_text(&reader);
        bytes_take_sum(&reader);
        expect(row, reader.failed, size < out.size);
        expect(row, reader.at <= reader.end, true);
        free(exact);
    }
    buffer_done(&out);
}

static void after_a_failure_there_is_nothing_but_zeros(void **state)
{
    (void)state;
    struct byte_reader reader = bytes_reader(TEXT("\x09xy"));
    bytes_take_text(&reader);
    assert_true(reader.failed);
    assert_int_equal(bytes_take_byte(&reader), 0);
    reader = bytes_reader(TEXT("\xff"));
    assert_int_equal(bytes_take_varint(&reader), 0);
    reader = bytes_reader(TEXT("\x81\x05\xff"));
    struct sum sum = bytes_take_sum(&reader);
    assert_true(sum.low == 0 && sum.wraps == 0);
}

static void a_varint_of_more_than_64_bits_is_a_failure(void **state)
{
    (void)state;
    struct byte_reader reader = bytes_reader(TEXT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"));
    bytes_take_varint(&reader);
    assert_true(reader.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_varint_has_a_byte_for_every_seven_bits),
        cmocka_unit_test(a_signed_number_near_zero_is_short_on_both_sides),
        cmocka_unit_test(a_text_comes_back_with_every_byte_of_it),
        cmocka_unit_test(a_sum_takes_as_few_bytes_as_it_needs),
        cmocka_unit_test(every_power_of_two_comes_back_with_its_neighbours),
        cmocka_unit_test(big_endian_numbers_sort_as_their_bytes_do),
        cmocka_unit_test(what_does_not_fit_a_big_endian_number_is_cut_at_the_top),
        cmocka_unit_test(values_behind_each_other_are_taken_in_their_order),
        cmocka_unit_test(behind_the_end_there_is_nothing_but_zeros),
        cmocka_unit_test(bytes_that_cannot_be_are_a_failure),
        cmocka_unit_test(a_sum_cut_within_its_wraps_is_a_failure),
        cmocka_unit_test(values_cut_anywhere_fail_and_never_read_on),
        cmocka_unit_test(after_a_failure_there_is_nothing_but_zeros),
        cmocka_unit_test(a_varint_of_more_than_64_bits_is_a_failure),
    };
    return cmocka_run_group_tests_name("store/bytes", tests, NULL, NULL);
}
