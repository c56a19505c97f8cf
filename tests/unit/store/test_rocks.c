/* store/rocks: an ordered map of bytes on disk. */
#include "support/unit.h"

#include "store/rocks.h"
#include "support/scratch.h"

static const struct rocks_options small = { .write_buffer_bytes = 64 * 1024, .cache_bytes = 64 * 1024 };

static struct rocks *open_store(const char *name)
{
    struct rocks *rocks;
    struct error error;
    if (!rocks_open(scratch_path(name), &small, &rocks, &error))
        fail_msg("%s", error.message);
    return rocks;
}

static void put(struct rocks *rocks, struct text key, struct text value)
{
    struct rocks_batch *batch = rocks_batch_new();
    struct error error;
    rocks_batch_put(batch, key, value);
    assert_true(rocks_write(rocks, batch, &error));
    rocks_batch_free(batch);
}

static void values_are_found_whole(void **state)
{
    (void)state;
    struct rocks *rocks = open_store("get");
    struct error error;
    struct buffer value = { 0 };
    bool found = true;
    buffer_append_text(&value, TEXT("before"));
    put(rocks, BYTES("k\0a"), BYTES("v\0alue"));
    put(rocks, BYTES("empty"), TEXT_NONE);
    assert_true(rocks_fetch(rocks, BYTES("k\0"), &value, &found, &error));
    assert_false(found);
    assert_int_equal(value.size, 0);
    assert_true(rocks_fetch(rocks, BYTES("k\0a"), &value, &found, &error));
    assert_true(found);
    assert_int_equal(value.size, 6);
    assert_memory_equal(value.data, "v\0alue", 6);
    assert_true(rocks_fetch(rocks, BYTES("empty"), &value, &found, &error));
    assert_true(found);
    assert_int_equal(value.size, 0);
    put(rocks, BYTES("k\0a"), BYTES("new"));
    assert_true(rocks_fetch(rocks, BYTES("k\0a"), &value, &found, &error));
    assert_int_equal(value.size, 3);
    assert_memory_equal(value.data, "new", 3);
    buffer_done(&value);
    rocks_close(rocks);
}

static void a_batch_is_counted_and_empty_after_its_write(void **state)
{
    (void)state;
    struct rocks *rocks = open_store("batch");
    struct rocks_batch *batch = rocks_batch_new();
    struct error error;
    struct buffer value = { 0 };
    bool found;
    assert_int_equal(rocks_batch_bytes(batch), 0);
    rocks_batch_put(batch, BYTES("abc"), BYTES("de"));
    assert_true(rocks_batch_bytes(batch) >= 5);
    assert_true(rocks_fetch(rocks, BYTES("abc"), &value, &found, &error));
    assert_false(found); /* not before the write */
    assert_true(rocks_write(rocks, batch, &error));
    assert_int_equal(rocks_batch_bytes(batch), 0);
    assert_true(rocks_write(rocks, batch, &error)); /* an empty one is fine */
    assert_true(rocks_fetch(rocks, BYTES("abc"), &value, &found, &error));
    assert_true(found);
    buffer_done(&value);
    rocks_batch_free(batch);
    rocks_batch_free(NULL);
    rocks_close(rocks);
}

/* The keys below a prefix as one text. */
static const char *keys_of(struct rocks *rocks, struct text prefix)
{
    static struct buffer out;
    struct rocks_iterator *iterator = rocks_iterate(rocks, prefix);
    struct text key, value;
    struct error error;
    buffer_clear(&out);
    while (rocks_iterator_next(iterator, &key, &value))
        buffer_printf(&out, "%.*s=%.*s ", TEXT_ARGS(key), TEXT_ARGS(value));
    assert_false(rocks_iterator_next(iterator, &key, &value)); /* the end is the end */
    assert_true(rocks_iterator_check(iterator, &error));
    rocks_iterator_close(iterator);
    *buffer_reserve(&out, 1) = '\0';
    return out.data;
}

static void keys_come_in_byte_order_within_their_prefix(void **state)
{
    (void)state;
    struct rocks *rocks = open_store("order");
    static const char *const keys[] = { "b", "a", "ab", "a\xff", "a\x7f", "c", "aa" };
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        put(rocks, text_of(keys[i]), TEXT("1"));
    assert_string_equal(keys_of(rocks, TEXT("a")), "a=1 aa=1 ab=1 a\x7f=1 a\xff=1 ");
    assert_string_equal(keys_of(rocks, TEXT("ab")), "ab=1 ");
    assert_string_equal(keys_of(rocks, TEXT("b")), "b=1 ");
    assert_string_equal(keys_of(rocks, TEXT("d")), "");
    assert_string_equal(keys_of(rocks, TEXT("0")), "");
    assert_string_equal(keys_of(rocks, TEXT_NONE), "a=1 aa=1 ab=1 a\x7f=1 a\xff=1 b=1 c=1 ");
    put(rocks, TEXT("aa"), TEXT("2"));
    assert_string_equal(keys_of(rocks, TEXT("aa")), "aa=2 ");
    rocks_close(rocks);
}

static void more_than_the_buffers_hold_is_on_disk_and_in_order(void **state)
{
    (void)state;
    struct rocks *rocks = open_store("large");
    struct rocks_batch *batch = rocks_batch_new();
    struct error error;
    char key[16], value[200];
    memset(value, 'v', sizeof value);
    const unsigned count = 20000;
    for (unsigned i = 0; i < count; i++) { /* 4 MB through buffers of 64 KiB, not in order */
        snprintf(key, sizeof key, "k%08u", i * 7919 % count);
        rocks_batch_put(batch, text_of(key), (struct text){ value, sizeof value });
        if (i % 500 == 499)
            assert_true(rocks_write(rocks, batch, &error));
    }
    rocks_batch_free(batch);
    struct rocks_iterator *iterator = rocks_iterate(rocks, TEXT("k"));
    struct text found, bytes;
    for (unsigned i = 0; i < count; i++) {
        assert_true(rocks_iterator_next(iterator, &found, &bytes));
        snprintf(key, sizeof key, "k%08u", i);
        assert_true(text_equal(found, text_of(key)));
        assert_int_equal(bytes.size, sizeof value);
    }
    assert_false(rocks_iterator_next(iterator, &found, &bytes));
    assert_true(rocks_iterator_check(iterator, &error));
    rocks_iterator_close(iterator);
    rocks_close(rocks);
}

static void a_directory_that_cannot_be_used_is_an_error(void **state)
{
    (void)state;
    struct rocks *rocks = NULL;
    struct error error = { 0 };
    write_bytes(scratch_path("a-file"), TEXT("x"));
    assert_false(rocks_open(scratch_path("a-file"), &small, &rocks, &error));
    assert_int_equal(error.kind, ERROR_DAMAGED);
    assert_non_null(strstr(error.message, "a-file"));
    struct rocks *first = open_store("taken"); /* owned while it is open */
    assert_false(rocks_open(scratch_path("taken"), &small, &rocks, &error));
    assert_int_equal(error.kind, ERROR_LATER); /* until the other lets go of it */
    rocks_close(first);
    rocks_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_whole),
        cmocka_unit_test(a_batch_is_counted_and_empty_after_its_write),
        cmocka_unit_test(keys_come_in_byte_order_within_their_prefix),
        cmocka_unit_test(more_than_the_buffers_hold_is_on_disk_and_in_order),
        cmocka_unit_test(a_directory_that_cannot_be_used_is_an_error),
    };
    return cmocka_run_group_tests_name("store/rocks", tests, scratch_setup, scratch_teardown);
}
