/* support/scratch.h: a folder of the test's own, files in it, gzip. One folder a process; removed by scratch_teardown. */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/buffer.h"
#include "log/output_dir.h"

static char scratch_folder[32];

static inline int scratch_setup(void **state)
{
    (void)state;
    snprintf(scratch_folder, sizeof scratch_folder, "/tmp/proforma-test-XXXXXX");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
    (void)state;
    remove_tree(scratch_folder);
    return 0;
}

/* A path in the folder; the last sixteen answers live. */
static inline const char *scratch_path(const char *name)
{
    static char paths[16][512];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
    return path;
}

static inline bool path_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static inline void write_bytes(const char *path, struct text bytes)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(bytes.data ? bytes.data : "", 1, bytes.size, file) == bytes.size);
    CHECK(fclose(file) == 0);
}

/* Clears `out` first; a NUL stands behind its size. False: no such file. */
static inline bool read_bytes(const char *path, struct buffer *out)
{
    buffer_clear(out);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t got;
    do {
        got = fread(buffer_reserve(out, 65536), 1, 65536, file);
        out->size += got;
    } while (got > 0);
    fclose(file);
    *buffer_reserve(out, 1) = '\0';
    return true;
}

/* Appends one gzip member. */
static inline void gzip_append(struct text plain, struct buffer *out)
{
    z_stream stream = { 0 };
    CHECK(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    uLong bound = deflateBound(&stream, plain.size);
    stream.next_in = (Bytef *)(uintptr_t)plain.data;
    stream.avail_in = (uInt)plain.size;
    stream.next_out = (Bytef *)buffer_reserve(out, bound);
    stream.avail_out = (uInt)bound;
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out->size += bound - stream.avail_out;
    deflateEnd(&stream);
}

/* A gzip file's content; false if there is none or it is damaged. */
static inline bool gzip_read(const char *path, struct buffer *out)
{
    buffer_clear(out);
    gzFile file = gzopen(path, "rb");
    if (!file)
        return false;
    int got;
    while ((got = gzread(file, buffer_reserve(out, 65536), 65536)) > 0)
        out->size += (size_t)got;
    bool whole = gzclose(file) == Z_OK && got == 0;
    *buffer_reserve(out, 1) = '\0';
    return whole;
}

#endif
