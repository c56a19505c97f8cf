/* codec/usage_files.c: operands to files. */
#include "codec/usage_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "codec/report_manifest.h"
#include "codec/zip_archive.h"

/* How many folders above a manifest its files are looked for: a data export has them beside its metadata. */
#define LEVELS_UP_MAX 8

/* What a name was found to be on disk. */
struct found {
    const char *path, *manifest;
    struct text assembly;
    dev_t device;
    ino_t inode;
    bool is_regular;
    uint64_t bytes;
};

struct finder {
    struct usage_files *files;
    struct found *found; /* all so far, each once */
    size_t found_count, found_capacity;
    struct error *error;
};

static bool add_file(struct finder *finder, struct usage_file file)
{
    struct usage_files *files = finder->files;
    files->items = memory_reserve_one(files->items, files->count, &files->capacity, sizeof file);
    files->items[files->count++] = file;
    return true;
}

/* What AWS and others put beside the data. */
static bool is_companion(const char *name)
{
    static const char *const endings[] = { "Manifest.json", ".sql", "RedshiftManifest.json", ".yml", ".txt", ".md" };
    for (size_t i = 0; i < ARRAY_COUNT(endings); i++)
        if (text_ends_with(text_of(name), text_of(endings[i])))
            return true;
    return false;
}

static bool add_members(struct finder *finder, const struct found *found)
{
    struct zip_archive archive;
    struct arena *arena = &finder->files->arena;
    size_t before = finder->files->count;
    bool done = zip_archive_open(found->path, &archive, finder->error);
    if (!done)
        return false;
    for (size_t i = 0; i < archive.count; i++) {
        const struct zip_member *member = &archive.members[i];
        if (is_companion(member->name))
            continue;
        struct buffer name = { 0 };
        buffer_printf(&name, "%s/%s", found->path, member->name);
        add_file(finder, (struct usage_file){ .path = found->path,
                                              .name = arena_copy_string(arena, buffer_text(&name)),
                                              .is_member = true,
                                              .part = member->part,
                                              .manifest = found->manifest,
                                              .assembly = found->assembly,
                                              .bytes = member->part.compressed_size });
        buffer_done(&name);
    }
    zip_archive_done(&archive);
    return finder->files->count > before ||
           error_fail(finder->error, ERROR_FAILED,
                      "%s: the zip archive holds no usage: no .csv, .jsonl or .avro, each also .gz", found->path);
}

/* The first bytes; of regular files only, a pipe's would be gone. */
static struct text read_magic(const struct found *found, char *bytes, size_t size)
{
    int descriptor = found->is_regular ? open(found->path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = descriptor >= 0 ? read(descriptor, bytes, size) : 0;
    if (descriptor >= 0)
        close(descriptor);
    return (struct text){ bytes, got > 0 ? (size_t)got : 0 };
}

/* "0b1c…-…" of 8-4-4-4-12 hexadecimal digits: the folder of a delivery is named so. */
static bool is_uuid(struct text text)
{
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.data[i] != '-' : !strchr("0123456789abcdefABCDEF", text.data[i]) || !text.data[i])
            return false;
    }
    return true;
}

/* The folder that a file lies in, where its name says that it is a delivery's. */
static struct text assembly_of_folder(struct text path)
{
    while (path.size > 0 && path.data[path.size - 1] != '/')
        path.size--;
    if (path.size <= 1)
        return TEXT_NONE;
    path.size--;
    size_t from = path.size;
    while (from > 0 && path.data[from - 1] != '/')
        from--;
    struct text folder = { path.data + from, path.size - from };
    return is_uuid(folder) ? folder : TEXT_NONE;
}

static bool is_readable(struct finder *finder, const char *path, struct stat *status)
{
    if (stat(path, status) != 0 || access(path, R_OK) != 0)
        return error_fail(finder->error, ERROR_FAILED, "%s: cannot read: %s", path, strerror(errno));
    if (S_ISDIR(status->st_mode))
        return error_fail(finder->error, ERROR_FAILED, "%s: cannot read: is a directory, expected a file", path);
    return true;
}

/* A file named by hand and by a manifest, or by two manifests, would be counted in both. Named twice by hand its events are
 * duplicates of each other by their ids. */
static bool check_once(struct finder *finder, const struct found *found)
{
    for (size_t i = 0; i < finder->found_count && found->is_regular; i++) {
        const struct found *other = &finder->found[i];
        if (other->device != found->device || other->inode != found->inode || (!other->manifest && !found->manifest))
            continue;
        return error_fail(finder->error, ERROR_FAILED, "%s: comes twice: by %s and by %s", found->path,
                          other->manifest ? other->manifest : "its own name",
                          found->manifest ? found->manifest : "its own name");
    }
    finder->found = memory_reserve_one(finder->found, finder->found_count, &finder->found_capacity, sizeof *found);
    finder->found[finder->found_count++] = *found;
    return true;
}

static bool add_found(struct finder *finder, const char *path, const char *manifest, struct text assembly)
{
    struct stat status;
    char magic[4];
    if (!is_readable(finder, path, &status))
        return false;
    struct found found = { .path = path,
                           .manifest = manifest,
                           .assembly = assembly.size ? assembly : assembly_of_folder(text_of(path)),
                           .device = status.st_dev,
                           .inode = status.st_ino,
                           .is_regular = S_ISREG(status.st_mode),
                           .bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0 };
    if (!check_once(finder, &found))
        return false;
    if (zip_is_magic(read_magic(&found, magic, sizeof magic)))
        return add_members(finder, &found);
    return add_file(
        finder, (struct usage_file){
                    .path = path, .name = path, .manifest = manifest, .assembly = found.assembly, .bytes = found.bytes });
}

/* ---- manifests ---- */

static const char *next_part(const char *path)
{
    const char *slash = strchr(path, '/');
    return slash ? slash + 1 : NULL;
}

/*
 * The copy of an object: in the manifest's folder or one above it, under the longest tail of the key that is there. Above
 * the folder a bare file name is not enough: it might be another delivery's.
 */
static const char *find_copy(struct finder *finder, const char *manifest, const char *object)
{
    const char *slash = strrchr(manifest, '/');
    struct text folder = slash ? (struct text){ manifest, (size_t)(slash - manifest) } : TEXT(".");
    struct buffer path = { 0 }, up = { 0 };
    const char *found = NULL;
    for (int level = 0; level < LEVELS_UP_MAX && !found; level++) {
        for (const char *tail = object; tail && !found; tail = next_part(tail)) {
            struct stat status;
            if (level > 0 && !next_part(tail))
                break;
            buffer_clear(&path);
            buffer_printf(&path, "%.*s/%.*s%s", TEXT_ARGS(folder), TEXT_ARGS(buffer_text(&up)), tail);
            if (stat(path.data, &status) == 0 && !S_ISDIR(status.st_mode))
                found = arena_copy_string(&finder->files->arena, buffer_text(&path));
        }
        buffer_append_text(&up, TEXT("../"));
    }
    buffer_done(&path);
    buffer_done(&up);
    return found;
}

static bool fail_no_copy(struct finder *finder, const char *path, const struct report_manifest *manifest, size_t index)
{
    return error_fail(
        finder->error, ERROR_FAILED,
        "%s: file %zu of %zu, %s, is neither beside the manifest nor below its folder under a tail of that path; "
        "copy it there: aws s3 cp s3://%.*s/%s FOLDER/",
        path, index + 1, manifest->key_count, manifest->keys[index].key,
        TEXT_ARGS(manifest->bucket.size ? manifest->bucket : TEXT("BUCKET")), manifest->keys[index].key);
}

static bool add_manifest(struct finder *finder, const char *path)
{
    struct report_manifest manifest;
    if (!report_manifest_read(path, &manifest, &finder->files->arena, finder->error))
        return false;
    for (size_t i = 0; i < manifest.key_count; i++) {
        const char *copy = NULL;
        for (size_t p = 0; p < manifest.keys[i].path_count && !copy; p++)
            copy = find_copy(finder, path, manifest.keys[i].paths[p]);
        if (!copy)
            return fail_no_copy(finder, path, &manifest, i);
        if (!add_found(finder, copy, path, manifest.assembly))
            return false;
    }
    return true;
}

/* By AWS's name, or a .json that holds what a manifest does. */
static bool is_manifest(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if (report_manifest_is_name(path))
        return true;
    return text_ends_with(text_of(path), TEXT(".json")) && (uint64_t)status.st_size <= REPORT_MANIFEST_BYTES_MAX &&
           report_manifest_is_file(path);
}

bool usage_files_find(const char *const *operands, size_t count, struct usage_files *files, struct error *error)
{
    struct finder finder = { .files = files, .error = error };
    bool done = true;
    *files = (struct usage_files){ 0 };
    for (size_t i = 0; i < count && done; i++) {
        if (strcmp(operands[i], "-") == 0)
            done = add_file(&finder, (struct usage_file){ .path = operands[i], .name = operands[i] });
        else if (is_manifest(operands[i]))
            done = add_manifest(&finder, operands[i]);
        else
            done = add_found(&finder, operands[i], NULL, TEXT_NONE);
    }
    free(finder.found);
    if (!done)
        usage_files_done(files);
    return done;
}

bool usage_files_may_mix(const struct usage_files *files)
{
    for (size_t i = 1; i < files->count; i++)
        if (files->items[0].assembly.size == 0 || !text_equal(files->items[i].assembly, files->items[0].assembly))
            return true;
    return false;
}

void usage_files_done(struct usage_files *files)
{
    arena_done(&files->arena);
    free(files->items);
    *files = (struct usage_files){ 0 };
}

bool usage_file_open(const struct usage_file *file, struct input **ret_input, struct error *error)
{
    bool done = file->is_member ? input_open_part(file->path, file->name, &file->part, ret_input, error)
                                : input_open(file->path, ret_input, error);
    if (done)
        *ret_input = input_unwrap(*ret_input);
    return done;
}
