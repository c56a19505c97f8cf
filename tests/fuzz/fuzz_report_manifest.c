/* Any bytes as a manifest: its keys stay within the folder that stands for the bucket. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "codec/report_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_paths(const struct report_key *key)
{
    CHECK(key->path_count > 0 && key->path_count <= REPORT_KEY_PATHS_MAX);
    for (size_t i = 0; i < key->path_count; i++)
        CHECK(key->paths[i][0] != '/' && strncmp(key->paths[i], "../", 3) != 0 && !strstr(key->paths[i], "/../"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct report_manifest manifest;
    struct arena arena = { 0 };
    struct error error = { 0 };
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(file >= 0 && write(file, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (report_manifest_read(path, &manifest, &arena, &error)) {
        CHECK(manifest.key_count > 0);
        for (size_t i = 0; i < manifest.key_count; i++)
            check_paths(&manifest.keys[i]);
    } else {
        CHECK(error.message[0] != '\0');
    }
    arena_done(&arena);
    close(file);
    return 0;
}
