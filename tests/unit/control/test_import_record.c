/* control/import_record: the import records of the conductor topic. */
#include "support/unit.h"

#include "control/import_record.h"

static void records_come_back_as_they_were_written(void **state)
{
    (void)state;
    int64_t offsets[] = { 0, 7, INT64_C(9000000000) };
    const struct import_record rows[] = {
        { .is_done = true, .offsets = offsets, .offset_count = 3 },
        { .is_done = false, .offsets = offsets, .offset_count = 1 },
        { .is_done = true, .is_unmarked = true, .offsets = offsets, .offset_count = 0 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct buffer value = { 0 };
        struct arena arena = { 0 };
        struct import_record found;
        struct error error;
        import_record_print(&rows[i], &value);
        assert_true(import_record_read(buffer_text(&value), &found, &arena, &error));
        assert_int_equal(found.is_done, rows[i].is_done);
        assert_int_equal(found.is_unmarked, rows[i].is_unmarked);
        assert_int_equal(found.offset_count, rows[i].offset_count);
        for (size_t p = 0; p < found.offset_count; p++)
            assert_int_equal(found.offsets[p], offsets[p]);
        buffer_done(&value);
        arena_done(&arena);
    }
}

static void an_empty_object_is_done_and_unmarked_and_what_is_none_is_an_error(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    struct import_record found;
    struct error error = { 0 };
    assert_true(import_record_read(TEXT("{}"), &found, &arena, &error));
    assert_true(found.is_done && found.is_unmarked && found.offset_count == 0);
    static const char *const bad[] = { "", "[]", "{", "7" };
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        assert_false(import_record_read(text_of(bad[i]), &found, &arena, &error));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_as_they_were_written),
        cmocka_unit_test(an_empty_object_is_done_and_unmarked_and_what_is_none_is_an_error),
    };
    return cmocka_run_group_tests_name("control/import_record", tests, NULL, NULL);
}
