/* log/output_dir: a result folder that is whole or not there. */
#include "support/unit.h"

#include <sys/wait.h>

#include "log/output_dir.h"
#include "support/scratch.h"

static void write_in(const struct output_dir *dir, const char *name, const char *content)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", output_dir_partial(dir), name);
    write_bytes(path, text_of(content));
}

static struct output_dir *open_dir(const char *path)
{
    struct output_dir *dir;
    struct error error;
    if (!output_dir_open(path, &dir, &error))
        fail_msg("%s", error.message);
    assert_string_equal(output_dir_path(dir), path);
    return dir;
}

static enum error_kind open_fails(const char *path, const char *named)
{
    struct output_dir *dir;
    struct error error = { 0 };
    if (output_dir_open(path, &dir, &error))
        fail_msg("%s was taken", path);
    if (!strstr(error.message, path) || !strstr(error.message, named))
        fail_msg("%s", error.message);
    return error.kind;
}

static bool is_in(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path_exists(path);
}

static void a_published_folder_holds_what_was_written_and_nothing_else(void **state)
{
    (void)state;
    const char *path = scratch_path("published");
    struct output_dir *dir = open_dir(path);
    struct error error;
    write_in(dir, "a.jsonl", "a");
    write_in(dir, "summary.json", "s");
    assert_true(output_dir_make(dir, "cur/g/accounts", &error));
    assert_true(output_dir_make(dir, "cur/g/accounts", &error)); /* again is fine */
    assert_true(output_dir_make(dir, "state/deep", &error));
    write_in(dir, "cur/g/accounts/x", "x");
    write_in(dir, "state/deep/s", "s");
    assert_false(is_in(path, "summary.json"));
    assert_true(output_dir_publish(dir, "summary.json", &error));
    output_dir_close(dir);
    assert_true(is_in(path, "a.jsonl") && is_in(path, "summary.json") && is_in(path, "cur/g/accounts/x"));
    assert_false(is_in(path, ".partial") || is_in(path, "state") || is_in(path, "lock"));
    assert_int_equal(open_fails(path, "not empty"), ERROR_INVALID); /* a result is not written over */
}

static void a_discarded_folder_leaves_what_was_there_before(void **state)
{
    (void)state;
    const char *made = scratch_path("made"), *given = scratch_path("given");
    struct error error;
    assert_int_equal(mkdir(given, 0755), 0);
    const char *const paths[] = { made, given };
    for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
        struct output_dir *dir = open_dir(paths[i]);
        write_in(dir, "a.jsonl", "a");
        assert_true(output_dir_make(dir, "state/deep", &error));
        write_in(dir, "state/deep/s", "s");
        output_dir_discard(dir);
        assert_int_equal(path_exists(paths[i]), i == 1);
    }
    assert_false(is_in(given, ".partial"));
    output_dir_discard(NULL);
}

static void what_a_killed_run_left_is_removed(void **state)
{
    (void)state;
    const char *path = scratch_path("stale");
    pid_t child = fork();
    if (child == 0) { /* killed in the middle: no destructor runs */
        struct output_dir *dir;
        struct error error;
        if (!output_dir_open(path, &dir, &error) || !output_dir_make(dir, "state/deep", &error))
            _exit(1);
        write_in(dir, "line-items.jsonl", "half a li");
        write_in(dir, "state/deep/s", "s");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_in(path, ".partial/line-items.jsonl"));
    struct output_dir *dir = open_dir(path);
    assert_false(is_in(path, ".partial/line-items.jsonl") || is_in(path, ".partial/state"));
    output_dir_discard(dir);
    assert_true(path_exists(path)); /* the first run made it, not this one */
}

static void a_folder_in_use_is_refused_and_left_alone(void **state)
{
    (void)state;
    const char *path = scratch_path("used");
    int ready[2], done[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    pid_t child = fork();
    if (child == 0) {
        struct output_dir *dir;
        struct error error;
        close(done[1]);
        if (!output_dir_open(path, &dir, &error))
            _exit(1);
        write_in(dir, "a.jsonl", "a");
        write_in(dir, "summary.json", "s");
        if (write(ready[1], "r", 1) != 1 || read(done[0], &byte, 1) != 1)
            _exit(1);
        _exit(output_dir_publish(dir, "summary.json", &error) ? 0 : 1);
    }
    close(ready[1]);
    close(done[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(open_fails(path, "in use"), ERROR_FAILED);
    assert_true(is_in(path, ".partial/a.jsonl"));
    assert_int_equal(write(done[1], "d", 1), 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(is_in(path, "a.jsonl") && is_in(path, "summary.json"));
    close(ready[0]);
    close(done[1]);
}

static void a_folder_of_somebody_else_is_refused(void **state)
{
    (void)state;
    const char *full = scratch_path("full"), *file = scratch_path("file");
    assert_int_equal(mkdir(full, 0755), 0);
    write_bytes(scratch_path("full/.hidden"), TEXT("x"));
    assert_int_equal(open_fails(full, ".hidden"), ERROR_INVALID);
    assert_true(is_in(full, ".hidden"));
    assert_false(is_in(full, ".partial"));
    write_bytes(file, TEXT("x"));
    open_fails(file, "");
    assert_int_equal(open_fails(scratch_path("no/such/parent"), "output folder"), ERROR_FAILED);
}

static void a_result_without_its_last_file_is_not_published(void **state)
{
    (void)state;
    const char *path = scratch_path("torn");
    struct output_dir *dir = open_dir(path);
    struct error error = { 0 };
    write_in(dir, "a.jsonl", "a");
    assert_false(output_dir_publish(dir, "summary.json", &error));
    assert_int_equal(error.kind, ERROR_FAILED);
    output_dir_discard(dir);
    assert_false(is_in(path, "summary.json"));
    assert_false(is_in(path, ".partial"));
}

static void a_failed_publish_leaves_nothing_of_the_run(void **state)
{
    (void)state;
    const char *path = scratch_path("undone");
    struct output_dir *dir = open_dir(path);
    struct error error = { 0 };
    write_in(dir, "a.jsonl", "a");
    write_in(dir, "b.jsonl", "b");
    assert_false(output_dir_publish(dir, "summary.json", &error));
    output_dir_discard(dir);
    assert_false(path_exists(path));
}

static void links_are_removed_not_followed(void **state)
{
    (void)state;
    assert_int_equal(mkdir(scratch_path("precious"), 0755), 0);
    write_bytes(scratch_path("precious/file"), TEXT("x"));
    assert_int_equal(mkdir(scratch_path("tree"), 0755), 0);
    assert_int_equal(symlink(scratch_path("precious"), scratch_path("tree/link")), 0);
    remove_tree(scratch_path("tree"));
    assert_false(path_exists(scratch_path("tree")));
    assert_true(path_exists(scratch_path("precious/file")));
    remove_tree(scratch_path("tree")); /* not there: no error */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_folder_holds_what_was_written_and_nothing_else),
        cmocka_unit_test(a_discarded_folder_leaves_what_was_there_before),
        cmocka_unit_test(what_a_killed_run_left_is_removed),
        cmocka_unit_test(a_folder_in_use_is_refused_and_left_alone),
        cmocka_unit_test(a_folder_of_somebody_else_is_refused),
        cmocka_unit_test(a_result_without_its_last_file_is_not_published),
        cmocka_unit_test(a_failed_publish_leaves_nothing_of_the_run),
        cmocka_unit_test(links_are_removed_not_followed),
    };
    return cmocka_run_group_tests_name("log/output_dir", tests, scratch_setup, scratch_teardown);
}
