/* codec/foreign_format: files that are no usage are named, with the way out. */
#include "support/unit.h"

#include "codec/foreign_format.h"

static void a_known_format_is_named_with_the_command_that_converts_it(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        const char *named, *way_out;
    } rows[] = {
        { BYTES("PAR1\25\4"), "Parquet", "duckdb" },
        { BYTES("\xff\xfei\0d\0"), "UTF-16", "iconv -f UTF-16 " },
        { BYTES("\xfe\xff\0i\0d"), "UTF-16", "iconv -f UTF-16 " },
        { BYTES("i\0d\0e\0n\0t\0"), "UTF-16", "iconv -f UTF-16LE" },
        { BYTES("\0i\0d\0e\0n\0t"), "UTF-16", "iconv -f UTF-16BE" },
        { BYTES("\xff\xfe\0\0i\0\0\0"), "UTF-32", "iconv -f UTF-32" },
        { BYTES("\x28\xb5\x2f\xfd rest"), "zstd", "zstd -dc some.csv" },
        { BYTES("\xfd"
                "7zXZ\0\0"),
          "xz", "xz -dc some.csv" },
        { BYTES("BZh91AY&SY"), "bzip2", "bzip2 -dc" },
        { BYTES("PK\3\4"), "zip archive", "unzip -p" },
        { BYTES("<?xml version"), "XML or HTML", "fetch" },
        { BYTES("\xd0\xcf\x11\xe0\xa1"), "Excel", "CSV" },
        { BYTES("%PDF-1.4"), "PDF", "Report" },
        { BYTES(""), "is empty", "" },
        { BYTES("\n \r\n"), "is empty", "" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct input *input = input_from_memory(rows[i].bytes.data, rows[i].bytes.size, "some.csv");
        struct error error = { 0 };
        assert_false(foreign_format_check(input, false, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        if (!strstr(error.message, rows[i].named) || !strstr(error.message, rows[i].way_out) ||
            !strstr(error.message, "some.csv"))
            fail_msg("row %zu: %s", i, error.message);
        input_close(input);
    }
}

static void what_may_be_usage_passes_untouched(void **state)
{
    (void)state;
    static const struct text rows[] = { BYTES("{\"event_id\":1}\n"),
                                        BYTES("identity/LineItemId,"),
                                        BYTES("\xef\xbb\xbfid"),
                                        BYTES("Obj\1"),
                                        BYTES("BZhello,x"),
                                        BYTES("a\0b"),
                                        BYTES("P"),
                                        BYTES(" \n") };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct input *input = input_from_memory(rows[i].data, rows[i].size, "-");
        struct error error = { 0 };
        char bytes[64];
        size_t got;
        if (!foreign_format_check(input, true, &error))
            fail_msg("row %zu: %s", i, error.message);
        assert_int_equal(input_read(input, bytes, sizeof bytes, &got), INPUT_OK);
        assert_int_equal(got, rows[i].size);
        assert_memory_equal(bytes, rows[i].data, got);
        input_close(input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_format_is_named_with_the_command_that_converts_it),
        cmocka_unit_test(what_may_be_usage_passes_untouched),
    };
    return cmocka_run_group_tests_name("codec/foreign_format", tests, NULL, NULL);
}
