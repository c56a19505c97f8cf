/*
 * codec/zip_archive.h: the members of a zip archive, from its directory; each is then an input of its own (codec/input.h).
 *
 * Foreign bytes: every offset and length is checked against the file, members may not share bytes, zip64 is read. What
 * this program cannot take out (encrypted, another method than stored and deflate, several disks) is an error that names
 * it. Memory: a directory of at most ZIP_DIRECTORY_BYTES_MAX.
 */
#ifndef CODEC_ZIP_ARCHIVE_H
#define CODEC_ZIP_ARCHIVE_H

#include "base/memory.h"
#include "codec/input.h"

#define ZIP_DIRECTORY_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct zip_member {
    const char *name;
    struct input_part part;
};

struct zip_archive {
    struct arena names;
    struct zip_member *members; /* in the directory's order; without folders and what file managers leave beside files */
    size_t count, capacity;
};

/* Whether the bytes are the beginning of a zip archive, an empty one included. */
bool zip_is_magic(struct text start);

/* Fails: the file cannot be read, is no zip archive, or holds a member that cannot be read. Then nothing is to be freed. */
MUST_USE bool zip_archive_open(const char *path, struct zip_archive *archive, struct error *error);
void zip_archive_done(struct zip_archive *archive);

#endif
