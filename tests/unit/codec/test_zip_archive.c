/* codec/zip_archive: members of archives, sound and not. */
#include "support/unit.h"

#include "codec/zip_archive.h"
#include "support/scratch.h"
#include "support/zip_make.h"

/* "name=content name=content", what ends badly with the status behind it; or "error …". */
static const char *read_archive(struct text bytes)
{
    static struct buffer out;
    struct zip_archive archive;
    struct error error = { 0 };
    const char *path = scratch_path("a.zip");
    write_bytes(path, bytes);
    buffer_clear(&out);
    if (!zip_archive_open(path, &archive, &error)) {
        assert_int_equal(error.kind, ERROR_FAILED);
        assert_non_null(strstr(error.message, path));
        buffer_printf(&out, "error %s", error.message);
        return out.data;
    }
    for (size_t i = 0; i < archive.count; i++) {
        struct input *input;
        char bytes_read[7];
        size_t got;
        enum input_status status;
        assert_true(input_open_part(path, archive.members[i].name, &archive.members[i].part, &input, &error));
        buffer_printf(&out, "%s%s=", i ? " " : "", input_name(input));
        while ((status = input_read(input, bytes_read, sizeof bytes_read, &got)) == INPUT_OK)
            buffer_append(&out, bytes_read, got);
        if (status != INPUT_END)
            buffer_printf(&out, "[%s]", status == INPUT_TRUNCATED ? "truncated" : "corrupt");
        input_close(input);
    }
    zip_archive_done(&archive);
    *buffer_reserve(&out, 1) = '\0';
    return out.data;
}

static const char *read_items(const struct zip_item *items, size_t count, bool is_zip64)
{
    static struct buffer bytes;
    zip_make(items, count, is_zip64, &bytes);
    return read_archive(buffer_text(&bytes));
}

static void members_come_one_by_one_stored_or_deflated(void **state)
{
    (void)state;
    const struct zip_item items[] = {
        { .name = "a.csv", .content = TEXT("one one one one one one") },
        { .name = "folder/", .content = TEXT_NONE, .is_stored = true },
        { .name = "folder/b.csv", .content = TEXT("two"), .is_stored = true },
        { .name = "__MACOSX/._a.csv", .content = TEXT("mac") },
        { .name = "folder/._b.csv", .content = TEXT("mac") },
        { .name = ".DS_Store", .content = TEXT("mac") },
        { .name = "empty.csv", .content = TEXT_NONE, .is_stored = true },
    };
    assert_string_equal(read_items(items, ARRAY_COUNT(items), false),
                        "a.csv=one one one one one one folder/b.csv=two empty.csv=");
    assert_string_equal(read_items(NULL, 0, false), "");
}

static void zip64_is_read(void **state)
{
    (void)state;
    const struct zip_item items[] = {
        { .name = "a.csv", .content = TEXT("one"), .is_zip64 = true },
        { .name = "b.csv", .content = TEXT("two"), .is_stored = true, .is_zip64 = true },
    };
    assert_string_equal(read_items(items, 2, true), "a.csv=one b.csv=two");
    assert_string_equal(read_items(items, 2, false), "a.csv=one b.csv=two");
}

static void a_comment_may_follow_the_directory(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    zip_make(&(struct zip_item){ .name = "a", .content = TEXT("x") }, 1, false, &bytes);
    bytes.size -= 2;
    zip_put(&bytes, 9, 2);
    buffer_append(&bytes, "PK\5\6 said", 9);
    assert_string_equal(read_archive(buffer_text(&bytes)), "a=x");
    buffer_done(&bytes);
}

static void what_cannot_be_taken_out_is_named(void **state)
{
    (void)state;
    const struct {
        struct zip_item item;
        const char *named;
    } rows[] = {
        { { .name = "secret.csv", .content = TEXT("x"), .flags = 1 }, "secret.csv is encrypted" },
        { { .name = "secret.csv", .content = TEXT("x"), .method = 99 }, "secret.csv is encrypted" },
        { { .name = "new.csv", .content = TEXT("x"), .method = 93 }, "new.csv is compressed with method 93" },
        { { .name = "bz.csv", .content = TEXT("x"), .method = 12 }, "bz.csv is compressed with method 12" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const char *found = read_items(&rows[i].item, 1, false);
        if (!strstr(found, rows[i].named))
            fail_msg("%s, expected %s", found, rows[i].named);
    }
}

static void members_that_share_bytes_are_refused(void **state)
{
    (void)state;
    const struct zip_item items[] = {
        { .name = "a", .content = TEXT("bomb") },
        { .name = "b", .content = TEXT("bomb"), .shares_data = true, .offset_of = 0 },
    };
    assert_non_null(strstr(read_items(items, 2, false), "members overlap"));
}

static void a_member_is_held_to_its_length_and_checksum(void **state)
{
    (void)state;
    const struct {
        struct zip_item item;
        const char *expected;
    } rows[] = {
        { { .name = "a", .content = TEXT("content"), .wrong_crc = 1 }, "a=content[corrupt]" },
        { { .name = "a", .content = TEXT("content"), .wrong_crc = 1, .is_stored = true }, "a=content[corrupt]" },
        { { .name = "a", .content = TEXT("content"), .wrong_size = -3 }, "a=cont[corrupt]" },
        { { .name = "a", .content = TEXT("content"), .wrong_size = 3 }, "a=content[truncated]" },
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_string_equal(read_items(&rows[i].item, 1, false), rows[i].expected);
}

static void an_archive_cut_anywhere_is_an_error_and_no_crash(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    const struct zip_item items[] = { { .name = "a.csv", .content = TEXT("one one one") },
                                      { .name = "b.csv", .content = TEXT("two"), .is_zip64 = true } };
    zip_make(items, 2, true, &bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        const char *found = read_archive((struct text){ bytes.data, size });
        if (strncmp(found, "error ", 6) != 0)
            fail_msg("%zu of %zu bytes: %s", size, bytes.size, found);
    }
    buffer_done(&bytes);
}

static void a_bit_turned_anywhere_does_no_harm(void **state)
{
    (void)state;
    struct buffer bytes = { 0 };
    const struct zip_item items[] = { { .name = "a.csv", .content = TEXT("one one one") },
                                      { .name = "b.csv", .content = TEXT("two"), .is_zip64 = true } };
    zip_make(items, 2, true, &bytes);
    for (size_t bit = 0; bit < bytes.size * 8; bit++) {
        bytes.data[bit / 8] ^= (char)(1 << bit % 8);
        assert_non_null(read_archive(buffer_text(&bytes)));
        bytes.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_one_by_one_stored_or_deflated),
        cmocka_unit_test(zip64_is_read),
        cmocka_unit_test(a_comment_may_follow_the_directory),
        cmocka_unit_test(what_cannot_be_taken_out_is_named),
        cmocka_unit_test(members_that_share_bytes_are_refused),
        cmocka_unit_test(a_member_is_held_to_its_length_and_checksum),
        cmocka_unit_test(an_archive_cut_anywhere_is_an_error_and_no_crash),
        cmocka_unit_test(a_bit_turned_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests_name("codec/zip_archive", tests, scratch_setup, scratch_teardown);
}
