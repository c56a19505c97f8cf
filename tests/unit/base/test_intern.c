/* base/intern: equal bytes get one number. */
#include "base/intern.h"
#include "support/unit.h"

static void numbers_count_from_zero_in_the_order_of_arrival(void **state)
{
    (void)state;
    struct intern intern = { 0 };
    assert_int_equal(intern_find(&intern, TEXT("a")), INTERN_NONE);
    assert_int_equal(intern_add(&intern, TEXT("a")), 0);
    assert_int_equal(intern_add(&intern, TEXT("b")), 1);
    assert_int_equal(intern_add(&intern, TEXT("a")), 0);
    assert_int_equal(intern_find(&intern, TEXT("b")), 1);
    assert_int_equal(intern_find(&intern, TEXT("c")), INTERN_NONE);
    assert_int_equal(intern.count, 2);
    intern_done(&intern);
}

static void texts_are_compared_whole(void **state)
{
    (void)state;
    static const struct text texts[] = {
        { "", 0 }, { "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }, { "a\0c", 3 }, { "\0", 1 }, { "A", 1 },
    };
    struct intern intern = { 0 };
    for (uint32_t i = 0; i < ARRAY_COUNT(texts); i++)
        assert_int_equal(intern_add(&intern, texts[i]), i);
    for (uint32_t i = 0; i < ARRAY_COUNT(texts); i++) {
        assert_int_equal(intern_find(&intern, texts[i]), i);
        assert_true(text_equal(intern_text(&intern, i), texts[i]));
    }
    intern_done(&intern);
}

static void copies_are_kept_while_the_table_grows(void **state)
{
    (void)state;
    struct intern intern = { 0 };
    char text[16];
    struct text first = { 0 };
    for (uint32_t i = 0; i < 20000; i++) {
        size_t size = (size_t)snprintf(text, sizeof text, "%u", i);
        assert_int_equal(intern_add(&intern, (struct text){ text, size }), i);
        if (i == 0)
            first = intern_text(&intern, 0);
    }
    assert_true(text_equal(first, TEXT("0"))); /* borrowed before all the growth */
    for (uint32_t i = 0; i < 20000; i += 7) {
        size_t size = (size_t)snprintf(text, sizeof text, "%u", i);
        assert_int_equal(intern_find(&intern, (struct text){ text, size }), i);
        assert_true(text_equal(intern_text(&intern, i), (struct text){ text, size }));
    }
    assert_true(intern_bytes(&intern) > 20000 * 4);
    intern_done(&intern);
}

static void a_reset_table_counts_from_zero_again(void **state)
{
    (void)state;
    struct intern intern = { 0 };
    for (char letter = 'a'; letter <= 'z'; letter++)
        intern_add(&intern, (struct text){ &letter, 1 });
    intern_reset(&intern);
    assert_int_equal(intern_find(&intern, TEXT("a")), INTERN_NONE);
    assert_int_equal(intern_add(&intern, TEXT("z")), 0);
    intern_done(&intern);
    intern_done(&intern); /* twice does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_count_from_zero_in_the_order_of_arrival),
        cmocka_unit_test(texts_are_compared_whole),
        cmocka_unit_test(copies_are_kept_while_the_table_grows),
        cmocka_unit_test(a_reset_table_counts_from_zero_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
