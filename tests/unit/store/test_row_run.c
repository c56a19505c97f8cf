/* store/row_run: runs come back row by row, side by side; what the disk does to them is told. */
#include "support/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "store/row_run.h"
#include "support/fixtures.h"
#include "support/scratch.h"

struct world {
    struct row_runs *runs;
    struct buffer facts;
};

static void world_open(struct world *world)
{
    struct usage_event event = event_with();
    struct error error;
    *world = (struct world){ 0 };
    facts_encode(&event, &world->facts);
    if (!row_runs_new(scratch_path("."), &world->runs, &error))
        fail_msg("%s", error.message);
}

static void world_close(struct world *world)
{
    row_runs_free(world->runs);
    buffer_done(&world->facts);
}

/* The rows of a run: `step` hours from one to the next, so that a page holds them together only where it is 0. */
static struct row_view row_at(const struct world *world, unsigned number, unsigned step, char resource[static 16])
{
    snprintf(resource, 16, "i-%06u", number);
    return (struct row_view){
        .period = 2026 * 12 + 5,
        .bucket_ms = INT64_C(1780272000000) + (int64_t)(number * step) * HOUR_MS,
        .account = 7 + number / 100,
        .resource = text_of(resource),
        .facts = buffer_text(&world->facts),
        .values = { .usage_events = number + 1, .usage_end_ms = USAGE_END_NONE },
    };
}

static bool write_rows(struct world *world, unsigned count, unsigned step, struct error *error)
{
    struct row_run_writer *writer = row_run_begin(world->runs);
    char resource[16];
    for (unsigned i = 0; i < count; i++) {
        struct row_view row = row_at(world, i, step, resource);
        if (!row_run_add(writer, &row, error)) {
            row_run_drop(writer);
            return false;
        }
    }
    return row_run_finish(writer, error);
}

static void expect_rows(const struct world *world, struct row_run_reader *reader, unsigned first, unsigned count,
                        unsigned step)
{
    struct error error;
    char resource[16];
    for (unsigned i = first; i < first + count; i++) {
        struct row_view wanted = row_at(world, i, step, resource);
        if (!row_run_next(reader, &error))
            fail_msg("row %u: %s", i, error.message);
        assert_non_null(reader->row);
        assert_int_equal(row_view_compare(reader->row, &wanted), 0);
        assert_int_equal(reader->row->values.usage_events, wanted.values.usage_events);
    }
}

static void expect_end(struct row_run_reader *reader)
{
    struct error error;
    for (int i = 0; i < 2; i++) {
        assert_true(row_run_next(reader, &error));
        assert_null(reader->row);
    }
}

static void runs_are_read_side_by_side(void **state)
{
    (void)state;
    static const struct {
        unsigned count, step;
    } runs[] = { { 1, 0 }, { PAGE_ROWS_MAX, 0 }, { 0, 0 }, { PAGE_ROWS_MAX + 1, 0 }, { 700, 1 }, { 30000, 0 } };
    struct row_run_reader readers[ARRAY_COUNT(runs)];
    struct world world;
    struct error error;
    world_open(&world);
    for (size_t i = 0; i < ARRAY_COUNT(runs); i++) {
        assert_int_equal(row_runs_count(world.runs), i);
        assert_true(write_rows(&world, runs[i].count, runs[i].step, &error));
    }
    for (size_t i = 0; i < ARRAY_COUNT(runs); i++)
        row_run_open(&readers[i], world.runs, i);
    for (size_t i = ARRAY_COUNT(runs); i-- > 0;) /* a part of each, then the rest of each */
        expect_rows(&world, &readers[i], 0, runs[i].count / 2, runs[i].step);
    for (size_t i = 0; i < ARRAY_COUNT(runs); i++) {
        expect_rows(&world, &readers[i], runs[i].count / 2, runs[i].count - runs[i].count / 2, runs[i].step);
        expect_end(&readers[i]);
        row_run_close(&readers[i]);
    }
    world_close(&world);
}

static void a_run_that_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct world world;
    struct error error;
    struct row_run_reader reader;
    char resource[16];
    world_open(&world);
    assert_true(write_rows(&world, 3, 0, &error));
    struct row_run_writer *writer = row_run_begin(world.runs);
    struct row_view row = row_at(&world, 9, 0, resource);
    assert_true(row_run_add(writer, &row, &error));
    row_run_drop(writer);
    assert_true(write_rows(&world, 5, 0, &error));
    assert_int_equal(row_runs_count(world.runs), 2);
    row_run_open(&reader, world.runs, 1);
    expect_rows(&world, &reader, 0, 5, 0);
    expect_end(&reader);
    row_run_close(&reader);
    world_close(&world);
}

/* The runs' file has no name any more; this process has it open alone. */
static int runs_descriptor(void)
{
    char path[64], target[512];
    for (int descriptor = 3; descriptor < 256; descriptor++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
        ssize_t size = readlink(path, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        if (strstr(target, "/rows-"))
            return descriptor;
    }
    fail_msg("no open file of runs");
    return -1;
}

static void expect_failure(const struct world *world, const char *part)
{
    struct row_run_reader reader;
    struct error error = { 0 };
    bool done = true;
    row_run_open(&reader, world->runs, 0);
    do
        done = row_run_next(&reader, &error);
    while (done && reader.row);
    if (done || !strstr(error.message, part))
        fail_msg("expected \"%s\", found \"%s\"", part, error.message);
    row_run_close(&reader);
}

static void what_the_disk_has_changed_is_told(void **state)
{
    (void)state;
    struct world world;
    struct error error;
    char byte;
    world_open(&world);
    assert_true(write_rows(&world, 2000, 0, &error));
    int descriptor = runs_descriptor();
    for (off_t at = 4; at < 400; at++) { /* behind the size: month, hour, hash, rows */
        assert_int_equal(pread(descriptor, &byte, 1, at), 1);
        byte = (char)(byte ^ 0x10);
        assert_int_equal(pwrite(descriptor, &byte, 1, at), 1);
        expect_failure(&world, "damaged page");
        byte = (char)(byte ^ 0x10);
        assert_int_equal(pwrite(descriptor, &byte, 1, at), 1);
    }
    assert_int_equal(pwrite(descriptor, "\x7f", 1, 0), 1);
    expect_failure(&world, "where its run ends");
    assert_int_equal(pwrite(descriptor, "", 1, 0), 1);
    assert_int_equal(ftruncate(descriptor, 300), 0);
    expect_failure(&world, "shorter");
    world_close(&world);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct row_runs *runs;
    struct error error = { 0 };
    assert_false(row_runs_new(scratch_path("no/such/folder"), &runs, &error));
    assert_non_null(strstr(error.message, "no/such/folder/rows-"));
    row_runs_free(NULL);
}

static void a_disk_that_takes_nothing_is_told(void **state)
{
    (void)state;
    struct world world;
    struct error error = { 0 };
    world_open(&world);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_true(dup2(full, runs_descriptor()) >= 0);
    close(full);
    assert_false(write_rows(&world, 10, 0, &error));
    assert_non_null(strstr(error.message, "No space left"));
    assert_int_equal(row_runs_count(world.runs), 0);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_read_side_by_side),        cmocka_unit_test(a_run_that_is_dropped_leaves_nothing),
        cmocka_unit_test(what_the_disk_has_changed_is_told), cmocka_unit_test(a_folder_that_is_not_there_is_named),
        cmocka_unit_test(a_disk_that_takes_nothing_is_told),
    };
    return cmocka_run_group_tests_name("store/row_run", tests, scratch_setup, scratch_teardown);
}
