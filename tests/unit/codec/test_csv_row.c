/* codec/csv_row: fields of one record. */
#include "support/unit.h"

#include "codec/csv_row.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_cut_into_fields_or_refused_without_a_trace),
    };
    return cmocka_run_group_tests_name("codec/csv_row", tests, NULL, NULL);
}
