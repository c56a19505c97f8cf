/* base/buffer: bytes that grow at the end. */
#include "base/buffer.h"
#include "support/unit.h"

static void pieces_are_appended_in_order(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    assert_int_equal(buffer_text(&buffer).size, 0);
    buffer_append(&buffer, "ab", 2);
    buffer_append(&buffer, NULL, 0);
    buffer_append_text(&buffer, TEXT_NONE);
    buffer_append_text(&buffer, TEXT("cd"));
    buffer_append_byte(&buffer, '\0');
    buffer_printf(&buffer, "%d/%s", -7, "x");
    assert_true(text_equal(buffer_text(&buffer), BYTES("abcd\0-7/x")));
    buffer_done(&buffer);
}

static void printing_grows_the_buffer_by_what_is_printed(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    for (int width = 0; width < 600; width++) {
        size_t before = buffer.size;
        buffer_printf(&buffer, "%*s", width, "");
        assert_int_equal(buffer.size - before, width);
    }
    for (size_t i = 0; i < buffer.size; i++)
        assert_int_equal(buffer.data[i], ' ');
    buffer_done(&buffer);
}

static void reserved_room_can_be_written(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    buffer_append_byte(&buffer, 'a');
    char *room = buffer_reserve(&buffer, 100000);
    memset(room, 'b', 100000);
    buffer.size += 100000;
    assert_int_equal(buffer.data[0], 'a');
    assert_int_equal(buffer.data[100000], 'b');
    buffer_done(&buffer);
}

static void a_cleared_buffer_keeps_its_memory(void **state)
{
    (void)state;
    struct buffer buffer = { 0 };
    buffer_printf(&buffer, "%1000s", "");
    size_t capacity = buffer.capacity;
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(buffer.capacity, capacity);
    buffer_done(&buffer);
    buffer_done(&buffer); /* twice does no harm */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_appended_in_order),
        cmocka_unit_test(printing_grows_the_buffer_by_what_is_printed),
        cmocka_unit_test(reserved_room_can_be_written),
        cmocka_unit_test(a_cleared_buffer_keeps_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
