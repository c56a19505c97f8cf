/* base/file.c: stdio, checked. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FILE_BUFFER_BYTES ((size_t)256 * 1024)
#define BEHIND_BYTES ((uint64_t)8 * 1024 * 1024)

bool file_create(const char *path, FILE **ret_file, struct error *error)
{
    *ret_file = fopen(path, "wbe");
    if (!*ret_file)
        return error_fail(error, ERROR_FAILED, "%s: cannot write: %s", path, strerror(errno));
    setvbuf(*ret_file, NULL, _IOFBF, FILE_BUFFER_BYTES);
    return true;
}

bool file_write(FILE *file, const char *path, struct text bytes, struct error *error)
{
    if (bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, file) == bytes.size)
        return true;
    return error_fail(error, ERROR_FAILED, "%s: cannot write: %s", path, strerror(errno));
}

void file_write_behind(FILE *file, uint64_t *begun)
{
    off_t at = ftello(file);
    if (at < 0 || (uint64_t)at < *begun + BEHIND_BYTES)
        return;
    /* What it does not do now, and what goes wrong, is the flush's at the end. */
    sync_file_range(fileno(file), (off_t)*begun, at - (off_t)*begun, SYNC_FILE_RANGE_WRITE);
    *begun = (uint64_t)at;
}

bool file_close(FILE *file, const char *path, struct error *error)
{
    bool done = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int reason = errno;
    done = fclose(file) == 0 && done;
    return done || error_fail(error, ERROR_FAILED, "%s: cannot write: %s", path, strerror(reason));
}
