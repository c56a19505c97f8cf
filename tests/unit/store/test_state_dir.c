/* store/state_dir: every process has a folder of its own, finds it again, and is told why when it cannot. */
#include "support/unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/state_dir.h"
#include "support/scratch.h"

static struct state_dir *take(const char *root, const char *instance, const char *installation)
{
    struct state_dir *dir = NULL;
    struct error error;
    if (!state_dir_take(root, instance, installation, &dir, &error))
        fail_msg("%s", error.message);
    return dir;
}

static void expect_refused(const char *root, const char *instance, const char *installation, const char *named,
                           const char *why)
{
    struct state_dir *dir = NULL;
    struct error error = { 0 };
    if (state_dir_take(root, instance, installation, &dir, &error))
        fail_msg("%s/%s/%s was taken", root, instance, installation);
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_null(dir);
    if (!text_starts_with(text_of(error.message), TEXT("state.dir: ")) || !strstr(error.message, named) ||
        !strstr(error.message, why))
        fail_msg("'%s' lacks '%s' or '%s'", error.message, named, why);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void expect_path(const struct state_dir *dir, const char *root, const char *below)
{
    char wanted[600];
    snprintf(wanted, sizeof wanted, "%s/%s", root, below);
    assert_string_equal(state_dir_path(dir), wanted);
    if (!is_folder(wanted))
        fail_msg("%s is no folder", wanted);
}

static void a_folder_is_named_by_its_instance_and_installation(void **state)
{
    (void)state;
    static const struct {
        const char *root, *instance, *installation, *below;
    } rows[] = {
        { "named", "host-1", "proforma-c1", "host-1/proforma-c1" },
        { "named", "host-2", "proforma-c1", "host-2/proforma-c1" },
        { "named", "host-1", "proforma-c2", "host-1/proforma-c2" }, /* another cluster, nothing is mixed up */
        { "named", "", "proforma-c1", "process-0/proforma-c1" },
        { "deep/in/the/tree", "i", "g", "i/g" }, /* with all folders above it */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *root = scratch_path(rows[i].root);
        struct state_dir *dir = take(root, rows[i].instance, rows[i].installation);
        expect_path(dir, root, rows[i].below);
        state_dir_release(dir);
    }
    state_dir_release(NULL);
}

static void processes_without_an_instance_share_the_root(void **state)
{
    (void)state;
    const char *root = scratch_path("shared");
    struct state_dir *dirs[4];
    char below[32];
    for (unsigned i = 0; i < ARRAY_COUNT(dirs); i++) {
        dirs[i] = take(root, "", "g");
        snprintf(below, sizeof below, "process-%u/g", i);
        expect_path(dirs[i], root, below);
    }
    state_dir_release(dirs[1]);
    state_dir_release(dirs[2]);
    dirs[1] = take(root, "", "g"); /* the first that is free, not the next number */
    expect_path(dirs[1], root, "process-1/g");
    dirs[2] = take(root, "", "other"); /* a folder is a process's, whatever is in it */
    expect_path(dirs[2], root, "process-2/other");
    for (unsigned i = 0; i < ARRAY_COUNT(dirs); i++)
        state_dir_release(dirs[i]);
}

static void an_instance_that_is_taken_is_refused(void **state)
{
    (void)state;
    const char *root = scratch_path("twice");
    struct state_dir *first = take(root, "host-1", "g");
    expect_refused(root, "host-1", "g", "twice/host-1", "in use by another process");
    expect_refused(root, "host-1", "other", "twice/host-1", "in use by another process");
    struct state_dir *second = take(root, "host-2", "g"); /* others are not in its way */
    expect_refused(root, "host-2", "g", "twice/host-2", "in use by another process");
    state_dir_release(second);
    expect_refused(root, "host-1", "g", "twice/host-1", "in use by another process"); /* still */
    state_dir_release(first);
}

/* The number that the next file of this process will have. */
static int next_descriptor(void)
{
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(next >= 0 && close(next) == 0);
    return next;
}

static void waiting_for_a_folder_uses_nothing_up(void **state)
{
    (void)state; /* a process that starts too early asks again and again */
    const char *root = scratch_path("waiting");
    struct state_dir *first = take(root, "", "g"), *second = take(root, "host-1", "g");
    int before = next_descriptor();
    for (int i = 0; i < 5; i++) {
        expect_refused(root, "host-1", "g", "waiting/host-1", "in use by another process");
        state_dir_release(take(root, "", "g")); /* passes by process-0 */
    }
    assert_int_equal(next_descriptor(), before);
    state_dir_release(first);
    state_dir_release(second);
}

static void a_released_folder_is_found_again_with_what_was_in_it(void **state)
{
    (void)state;
    static const char *const instances[] = { "host-1", "" };
    const char *root = scratch_path("again");
    struct buffer bytes = { 0 };
    char path[600];
    for (size_t i = 0; i < ARRAY_COUNT(instances); i++) {
        struct state_dir *dir = take(root, instances[i], "g");
        snprintf(path, sizeof path, "%s/kept", state_dir_path(dir));
        write_bytes(path, text_of(instances[i]));
        state_dir_release(dir);
        dir = take(root, instances[i], "g");
        snprintf(path, sizeof path, "%s/kept", state_dir_path(dir));
        assert_true(read_bytes(path, &bytes));
        expect_text(path, buffer_text(&bytes), instances[i]);
        state_dir_release(dir);
    }
    buffer_done(&bytes);
}

static void a_folder_is_free_again_when_its_process_is_killed(void **state)
{
    (void)state;
    const char *root = scratch_path("killed");
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct state_dir *dir;
        struct error error;
        if (!state_dir_take(root, "host-1", "g", &dir, &error) || write(ready[1], "r", 1) != 1)
            _exit(1);
        alarm(60); /* should the test fail before it kills */
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    expect_refused(root, "host-1", "g", "killed/host-1", "in use by another process");
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    state_dir_release(take(root, "host-1", "g"));
    close(ready[0]);
}

static void what_stands_in_the_way_of_a_folder_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *folders[3], *file; /* what is there before */
        const char *root, *instance, *installation, *named;
    } rows[] = {
        { { NULL }, "f1", "f1", "i", "g", "f1" },
        { { NULL }, "f2", "f2/below", "i", "g", "f2/below" },
        { { NULL }, "f3", "f3", "", "g", "f3" },
        { { "d4" }, "d4/i", "d4", "i", "g", "d4/i" },
        { { "d5" }, "d5/process-0", "d5", "", "g", "d5/process-0" },
        { { "d6", "d6/i" }, "d6/i/g", "d6", "i", "g", "d6/i/g" },
        { { "d7", "d7/i", "d7/i/lock" }, NULL, "d7", "i", "g", "d7/i/lock" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        for (size_t f = 0; f < ARRAY_COUNT(rows[i].folders) && rows[i].folders[f]; f++)
            assert_int_equal(mkdir(scratch_path(rows[i].folders[f]), 0755), 0);
        if (rows[i].file)
            write_bytes(scratch_path(rows[i].file), TEXT("x"));
        expect_refused(scratch_path(rows[i].root), rows[i].instance, rows[i].installation, rows[i].named, "cannot");
        if (rows[i].file) /* whose it is nobody knows */
            assert_true(path_exists(scratch_path(rows[i].file)));
    }
}

static void a_failed_take_holds_nothing(void **state)
{
    (void)state;
    const char *root = scratch_path("failed"), *file = scratch_path("failed/i/g");
    assert_int_equal(mkdir(root, 0755), 0);
    assert_int_equal(mkdir(scratch_path("failed/i"), 0755), 0);
    write_bytes(file, TEXT("x"));
    expect_refused(root, "i", "g", "failed/i/g", "cannot make");
    assert_int_equal(unlink(file), 0);
    struct state_dir *dir = take(root, "i", "g"); /* it did not keep the lock */
    expect_path(dir, root, "i/g");
    state_dir_release(dir);
}

static void a_folder_that_may_not_be_written_is_named(void **state)
{
    (void)state;
    const char *closed = scratch_path("closed"), *below = scratch_path("closed/i");
    assert_int_equal(chmod(scratch_folder, 0755), 0);
    assert_int_equal(mkdir(closed, 0755), 0);
    assert_int_equal(mkdir(below, 0555), 0);
    assert_int_equal(chmod(closed, 0555), 0);
    uid_t before = geteuid();
    if (before == 0) /* root may write anywhere */
        assert_int_equal(seteuid(65534), 0);
    expect_refused(closed, "other", "g", "closed/other", "Permission denied");
    expect_refused(closed, "", "g", "closed/process-0", "Permission denied");
    expect_refused(closed, "i", "g", "closed/i/lock", "Permission denied");
    expect_refused(scratch_path("closed/root"), "i", "g", "closed/root", "Permission denied");
    if (before == 0)
        assert_int_equal(seteuid(before), 0);
    assert_int_equal(chmod(closed, 0755), 0); /* so that it can be removed */
    assert_int_equal(chmod(below, 0755), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0)
        fail_msg("%s is not there", path);
    return found.st_mode & 07777;
}

static void no_other_user_may_look_into_a_folder(void **state)
{
    (void)state;
    mode_t before = umask(0);
    const char *root = scratch_path("above/private"), *open_root = scratch_path("open");
    struct state_dir *dir = take(root, "i", "g");
    assert_int_equal(mode_of(scratch_path("above")), 0755); /* as mkdir -p makes it */
    assert_int_equal(mode_of(root), 0700);
    assert_int_equal(mode_of(scratch_path("above/private/i")), 0700);
    assert_int_equal(mode_of(scratch_path("above/private/i/g")), 0700);
    assert_int_equal(mode_of(scratch_path("above/private/i/lock")), 0600);
    state_dir_release(dir);
    /* One that was there is not ours alone, /tmp for one; what is below it is. */
    CHECK(mkdir(open_root, 0777) == 0 && mkdir(scratch_path("open/i"), 0755) == 0);
    dir = take(open_root, "i", "g");
    assert_int_equal(mode_of(open_root), 0777);
    assert_int_equal(mode_of(scratch_path("open/i")), 0700);
    state_dir_release(dir);
    umask(before);
}

static void a_name_that_leads_out_of_the_folder_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { ".", "..", "../x", "/x", "x/y", "x/..", "x/" };
    const char *root = scratch_path("inside");
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct state_dir *dir = NULL;
        struct error error = { 0 };
        assert_false(state_dir_take(root, names[i], "g", &dir, &error));
        assert_int_equal(error.kind, ERROR_INVALID);
        assert_non_null(strstr(error.message, names[i]));
        assert_false(state_dir_take(root, "i", names[i], &dir, &error));
        assert_false(state_dir_take(root, "", names[i], &dir, &error));
    }
    assert_false(path_exists(root));
}

static void a_file_in_place_of_the_installation_is_told(void **state)
{
    (void)state;
    struct state_dir *dir = NULL;
    struct error error = { 0 };
    CHECK(mkdir(scratch_path("r"), 0755) == 0 && mkdir(scratch_path("r/i"), 0755) == 0);
    write_bytes(scratch_path("r/i/g"), TEXT("x"));
    bool done = state_dir_take(scratch_path("r"), "i", "g", &dir, &error);
    state_dir_release(dir);
    assert_false(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_named_by_its_instance_and_installation),
        cmocka_unit_test(processes_without_an_instance_share_the_root),
        cmocka_unit_test(an_instance_that_is_taken_is_refused),
        cmocka_unit_test(waiting_for_a_folder_uses_nothing_up),
        cmocka_unit_test(a_released_folder_is_found_again_with_what_was_in_it),
        cmocka_unit_test(a_folder_is_free_again_when_its_process_is_killed),
        cmocka_unit_test(what_stands_in_the_way_of_a_folder_is_named),
        cmocka_unit_test(a_failed_take_holds_nothing),
        cmocka_unit_test(a_folder_that_may_not_be_written_is_named),
        cmocka_unit_test(no_other_user_may_look_into_a_folder),
        cmocka_unit_test(a_name_that_leads_out_of_the_folder_is_refused),
        cmocka_unit_test(a_file_in_place_of_the_installation_is_told),
    };
    return cmocka_run_group_tests_name("store/state_dir", tests, scratch_setup, scratch_teardown);
}
