/* codec/json_read: what json_write makes comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/json_read.h"
#include "codec/json_write.h"
#include "model/line_item.h"
#include "support/avro_random.h"
#include "support/avro_sample.h"
#include "support/quotes.h"
#include "support/record_text.h"

static void records_come_back_whole(void **state)
{
    (void)state;
    random_state = 5;
    struct buffer json = { 0 }, scratch = { 0 }, wanted = { 0 }, found = { 0 };
    struct arena arena = { 0 };
    for (int round = 0; round < 2000; round++) {
        struct usage_event event, back;
        struct error error;
        random_event(&event, &arena);
        /* Times that have a text. */
        event.usage_start = (int64_t)random_below(253402300800000);
        event.usage_end = event.usage_start;
        buffer_clear(&json);
        json_write_record(&json, &usage_event_type, &event, random_below(2) ? JSON_ABSENT_LEFT_OUT : JSON_ABSENT_NULL);
        if (!json_read_record(buffer_text(&json), &usage_event_type, &back, &arena, &scratch, &error))
            fail_msg("round %d: %s", round, error.message);
        for (size_t i = 0; i < usage_event_type.field_count; i++) { /* an empty required text is absent and present */
            const struct field *field = &usage_event_type.fields[i];
            if (field->kind == FIELD_TEXT && !record_has(&event, i) && field->required)
                back.present &= ~((uint64_t)1 << i);
        }
        record_text(&usage_event_type, &event, &wanted);
        assert_string_equal(record_text(&usage_event_type, &back, &found), wanted.data);
        arena_reset(&arena);
    }
    arena_done(&arena);
    buffer_done(&json);
    buffer_done(&scratch);
    buffer_done(&wanted);
    buffer_done(&found);
}

static void other_values_name_their_field(void **state)
{
    (void)state;
    static const struct {
        const char *json, *named; /* ' for " */
    } rows[] = {
        { "{'name':true}", "name" },
        { "{'cost':'x'}", "cost" },
        { "{'cost':'1.001'}", "cost" },
        { "{'at':'now'}", "at" },
        { "{'rows':1.5}", "rows" },
        { "{'rows':9223372036854775808}", "rows" },
        { "{'tags':'a'}", "tags" },
        { "{'tags':{'a':null}}", "tags" },
        { "{'note':{}}", "note" },
        { "[]", "Sample" },
        { "", "Sample" },
        { "{'name'", "Sample" },
    };
    struct buffer scratch = { 0 };
    struct arena arena = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct sample sample;
        struct error error = { 0 };
        assert_false(json_read_record(quoted(rows[i].json), &sample_type, &sample, &arena, &scratch, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        if (!strstr(error.message, rows[i].named))
            fail_msg("%s: %s", rows[i].json, error.message);
    }
    struct sample sample;
    struct error error;
    assert_true(json_read_record(quoted("{'rows':-9223372036854775808,'more':[1]}"), &sample_type, &sample, &arena, &scratch,
                                 &error));
    assert_true(sample.rows == INT64_MIN);
    arena_done(&arena);
    buffer_done(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_whole),
        cmocka_unit_test(other_values_name_their_field),
    };
    return cmocka_run_group_tests_name("codec/json_read", tests, NULL, NULL);
}
