/* codec/zip_archive.c: the end record, the directory that it points to, and the local header of each member. */
#include "codec/zip_archive.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

enum {
    END_SIGNATURE = 0x06054b50,
    END_BYTES = 22,
    END64_SIGNATURE = 0x06064b50,
    END64_BYTES = 56,
    LOCATOR64_SIGNATURE = 0x07064b50,
    LOCATOR64_BYTES = 20,
    ENTRY_SIGNATURE = 0x02014b50,
    ENTRY_BYTES = 46,
    LOCAL_SIGNATURE = 0x04034b50,
    LOCAL_BYTES = 30,
    COMMENT_BYTES_MAX = 65535,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1 << 0,
    METHOD_STORED = 0,
    METHOD_DEFLATE = 8,
    METHOD_AES = 99,
};

struct reader {
    const char *path;
    int descriptor;
    uint64_t file_size;
    struct error *error;
};

struct directory {
    uint64_t offset, size, entries;
};

static uint16_t u16(const char *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return le16toh(value);
}

static uint32_t u32(const char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return le32toh(value);
}

static uint64_t u64(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return le64toh(value);
}

bool zip_is_magic(struct text start)
{
    return text_starts_with(start, TEXT("PK\3\4")) || text_starts_with(start, TEXT("PK\5\6"));
}

static bool fail_damaged(const struct reader *reader, const char *what)
{
    return error_fail(reader->error, ERROR_FAILED, "%s: a damaged zip archive: %s; was it copied whole?", reader->path,
                      what);
}

/* Bytes at a place that is known to lie in the file. */
static bool read_at(const struct reader *reader, uint64_t offset, char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got = pread(reader->descriptor, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_fail(reader->error, ERROR_FAILED, "%s: cannot read: %s", reader->path, strerror(errno));
        if (got == 0)
            return fail_damaged(reader, "it ends inside");
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

static bool is_within(const struct reader *reader, uint64_t offset, uint64_t size)
{
    return offset <= reader->file_size && size <= reader->file_size - offset;
}

/* ---- the end record ---- */

static bool read_end64(const struct reader *reader, uint64_t end_offset, struct directory *directory)
{
    char locator[LOCATOR64_BYTES], end[END64_BYTES];
    if (end_offset < sizeof locator)
        return fail_damaged(reader, "it has no zip64 end record");
    if (!read_at(reader, end_offset - sizeof locator, locator, sizeof locator))
        return false;
    uint64_t offset = u64(locator + 8);
    if (u32(locator) != LOCATOR64_SIGNATURE || !is_within(reader, offset, sizeof end))
        return fail_damaged(reader, "it has no zip64 end record");
    if (!read_at(reader, offset, end, sizeof end))
        return false;
    if (u32(end) != END64_SIGNATURE)
        return fail_damaged(reader, "it has no zip64 end record");
    *directory = (struct directory){ .entries = u64(end + 32), .size = u64(end + 40), .offset = u64(end + 48) };
    return true;
}

static bool read_end(const struct reader *reader, const char *end, uint64_t end_offset, struct directory *directory)
{
    if (u16(end + 4) != 0 && u16(end + 4) != UINT16_MAX)
        return error_fail(reader->error, ERROR_FAILED,
                          "%s: a zip archive of several parts; join them first: zip -s 0 ARCHIVE --out WHOLE.zip",
                          reader->path);
    *directory = (struct directory){ .entries = u16(end + 10), .size = u32(end + 12), .offset = u32(end + 16) };
    bool is_zip64 = directory->entries == UINT16_MAX || directory->size == UINT32_MAX || directory->offset == UINT32_MAX;
    return !is_zip64 || read_end64(reader, end_offset, directory);
}

/* The end record is the last thing in the file but for a comment of its own. */
static bool find_directory(const struct reader *reader, struct directory *directory)
{
    size_t size = END_BYTES + COMMENT_BYTES_MAX;
    if (size > reader->file_size)
        size = (size_t)reader->file_size;
    uint64_t from = reader->file_size - size;
    char *tail = memory_new(size + 1);
    bool done = read_at(reader, from, tail, size), found = false;
    for (size_t at = size >= END_BYTES ? size - END_BYTES + 1 : 0; done && !found && at-- > 0;) {
        found = u32(tail + at) == END_SIGNATURE && u16(tail + at + 20) <= size - END_BYTES - at;
        if (found)
            done = read_end(reader, tail + at, from + at, directory);
    }
    free(tail);
    if (done && !found)
        return fail_damaged(reader, "it has no directory at its end");
    if (done && !is_within(reader, directory->offset, directory->size))
        return fail_damaged(reader, "its directory lies outside of it");
    return done;
}

/* ---- members ---- */

/* zip64 keeps what does not fit 32 bits in an extra field, in this order and only what is missing. */
static bool read_zip64_extra(struct text extra, struct zip_member *member)
{
    struct input_part *part = &member->part;
    uint64_t *wanted[3];
    size_t count = 0;
    if (part->size == UINT32_MAX)
        wanted[count++] = &part->size;
    if (part->compressed_size == UINT32_MAX)
        wanted[count++] = &part->compressed_size;
    if (part->offset == UINT32_MAX)
        wanted[count++] = &part->offset;
    for (size_t at = 0; count > 0 && extra.size - at >= 4;) {
        size_t size = u16(extra.data + at + 2);
        if (size > extra.size - at - 4)
            return false;
        if (u16(extra.data + at) == EXTRA_ZIP64) {
            for (size_t i = 0; i < count && 8 * (i + 1) <= size; i++)
                *wanted[i] = u64(extra.data + at + 4 + 8 * i);
            return 8 * count <= size;
        }
        at += 4 + size;
    }
    return count == 0;
}

/* Folders, and what file managers leave beside files. */
static bool is_passed_over(struct text name)
{
    const char *slash = name.data;
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '/')
            slash = name.data + i + 1;
    struct text last = { slash, (size_t)(name.data + name.size - slash) };
    return last.size == 0 || text_starts_with(name, TEXT("__MACOSX/")) || text_starts_with(last, TEXT("._")) ||
           text_equal(last, TEXT(".DS_Store"));
}

static bool check_method(const struct reader *reader, const char *name, unsigned flags, unsigned method)
{
    if ((flags & FLAG_ENCRYPTED) || method == METHOD_AES)
        return error_fail(reader->error, ERROR_FAILED, "%s: %s is encrypted; unpack the archive with its password first",
                          reader->path, name);
    if (method == METHOD_STORED || method == METHOD_DEFLATE)
        return true;
    return error_fail(reader->error, ERROR_FAILED,
                      "%s: %s is compressed with method %u, expected deflate (8) or none (0); unpack the archive first",
                      reader->path, name, method);
}

/* From the local header's place to the data behind it. */
static bool find_data(const struct reader *reader, struct zip_member *member)
{
    char local[LOCAL_BYTES];
    if (!is_within(reader, member->part.offset, sizeof local))
        return fail_damaged(reader, "a member lies outside of it");
    if (!read_at(reader, member->part.offset, local, sizeof local))
        return false;
    if (u32(local) != LOCAL_SIGNATURE)
        return fail_damaged(reader, "its directory names a place where no member begins");
    member->part.offset += sizeof local + u16(local + 26) + u16(local + 28);
    if (!is_within(reader, member->part.offset, member->part.compressed_size))
        return fail_damaged(reader, "a member lies outside of it");
    return true;
}

/* Takes one entry of the directory; *size is what it takes there. */
static bool take_entry(const struct reader *reader, struct text directory, struct zip_archive *archive, size_t *size)
{
    if (directory.size < ENTRY_BYTES || u32(directory.data) != ENTRY_SIGNATURE)
        return fail_damaged(reader, "its directory is cut off");
    const char *entry = directory.data;
    size_t name_size = u16(entry + 28), extra_size = u16(entry + 30);
    *size = ENTRY_BYTES + name_size + extra_size + u16(entry + 32);
    if (*size > directory.size)
        return fail_damaged(reader, "its directory is cut off");
    struct text name = { entry + ENTRY_BYTES, name_size };
    if (is_passed_over(name))
        return true;
    struct zip_member member = { .name = arena_copy_string(&archive->names, name),
                                 .part = { .crc = u32(entry + 16),
                                           .compressed_size = u32(entry + 20),
                                           .size = u32(entry + 24),
                                           .offset = u32(entry + 42),
                                           .is_deflated = u16(entry + 10) == METHOD_DEFLATE } };
    if (!text_is_utf8(name) || strlen(member.name) != name.size)
        return fail_damaged(reader, "the name of a member is no text");
    if (!check_method(reader, member.name, u16(entry + 8), u16(entry + 10)))
        return false;
    if (!read_zip64_extra((struct text){ name.data + name_size, extra_size }, &member))
        return fail_damaged(reader, "an entry's zip64 sizes are missing");
    if (!find_data(reader, &member))
        return false;
    archive->members = memory_reserve_one(archive->members, archive->count, &archive->capacity, sizeof member);
    archive->members[archive->count++] = member;
    return true;
}

static int compare_offsets(const void *left, const void *right)
{
    const struct input_part *a = left, *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Members that share bytes make petabytes of a small file; no tool that packs files writes such a thing. */
static bool check_overlaps(const struct reader *reader, const struct zip_archive *archive)
{
    struct input_part *parts = memory_new_array(archive->count, sizeof *parts);
    bool overlap = false;
    for (size_t i = 0; i < archive->count; i++)
        parts[i] = archive->members[i].part;
    if (archive->count)
        qsort(parts, archive->count, sizeof *parts, compare_offsets);
    for (size_t i = 1; i < archive->count; i++)
        overlap = overlap || parts[i].offset - parts[i - 1].offset < parts[i - 1].compressed_size;
    free(parts);
    return !overlap ||
           error_fail(reader->error, ERROR_FAILED, "%s: no sound zip archive: its members overlap", reader->path);
}

static bool read_directory(const struct reader *reader, struct zip_archive *archive)
{
    struct directory directory = { 0 };
    if (!find_directory(reader, &directory))
        return false;
    if (directory.size > ZIP_DIRECTORY_BYTES_MAX)
        return error_fail(reader->error, ERROR_FAILED,
                          "%s: a zip archive with a directory of %llu bytes, expected at most %zu; unpack it first",
                          reader->path, (unsigned long long)directory.size, ZIP_DIRECTORY_BYTES_MAX);
    char *bytes = memory_new((size_t)directory.size + 1);
    struct text rest = { bytes, (size_t)directory.size };
    bool done = read_at(reader, directory.offset, bytes, rest.size);
    for (uint64_t i = 0; i < directory.entries && done; i++) {
        size_t size = 0;
        done = take_entry(reader, rest, archive, &size);
        rest = (struct text){ rest.data + size, rest.size - size };
    }
    free(bytes);
    return done && check_overlaps(reader, archive);
}

bool zip_archive_open(const char *path, struct zip_archive *archive, struct error *error)
{
    struct stat status;
    struct reader reader = { .path = path, .descriptor = open(path, O_RDONLY | O_CLOEXEC), .error = error };
    *archive = (struct zip_archive){ 0 };
    if (reader.descriptor < 0 || fstat(reader.descriptor, &status) != 0) {
        int reason = errno;
        if (reader.descriptor >= 0)
            close(reader.descriptor);
        return error_fail(error, ERROR_FAILED, "%s: cannot read: %s", path, strerror(reason));
    }
    reader.file_size = (uint64_t)status.st_size;
    bool done = read_directory(&reader, archive);
    close(reader.descriptor);
    if (!done)
        zip_archive_done(archive);
    return done;
}

void zip_archive_done(struct zip_archive *archive)
{
    arena_done(&archive->names);
    free(archive->members);
    *archive = (struct zip_archive){ 0 };
}
