/* base/memory: growing arrays and the arena. */
#include "base/memory.h"
#include "support/unit.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void new_memory_is_zero(void **state)
{
    (void)state;
    static const struct {
        size_t count, size;
    } rows[] = { { 1, 1 }, { 3, 7 }, { 1000, 24 }, { 0, 8 }, { 8, 0 } };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        unsigned char *memory = memory_new_array(rows[i].count, rows[i].size);
        assert_non_null(memory);
        for (size_t byte = 0; byte < rows[i].count * rows[i].size; byte++)
            assert_int_equal(memory[byte], 0);
        free(memory);
    }
    free(memory_new(0));
}

static void room_for_one_more_keeps_what_is_there(void **state)
{
    (void)state;
    size_t capacity = 0;
    uint64_t *numbers = NULL;
    for (size_t count = 0; count < 1000; count++) {
        numbers = memory_reserve_one(numbers, count, &capacity, sizeof *numbers);
        assert_true(capacity > count);
        numbers[count] = count;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    free(numbers);
}

static void strings_are_copied_with_their_end(void **state)
{
    (void)state;
    char *copy = memory_copy_string("abc");
    assert_string_equal(copy, "abc");
    free(copy);
}

static void an_arena_aligns_and_does_not_overlap(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    static const size_t alignments[] = { 1, 2, 4, 8, 16 };
    struct {
        unsigned char *at;
        size_t size;
    } taken[500];
    for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
        size_t alignment = alignments[i % ARRAY_COUNT(alignments)];
        taken[i].size = i * 37 % 1000; /* several chunks in all */
        taken[i].at = arena_take(&arena, taken[i].size, alignment);
        assert_int_equal((uintptr_t)taken[i].at % alignment, 0);
        memset(taken[i].at, (int)(i & 0xff), taken[i].size);
    }
    for (size_t i = 0; i < ARRAY_COUNT(taken); i++)
        for (size_t byte = 0; byte < taken[i].size; byte++)
            assert_int_equal(taken[i].at[byte], i & 0xff);
    arena_done(&arena);
}

static void an_object_larger_than_a_chunk_fits_an_arena(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    char *small = arena_take(&arena, 10, 1);
    char *large = arena_take(&arena, 1000000, 16);
    memset(small, 1, 10);
    memset(large, 2, 1000000);
    assert_int_equal(small[9], 1);
    assert_true(arena.bytes >= 1000010);
    arena_done(&arena);
    assert_int_equal(arena.bytes, 0);
}

static void a_reset_arena_keeps_one_chunk(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    arena_reset(&arena); /* of an empty arena: nothing */
    arena_take(&arena, 100, 1);
    size_t one_chunk = arena.bytes;
    for (int i = 0; i < 100; i++)
        arena_take(&arena, 10000, 1);
    assert_true(arena.bytes > one_chunk);
    arena_reset(&arena);
    assert_int_equal(arena.bytes, one_chunk);
    memset(arena_take(&arena, 100, 1), 3, 100);
    assert_int_equal(arena.bytes, one_chunk);
    arena_done(&arena);
    arena_done(&arena); /* twice does no harm */
}

static void copies_do_not_depend_on_their_source(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    char source[] = "a\0b";
    struct text copy = arena_copy(&arena, (struct text){ source, 3 });
    char *string = arena_copy_string(&arena, text_of("xyz"));
    memset(source, 'z', 3);
    assert_true(text_equal(copy, BYTES("a\0b")));
    assert_string_equal(string, "xyz");
    assert_string_equal(arena_copy_string(&arena, TEXT_NONE), "");
    assert_int_equal(arena_copy(&arena, TEXT_NONE).size, 0);
    arena_done(&arena);
}

static void a_table_is_zero_however_large_it_is(void **state)
{
    (void)state;
    static const size_t counts[] = { 1, 1000, 262143, 262144, 262145, 1000003 }; /* around a large page of 8-byte slots */
    for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
        uint64_t any = 0, *before = memory_new_table(counts[i], sizeof *before);
        memset(before, 0xff, counts[i] * sizeof *before); /* what is given back comes again */
        free(before);
        uint64_t *slots = memory_new_table(counts[i], sizeof *slots);
        for (size_t at = 0; at < counts[i]; at++)
            any |= slots[at];
        assert_true(any == 0);
        free(slots);
    }
}

static void at_an_orderly_end(void)
{
    _exit(7);
}

static void out_of_memory_ends_the_process_without_an_orderly_end(void **state)
{
    (void)state;
    int status, told[2];
    char line[128] = "";
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(atexit(at_an_orderly_end) == 0 && dup2(told[1], STDERR_FILENO) == STDERR_FILENO);
        memory_grow(NULL, SIZE_MAX, 2);
        _exit(8);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_true(read(told[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "event=out_of_memory"));
    close(told[0]);
    close(told[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zero),
        cmocka_unit_test(a_table_is_zero_however_large_it_is),
        cmocka_unit_test(room_for_one_more_keeps_what_is_there),
        cmocka_unit_test(strings_are_copied_with_their_end),
        cmocka_unit_test(an_arena_aligns_and_does_not_overlap),
        cmocka_unit_test(an_object_larger_than_a_chunk_fits_an_arena),
        cmocka_unit_test(a_reset_arena_keeps_one_chunk),
        cmocka_unit_test(copies_do_not_depend_on_their_source),
        cmocka_unit_test(out_of_memory_ends_the_process_without_an_orderly_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
