/* Any bytes as a zip archive: members lie in the file and are read to an end that does not depend on what the bytes say. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
    return 0;
}
