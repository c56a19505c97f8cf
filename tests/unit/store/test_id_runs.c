/* store/id_runs and store/id_filter: runs are found, merged, dropped, taken up again, and refused when damaged. */
#include "support/unit.h"

#include "base/memory.h"
#include "store/id_filter.h"
#include "store/id_runs.h"
#include "support/avro_random.h"
#include "support/scratch_rocks.h"

static struct id_runs *open_runs(struct rocks *rocks, size_t filter_bytes_max)
{
    struct id_runs_options options = { 1000, filter_bytes_max };
    struct id_runs *runs;
    struct error error;
    if (!id_runs_open(rocks, &options, &runs, &error))
        fail_msg("%s", error.message);
    return runs;
}

static struct hash128 id_of(uint64_t number)
{
    return hash128(&number, sizeof number);
}

static void add(struct id_runs *runs, uint64_t first, uint64_t count, int64_t time_ms, int64_t next)
{
    struct id_entry *entries = memory_new_array(count + 1, sizeof *entries);
    struct error error;
    for (uint64_t i = 0; i < count; i++)
        entries[i] = (struct id_entry){ id_of(first + i), first + i, time_ms };
    if (!id_runs_add(runs, entries, count, next, &error))
        fail_msg("%s", error.message);
    free(entries);
}

static void work(struct id_runs *runs, int64_t latest_ms, unsigned steps)
{
    struct error error;
    for (unsigned i = 0; i < steps; i++)
        if (!id_runs_work(runs, latest_ms, &error))
            fail_msg("%s", error.message);
}

static int64_t time_of(struct id_runs *runs, uint64_t number)
{
    struct id_entry entry;
    struct error error;
    bool found;
    if (!id_runs_find(runs, id_of(number), &entry, &found, &error))
        fail_msg("%s", error.message);
    assert_true(!found || id_compare(entry.id, id_of(number)) == 0);
    return found ? entry.time_ms : -1;
}

static void the_newest_run_that_has_an_id_answers(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct id_runs *runs = open_runs(rocks, 1 << 20);
    assert_int_equal(id_runs_next(runs), ID_RUNS_NONE);
    assert_int_equal(time_of(runs, 1), -1);
    add(runs, 0, 1000, 10, 100);
    add(runs, 500, 1000, 20, 200);
    add(runs, 0, 0, 30, 300); /* nothing but an offset */
    assert_int_equal(id_runs_count(runs), 2);
    assert_int_equal(id_runs_next(runs), 300);
    assert_int_equal(id_runs_latest_ms(runs), 20);
    assert_int_equal(time_of(runs, 499), 10);
    assert_int_equal(time_of(runs, 500), 20);
    assert_int_equal(time_of(runs, 1499), 20);
    assert_int_equal(time_of(runs, 1500), -1);
    id_runs_close(runs);
    id_runs_close(NULL);
    close_rocks(rocks);
}

static void many_runs_become_few_and_answer_the_same(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct id_runs *runs = open_runs(rocks, 1 << 20);
    for (unsigned i = 0; i < 64; i++) {
        add(runs, i * 500, 600, i, i);
        work(runs, i, 4);
        if (i % 20 == 19) { /* whatever was being merged begins anew */
            id_runs_close(runs);
            runs = open_runs(rocks, 1 << 20);
        }
    }
    work(runs, 64, 200);
    assert_true(id_runs_count(runs) <= 8);
    for (uint64_t n = 0; n < 64 * 500; n += 7)
        assert_int_equal(time_of(runs, n), n / 500);
    assert_int_equal(time_of(runs, 64 * 500 + 100), -1);
    id_runs_close(runs);
    close_rocks(rocks);
}

static void merges_in_many_steps_give_what_one_would(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct id_runs *runs = open_runs(rocks, 1 << 20);
    for (unsigned i = 0; i < 8; i++)
        add(runs, i * 15000, 20000, i, i);
    for (unsigned step = 0; id_runs_count(runs) > 1; step++) {
        work(runs, 8, 1);
        assert_int_equal(time_of(runs, 15000 * (step % 8)), step % 8);
        assert_in_range(step, 0, 8);
    }
    for (uint64_t n = 0; n < 8 * 15000; n += 97)
        assert_int_equal(time_of(runs, n), n / 15000);
    id_runs_close(runs);
    close_rocks(rocks);
}

static void what_has_left_the_window_goes(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct id_runs *runs = open_runs(rocks, 1 << 20);
    add(runs, 0, 100, 5, 1);
    add(runs, 1000, 100, 6, 2);
    work(runs, 1005, 1);
    assert_int_equal(time_of(runs, 0), 5);
    work(runs, 1006, 1);
    assert_int_equal(id_runs_count(runs), 1);
    assert_int_equal(time_of(runs, 0), -1);
    assert_int_equal(time_of(runs, 1000), 6);
    /* A merge leaves behind what is too old. */
    for (unsigned i = 0; i < 7; i++)
        add(runs, 2000 + i * 100, 100, 1000 + i, 3);
    work(runs, 1006, 1);
    work(runs, 1007, 2);
    assert_int_equal(id_runs_count(runs), 1);
    assert_int_equal(time_of(runs, 1000), -1);
    assert_int_equal(time_of(runs, 2000), 1000);
    id_runs_close(runs);
    close_rocks(rocks);
}

static void filters_keep_to_their_memory(void **state)
{
    (void)state;
    static const size_t limits[] = { 0, 64, 5000, 1 << 20 };
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        struct rocks *rocks = open_rocks();
        struct id_runs *runs = open_runs(rocks, limits[i]);
        for (unsigned n = 0; n < 20; n++) {
            add(runs, n * 2000, 2000, n, n);
            work(runs, n, 2);
            assert_true(id_runs_bytes(runs) <= limits[i]);
        }
        id_runs_close(runs);
        runs = open_runs(rocks, limits[i]);
        assert_true(id_runs_bytes(runs) <= limits[i]);
        for (uint64_t n = 0; n < 40000; n += 61)
            assert_int_equal(time_of(runs, n), n / 2000);
        id_runs_close(runs);
        close_rocks(rocks);
    }
}

static void a_filter_never_denies_what_it_holds_and_seldom_affirms_what_it_does_not(void **state)
{
    (void)state;
    enum { IDS = 10000 };
    struct id_filter filter = id_filter_new(IDS);
    for (uint64_t n = 0; n < IDS; n++)
        id_filter_add(&filter, id_of(n));
    unsigned alarms = 0;
    for (;;) {
        for (uint64_t n = 0; n < IDS; n++)
            assert_true(id_filter_may_hold(&filter, id_of(n)));
        if (filter.block_count == 0)
            break;
        unsigned before = alarms;
        alarms = 0;
        for (uint64_t n = IDS; n < 2 * IDS; n++)
            alarms += id_filter_may_hold(&filter, id_of(n));
        assert_true(alarms >= before); /* smaller is no better */
        if (before == 0)
            assert_true(alarms < IDS / 50);
        id_filter_halve(&filter);
    }
    id_filter_done(&filter);
}

static void damage_is_refused_and_can_be_wiped(void **state)
{
    (void)state;
    static const struct {
        const char *why, *key, *value;
        size_t key_size, value_size;
    } rows[] = {
        { "another version", "K\0\0\0\0\0\0\0\0\0\0\0\0", "\7", 13, 1 },
        { "a list cut short", "K\0\0\0\0\0\0\0\0\0\0\0\0", "\2\1\2\2\5", 13, 5 },
        { "a filter cut short", "J\0\0\0\0\0\0\0\0\0\0\0\0", "xyz", 13, 3 },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct rocks *rocks = open_rocks();
        struct id_runs *runs = open_runs(rocks, 1 << 20);
        struct id_runs_options options = { 1000, 1 << 20 };
        struct error error;
        add(runs, 0, 1000, 1, 9);
        id_runs_close(runs);
        struct rocks_batch *batch = rocks_batch_new();
        rocks_batch_put(batch, (struct text){ rows[i].key, rows[i].key_size },
                        (struct text){ rows[i].value, rows[i].value_size });
        assert_true(rocks_write(rocks, batch, &error));
        rocks_batch_free(batch);
        if (id_runs_open(rocks, &options, &runs, &error))
            fail_msg("%s was taken", rows[i].why);
        assert_non_null(strstr(error.message, "state store"));
        assert_true(id_runs_wipe(rocks, &error));
        runs = open_runs(rocks, 1 << 20);
        assert_int_equal(id_runs_next(runs), ID_RUNS_NONE);
        id_runs_close(runs);
        close_rocks(rocks);
    }
}

static void a_damaged_page_is_told(void **state)
{
    (void)state;
    struct rocks *rocks = open_rocks();
    struct id_runs *runs = open_runs(rocks, 0);
    struct id_entry entry;
    struct error error;
    bool found;
    add(runs, 0, 10, 1, 9); /* one page */
    struct rocks_batch *batch = rocks_batch_new();
    rocks_batch_put(batch, (struct text){ "I\0\0\0\0\0\0\0\0\0\0\0\0", 13 }, TEXT("odd"));
    assert_true(rocks_write(rocks, batch, &error));
    rocks_batch_free(batch);
    assert_false(id_runs_find(runs, id_of(3), &entry, &found, &error));
    assert_string_equal(error.message, "state store: page 0 of id run 0 has 3 bytes");
    id_runs_close(runs);
    close_rocks(rocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_run_that_has_an_id_answers),
        cmocka_unit_test(many_runs_become_few_and_answer_the_same),
        cmocka_unit_test(merges_in_many_steps_give_what_one_would),
        cmocka_unit_test(what_has_left_the_window_goes),
        cmocka_unit_test(filters_keep_to_their_memory),
        cmocka_unit_test(a_filter_never_denies_what_it_holds_and_seldom_affirms_what_it_does_not),
        cmocka_unit_test(damage_is_refused_and_can_be_wiped),
        cmocka_unit_test(a_damaged_page_is_told),
    };
    return cmocka_run_group_tests_name("store/id_runs", tests, scratch_setup, scratch_teardown);
}
