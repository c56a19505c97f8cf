/* codec/input: bytes of a file, plain or gzip, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/input.h"
#include "support/avro_random.h"
#include "support/scratch.h"

/* Reads to the end in steps of `step`; the status must come again. */
static enum input_status read_all(struct input *input, size_t step, struct buffer *out)
{
    size_t got;
    enum input_status status;
    buffer_clear(out);
    while ((status = input_read(input, buffer_reserve(out, step), step, &got)) == INPUT_OK) {
        assert_in_range(got, 1, step);
        out->size += got;
    }
    assert_int_equal(got, 0);
    char byte;
    assert_int_equal(input_read(input, &byte, 1, &got), status);
    assert_int_equal(got, 0);
    assert_int_equal(input_peek(input).size, 0);
    return status;
}

static enum input_status read_memory(struct text bytes, size_t step, struct buffer *out)
{
    struct input *input = input_from_memory(bytes.data, bytes.size, "memory");
    enum input_status status = read_all(input, step, out);
    if (status != INPUT_END)
        assert_true(input_failure(input)[0] != '\0');
    input_close(input);
    return status;
}

static void assert_bytes(const struct buffer *found, struct text wanted)
{
    assert_int_equal(found->size, wanted.size);
    if (wanted.size)
        assert_memory_equal(found->data, wanted.data, wanted.size);
}

/* Bytes that deflate cannot shrink to nothing. */
static void random_bytes(struct buffer *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(out, (char)('a' + random_below(20)));
}

static void bytes_come_as_they_are_whatever_the_step(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } rows[] = { { "", 0 },      { "a", 1 }, { "\x1f", 1 }, { "\x1f\x8c rest", 7 }, { "a\0b\0", 4 }, { "\xef\xbb\xbfx", 4 },
                 { "\r\n\n", 3 } };
    static const size_t steps[] = { 1, 2, 3, 4096 };
    struct buffer found = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        for (size_t s = 0; s < ARRAY_COUNT(steps); s++) {
            struct text bytes = { rows[i].bytes, rows[i].size };
            assert_int_equal(read_memory(bytes, steps[s], &found), INPUT_END);
            assert_bytes(&found, bytes);
        }
    }
    buffer_done(&found);
}

static void gzip_is_recognised_by_its_bytes_not_by_its_name(void **state)
{
    (void)state;
    struct buffer plain = { 0 }, zipped = { 0 }, found = { 0 };
    struct error error;
    random_bytes(&plain, 700000); /* more than any buffer in between */
    gzip_append(buffer_text(&plain), &zipped);
    write_bytes(scratch_path("zipped.csv"), buffer_text(&zipped));
    write_bytes(scratch_path("plain.csv.gz"), buffer_text(&plain));
    static const char *const names[] = { "zipped.csv", "plain.csv.gz" };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct input *input;
        assert_true(input_open(scratch_path(names[i]), &input, &error));
        assert_string_equal(input_name(input), scratch_path(names[i]));
        assert_int_equal(input_position(input), 0);
        assert_int_equal(read_all(input, 10007, &found), INPUT_END);
        assert_bytes(&found, buffer_text(&plain));
        assert_int_equal(input_size(input), i == 0 ? zipped.size : plain.size);
        assert_int_equal(input_position(input), input_size(input));
        input_close(input);
    }
    buffer_done(&plain);
    buffer_done(&zipped);
    buffer_done(&found);
}

static void gzip_members_behind_one_another_are_one_stream(void **state)
{
    (void)state;
    static const char *const members[] = { "one,", "", "two,", "three" };
    struct buffer zipped = { 0 }, found = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        gzip_append(text_of(members[i]), &zipped);
    for (size_t step = 1; step < 20; step++) {
        assert_int_equal(read_memory(buffer_text(&zipped), step, &found), INPUT_END);
        assert_bytes(&found, TEXT("one,two,three"));
    }
    buffer_done(&zipped);
    buffer_done(&found);
}

static void a_stream_cut_anywhere_gives_its_bytes_and_then_says_so(void **state)
{
    (void)state;
    struct buffer plain = { 0 }, zipped = { 0 }, found = { 0 };
    random_bytes(&plain, 600);
    gzip_append(buffer_text(&plain), &zipped);
    size_t before = 0;
    for (size_t size = 2; size < zipped.size; size++) {
        assert_int_equal(read_memory((struct text){ zipped.data, size }, 1 + size % 50, &found), INPUT_TRUNCATED);
        assert_true(found.size >= before && found.size <= plain.size);
        assert_memory_equal(found.data, plain.data, found.size);
        before = found.size;
    }
    assert_int_equal(before, plain.size); /* only the trailer is missing */
    /* A second member that is cut: the first one is whole. */
    struct text second = { zipped.data, zipped.size };
    struct buffer two = { 0 };
    gzip_append(TEXT("first;"), &two);
    buffer_append_text(&two, second);
    assert_int_equal(read_memory((struct text){ two.data, two.size - 9 }, 64, &found), INPUT_TRUNCATED);
    assert_memory_equal(found.data, "first;", 6);
    buffer_done(&two);
    buffer_done(&plain);
    buffer_done(&zipped);
    buffer_done(&found);
}

static void damage_is_told_after_the_bytes_before_it(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from_end;       /* the byte that is damaged; 0: none */
        const char *behind; /* what follows the stream */
    } rows[] = { { "checksum", 8, "" },
                 { "length", 1, "" },
                 { "a byte behind", 0, "x" },
                 { "text behind", 0, "more text" },
                 { "half a magic behind", 0, "\x1f" },
                 { "a wrong method behind", 0, "\x1f\x8b\x01\x01\x01\x01\x01\x01\x01\x01" } };
    struct buffer zipped = { 0 }, found = { 0 };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        buffer_clear(&zipped);
        gzip_append(TEXT("all of this is sound"), &zipped);
        if (rows[i].from_end)
            zipped.data[zipped.size - (size_t)rows[i].from_end] ^= 0x40;
        buffer_append_text(&zipped, text_of(rows[i].behind));
        if (read_memory(buffer_text(&zipped), 7, &found) != INPUT_CORRUPT)
            fail_msg("%s", rows[i].name);
        assert_bytes(&found, TEXT("all of this is sound"));
    }
    buffer_done(&zipped);
    buffer_done(&found);
}

static void no_damaged_byte_passes_for_the_regular_end(void **state)
{
    (void)state;
    struct buffer plain = { 0 }, zipped = { 0 }, found = { 0 };
    random_bytes(&plain, 200);
    gzip_append(buffer_text(&plain), &zipped);
    for (size_t at = 10; at < zipped.size; at++) { /* the header's ten bytes hold a time and a system that nobody checks */
        for (unsigned bit = 0; bit < 8; bit++) {
            zipped.data[at] = (char)(zipped.data[at] ^ (1 << bit));
            enum input_status status = read_memory(buffer_text(&zipped), 64, &found);
            /* The bits that fill up the last byte of the deflate stream mean nothing. */
            bool harmless = status == INPUT_END && text_equal(buffer_text(&found), buffer_text(&plain));
            if (status != INPUT_CORRUPT && status != INPUT_TRUNCATED && !harmless)
                fail_msg("bit %u of byte %zu: status %d", bit, at, (int)status);
            zipped.data[at] = (char)(zipped.data[at] ^ (1 << bit));
        }
    }
    buffer_done(&plain);
    buffer_done(&zipped);
    buffer_done(&found);
}

static void peeking_takes_nothing(void **state)
{
    (void)state;
    struct buffer plain = { 0 }, zipped = { 0 }, found = { 0 };
    random_bytes(&plain, 20000);
    gzip_append(buffer_text(&plain), &zipped);
    const struct text inputs[] = { buffer_text(&plain), buffer_text(&zipped) };
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++) {
        struct input *input = input_from_memory(inputs[i].data, inputs[i].size, "memory");
        struct text start = input_peek(input);
        assert_in_range(start.size, 1, 4096);
        assert_memory_equal(start.data, plain.data, start.size);
        assert_int_equal(input_peek(input).size, start.size);
        assert_int_equal(read_all(input, 777, &found), INPUT_END);
        assert_bytes(&found, buffer_text(&plain));
        input_close(input);
    }
    struct input *empty = input_from_memory("", 0, "empty");
    assert_int_equal(input_peek(empty).size, 0);
    input_close(empty);
    buffer_done(&plain);
    buffer_done(&zipped);
    buffer_done(&found);
}

static void a_peek_sees_over_the_end_of_a_short_member(void **state)
{
    (void)state;
    struct buffer zipped = { 0 };
    gzip_append(TEXT("O"), &zipped);
    gzip_append(TEXT("bj\1"), &zipped);
    struct input *input = input_from_memory(zipped.data, zipped.size, "memory");
    struct text start = input_peek(input);
    assert_int_equal(start.size, 4);
    assert_memory_equal(start.data, "Obj\1", 4);
    input_close(input);
    buffer_done(&zipped);
}

static void what_cannot_be_read_is_an_error_with_its_path(void **state)
{
    (void)state;
    static const char *const paths[] = { "/nowhere/at/all.csv", "/tmp", "" };
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct input *input;
        struct error error = { 0 };
        assert_false(input_open(paths[i], &input, &error));
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, paths[i]));
        assert_true(strlen(error.message) > strlen(paths[i]) + 4);
    }
}

static void a_dash_is_standard_input(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDIN_FILENO);
    struct input *input;
    struct error error;
    struct buffer zipped = { 0 }, found = { 0 };
    gzip_append(TEXT("through a pipe"), &zipped);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], zipped.data, zipped.size), (ssize_t)zipped.size);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    assert_true(input_open("-", &input, &error));
    assert_string_equal(input_name(input), "-");
    assert_int_equal(input_size(input), 0);
    assert_int_equal(read_all(input, 5, &found), INPUT_END);
    assert_bytes(&found, TEXT("through a pipe"));
    input_close(input);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* it is not ours to close */
    if (kept >= 0) {
        dup2(kept, STDIN_FILENO);
        close(kept);
    }
    buffer_done(&zipped);
    buffer_done(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_come_as_they_are_whatever_the_step),
        cmocka_unit_test(gzip_is_recognised_by_its_bytes_not_by_its_name),
        cmocka_unit_test(gzip_members_behind_one_another_are_one_stream),
        cmocka_unit_test(a_stream_cut_anywhere_gives_its_bytes_and_then_says_so),
        cmocka_unit_test(damage_is_told_after_the_bytes_before_it),
        cmocka_unit_test(no_damaged_byte_passes_for_the_regular_end),
        cmocka_unit_test(peeking_takes_nothing),
        cmocka_unit_test(a_peek_sees_over_the_end_of_a_short_member),
        cmocka_unit_test(what_cannot_be_read_is_an_error_with_its_path),
        cmocka_unit_test(a_dash_is_standard_input),
    };
    return cmocka_run_group_tests_name("codec/input", tests, scratch_setup, scratch_teardown);
}
