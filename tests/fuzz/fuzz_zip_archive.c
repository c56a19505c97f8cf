/*
 * Any bytes as a zip archive, and, behind a 'd', as a directory with a sound end record: members lie in the file and are
 * read to an end that does not depend on what the bytes say.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "codec/zip_archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_member(const char *path, const struct zip_member *member)
{
    struct input *input;
    struct error error = { 0 };
    char bytes[4096];
    size_t got, total = 0;
    if (!input_open_part(path, member->name, &member->part, &input, &error))
        return;
    input = input_unwrap(input);
    enum input_status status = INPUT_OK;
    while (total < 1000000 && (status = input_read(input, bytes, sizeof bytes, &got)) == INPUT_OK)
        total += got;
    CHECK(status == INPUT_OK || status == INPUT_END || input_failure(input)[0] != '\0');
    input_close(input);
}

/* The end record of a directory that is the whole file. */
static void append_end(struct buffer *file)
{
    uint32_t size = (uint32_t)file->size, offset = 0;
    buffer_append(file, "PK\5\6\0\0\0\0\2\0\2\0", 12);
    buffer_append(file, &size, sizeof size);
    buffer_append(file, &offset, sizeof offset);
    buffer_append(file, "\0\0", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer whole = { 0 };
    if (size > 0 && data[0] == 'd') {
        buffer_append(&whole, data + 1, size - 1);
        append_end(&whole);
        data = (const uint8_t *)whole.data;
        size = whole.size;
    }
    char path[64];
    struct zip_archive archive;
    struct error error = { 0 };
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (zip_archive_open(path, &archive, &error)) {
        for (size_t i = 0; i < archive.count; i++) {
            CHECK(archive.members[i].part.offset <= size);
            CHECK(archive.members[i].part.compressed_size <= size - archive.members[i].part.offset);
            read_member(path, &archive.members[i]);
        }
        zip_archive_done(&archive);
    } else {
        CHECK(error.message[0] != '\0');
    }
    close(file);
    buffer_done(&whole);
    return 0;
}
