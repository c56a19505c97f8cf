/* codec/avro_encode: the bytes of a datum, written out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/avro_encode.h"
#include "model/bill.h"
#include "support/avro_sample.h"

static void expect_bytes(const struct record_type *type, const void *record, const void *bytes, size_t size)
{
    struct buffer out = { 0 };
    buffer_append_text(&out, TEXT("before"));
    avro_encode(type, record, &out);
    assert_int_equal(out.size, 6 + size);
    assert_memory_equal(out.data, "before", 6);
    assert_memory_equal(out.data + 6, bytes, size);
    buffer_done(&out);
}

static void absent_fields_are_null_or_empty(void **state)
{
    (void)state;
    struct sample sample = { 0 };
    expect_bytes(&sample_type, &sample, "\0\0\0\0\0\0", 6);
}

static void members_are_written_only_where_present(void **state)
{
    (void)state;
    struct sample sample = { .name = TEXT("x"), .cost = 5, .rows = 9 };
    expect_bytes(&sample_type, &sample, "\0\0\0\0\0\0", 6);
}

static void each_kind_has_its_bytes(void **state)
{
    (void)state;
    const struct tag tags[] = { { TEXT("k"), TEXT("v") }, { TEXT("l"), TEXT("ww") } };
    struct sample sample = {
        .present = 0x3f, .name = TEXT("ab"), .cost = -129, .at = 1000, .rows = -1, .tags = { tags, 2 }, .note = TEXT("n")
    };
    static const char expected[] = "\x04"
                                   "ab"
                                   "\x02\x04\xff\x7f"
                                   "\x02\xd0\x0f"
                                   "\x02\x01"
                                   "\x02\x04\x02k\x02v\x02l\x04ww\x00"
                                   "\x02\x02n";
    expect_bytes(&sample_type, &sample, expected, sizeof expected - 1);
}

static void the_longest_values_fit(void **state)
{
    (void)state;
    i128 largest = decimal_power(38) - 1;
    struct sample sample = { .present = 0xe, .cost = -largest, .at = INT64_MIN, .rows = INT64_MAX };
    static const char expected[] = "\x00"
                                   "\x02\x20\xb4\xc4\xb3\x57\xa5\x79\x3b\x85\xf6\x75\xdd\xc0\x00\x00\x00\x01"
                                   "\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                   "\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                   "\x00\x00";
    expect_bytes(&sample_type, &sample, expected, sizeof expected - 1);
}

static void a_required_number_that_is_absent_is_zero(void **state)
{
    (void)state;
    struct bill bill = { 0 };
    static const char expected[] = "\0\0\0\0\0"
                                   "\0"
                                   "\x02\0"
                                   "\x02\0"
                                   "\x02\0"
                                   "\x02\0"
                                   "\x02\0"
                                   "\0"
                                   "\0"
                                   "\0";
    expect_bytes(&bill_type, &bill, expected, sizeof expected - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_fields_are_null_or_empty),
        cmocka_unit_test(members_are_written_only_where_present),
        cmocka_unit_test(each_kind_has_its_bytes),
        cmocka_unit_test(the_longest_values_fit),
        cmocka_unit_test(a_required_number_that_is_absent_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
