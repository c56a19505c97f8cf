/* base/file.c: stdio, checked. */
#include "base/file.h"

#include <errno.h>
#include <unistd.h>

#define FILE_BUFFER_BYTES ((size_t)256 * 1024)

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

bool file_close(FILE *file, const char *path, struct error *error)
{
    bool done = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int reason = errno;
    done = fclose(file) == 0 && done;
    return done || error_fail(error, ERROR_FAILED, "%s: cannot write: %s", path, strerror(reason));
}
