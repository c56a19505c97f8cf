/* pipeline/run_reports: the same reports, and the same failure, by any number of threads. */
#include "support/unit.h"

#include <stdlib.h>

#include "pipeline/run_reports.h"
#include "support/cur_sample.h"
#include "support/scratch.h"

#define ACCOUNTS 30

static const size_t threads[] = { 0, 1, 2, 3, 8 };

struct world {
    struct rocks *rocks;
    struct cur_spool *spool;
    struct billing_group group;
    struct conductor conductor;
    size_t begun;
};

static void account_of(unsigned number, char out[static 13])
{
    snprintf(out, 13, "%012u", number + 1);
}

static void world_open(struct world *world)
{
    const struct rocks_options small = { .write_buffer_bytes = 1024 * 1024, .cache_bytes = 64 * 1024 };
    struct error error;
    *world = (struct world){ .group = { .id = TEXT("group"), .payer = TEXT("100000000001") } };
    world->conductor.groups = &world->group;
    world->conductor.group_count = 1;
    world->conductor.currency = TEXT("USD");
    if (!rocks_open(scratch_path("state"), &small, &world->rocks, &error))
        fail_msg("%s", error.message);
    world->spool = cur_spool_new(world->rocks, JUNE_2026);
    for (unsigned i = 0; i < 40 * ACCOUNTS; i++) {
        char account[13], id[16];
        account_of(i % ACCOUNTS, account);
        snprintf(id, sizeof id, "%u", i);
        struct cur_row row = cur_row_with(id, account, "2026-06-01T00:00:00Z", "AmazonEC2", "0.1");
        assert_true(cur_spool_add(world->spool, 0, &row, &error));
    }
    assert_true(cur_spool_finish(world->spool, &error));
}

static void world_close(struct world *world)
{
    cur_spool_free(world->spool);
    rocks_close(world->rocks);
    remove_tree(scratch_path("state"));
}

static void count_begun(void *context)
{
    struct world *world = context;
    world->begun++;
}

static bool write_reports(struct world *world, const struct output_dir *output, size_t thread_count, struct error *error)
{
    struct run_reports reports = {
        .spool = world->spool,
        .output = output,
        .conductor = &world->conductor,
        .period = JUNE_2026,
        .threads = thread_count,
        .context = world,
        .begun = count_begun,
    };
    world->begun = 0;
    return run_reports_write(&reports, error);
}

static struct output_dir *open_output(void)
{
    struct output_dir *output;
    struct error error;
    if (!output_dir_open(scratch_path("out"), &output, &error))
        fail_msg("%s", error.message);
    return output;
}

static void append_file(struct buffer *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    for (int byte; (byte = getc(file)) != EOF;)
        buffer_append_byte(out, (char)byte);
    fclose(file);
}

/* The bytes of all files that the world's reports are. */
static void append_reports(struct buffer *out, const struct output_dir *output)
{
    static const char *const endings[] = { "00001.csv.gz", "Manifest.json" };
    for (unsigned i = 0; i <= ACCOUNTS; i++) {
        char account[13], folder[32] = "", path[512];
        account_of(i, account);
        if (i < ACCOUNTS)
            snprintf(folder, sizeof folder, "/accounts/%s", account);
        for (size_t e = 0; e < ARRAY_COUNT(endings); e++) {
            snprintf(path, sizeof path, "%s/cur/group%s/20260601-20260701/%s-%s", output_dir_partial(output), folder,
                     i < ACCOUNTS ? account : "group", endings[e]);
            append_file(out, path);
        }
    }
}

static void reports_do_not_depend_on_threads(void **state)
{
    (void)state;
    struct world world;
    struct error error;
    struct buffer first = { 0 }, other = { 0 };
    world_open(&world);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        struct output_dir *output = open_output();
        if (!write_reports(&world, output, threads[i], &error))
            fail_msg("%s", error.message);
        assert_int_equal(world.begun, ACCOUNTS + 1);
        buffer_clear(&other);
        append_reports(i ? &other : &first, output);
        if (i)
            assert_true(text_equal(buffer_text(&first), buffer_text(&other)));
        output_dir_discard(output);
    }
    buffer_done(&first);
    buffer_done(&other);
    world_close(&world);
}

/* A file lies where the account's folder would be made. */
static void block(const struct output_dir *output, unsigned number)
{
    struct error error;
    char account[13], path[512];
    account_of(number, account);
    assert_true(output_dir_make(output, "cur/group/accounts", &error));
    snprintf(path, sizeof path, "%s/cur/group/accounts/%s", output_dir_partial(output), account);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fclose(file);
}

static void of_several_failures_that_of_the_first_report_is_told(void **state)
{
    (void)state;
    struct world world;
    world_open(&world);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
        struct error error = { 0 };
        struct output_dir *output = open_output();
        block(output, 21);
        block(output, 7);
        block(output, 8);
        assert_false(write_reports(&world, output, threads[i], &error));
        if (!strstr(error.message, "/accounts/000000000008/"))
            fail_msg("%zu threads: %s", threads[i], error.message);
        output_dir_discard(output);
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_do_not_depend_on_threads),
        cmocka_unit_test(of_several_failures_that_of_the_first_report_is_told),
    };
    return cmocka_run_group_tests_name("pipeline/run_reports", tests, scratch_setup, scratch_teardown);
}
