/* codec/csv_row: fields of one record. */
#include "support/unit.h"

#include <csv.h>

#include "codec/csv_row.h"
#include "support/avro_random.h"

static void a_record_is_cut_into_fields_or_refused_without_a_trace(void **state)
{
    (void)state;
    static const struct {
        const char *record, *fields; /* NULL: no record */
    } rows[] = {
        { "a,b,c", "a|b|c|" },
        { "\"a,1\",\"say \"\"hi\"\"\",", "a,1|say \"hi\"||" },
        { "\"two\nlines\",x", "two\nlines|x|" },
        { "\"open", NULL },
        { "a\"b", NULL },
        { "a\nb", NULL },
        { "", NULL },
        { ",", "||" },
    };
    struct csv_row *row = csv_row_new();
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer found = { 0 };
        bool done = csv_row_parse(row, text_of(rows[i].record));
        assert_int_equal(done, rows[i].fields != NULL);
        for (size_t f = 0; done && f < csv_row_count(row); f++)
            buffer_printf(&found, "%.*s|", TEXT_ARGS(csv_row_field(row, f)));
        if (done && !text_equal(buffer_text(&found), text_of(rows[i].fields)))
            fail_msg("%s: %.*s", rows[i].record, TEXT_ARGS(buffer_text(&found)));
        assert_int_equal(csv_row_field(row, 99).size, 0);
        buffer_done(&found);
    }
    csv_row_free(row);
    csv_row_free(NULL);
}

/* libcsv's own answer: fields with a line behind each, rows with a semicolon. */
static void expect_field(void *field, size_t size, void *context)
{
    buffer_append(context, field, size);
    buffer_append_byte(context, '|');
}

static void expect_row(int terminator, void *context)
{
    (void)terminator;
    buffer_append_byte(context, ';');
}

static bool expected_of(struct text record, struct buffer *out)
{
    struct csv_parser parser;
    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    buffer_clear(out);
    bool parsed = csv_parse(&parser, record.data, record.size, expect_field, expect_row, out) == record.size;
    bool finished = csv_fini(&parser, expect_field, expect_row, out) == 0;
    csv_free(&parser);
    const char *row = out->size ? memchr(out->data, ';', out->size) : NULL;
    return parsed && finished && row && row == out->data + out->size - 1;
}

static void records_are_cut_as_libcsv_cuts_them(void **state)
{
    (void)state;
    static const char likely[] = "aaaaaaaab,,,,\"\" \t\r\n\xc3\xa4";
    struct csv_row *row = csv_row_new();
    struct buffer expected = { 0 }, found = { 0 };
    size_t borrowed = 0, taken = 0;
    random_state = 7;
    for (int round = 0; round < 200000; round++) {
        char bytes[40];
        size_t size = random_below(sizeof bytes), letters = 9 + random_below(sizeof likely - 9);
        for (size_t i = 0; i < size; i++)
            bytes[i] = likely[random_below(letters)];
        struct text record = { bytes, size };
        bool wanted = expected_of(record, &expected), done = csv_row_parse(row, record);
        if (done != wanted)
            fail_msg("'%.*s': %s", TEXT_ARGS(record), done ? "taken" : "refused");
        if (!done)
            continue;
        buffer_clear(&found);
        for (size_t i = 0; i < csv_row_count(row); i++)
            expect_field((void *)(uintptr_t)csv_row_field(row, i).data, csv_row_field(row, i).size, &found);
        expect_row(0, &found);
        if (!text_equal(buffer_text(&found), buffer_text(&expected)))
            fail_msg("'%.*s': %.*s, expected %.*s", TEXT_ARGS(record), TEXT_ARGS(buffer_text(&found)),
                     TEXT_ARGS(buffer_text(&expected)));
        taken++;
        borrowed += csv_row_is_borrowed(row);
    }
    assert_true(borrowed > 1000 && taken - borrowed > 1000);
    buffer_done(&expected);
    buffer_done(&found);
    csv_row_free(row);
}

static void plain_fields_are_borrowed_from_the_record(void **state)
{
    (void)state;
    struct csv_row *row = csv_row_new();
    struct text record = TEXT("a,\"b,c\", d ,");
    assert_true(csv_row_parse(row, record));
    assert_true(csv_row_is_borrowed(row));
    assert_ptr_equal(csv_row_field(row, 1).data, record.data + 3);
    assert_true(csv_row_parse(row, TEXT("a,\"b\"\"c\"")));
    assert_false(csv_row_is_borrowed(row));
    csv_row_free(row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_cut_as_libcsv_cuts_them),
        cmocka_unit_test(plain_fields_are_borrowed_from_the_record),
        cmocka_unit_test(a_record_is_cut_into_fields_or_refused_without_a_trace),
    };
    return cmocka_run_group_tests_name("codec/csv_row", tests, NULL, NULL);
}
