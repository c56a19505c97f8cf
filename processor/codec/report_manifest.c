/* codec/report_manifest.c: one JSON object, small, by jansson. */
#include "codec/report_manifest.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/intern.h"
#include "codec/input.h"

#define SCHEME "s3://"

bool report_manifest_is_name(const char *path)
{
    struct text name = text_of(path);
    return text_ends_with(name, TEXT("Manifest.json")) || text_ends_with(name, TEXT("manifest.json"));
}

static bool read_whole(const char *path, struct buffer *bytes, struct error *error)
{
    struct input *input;
    size_t got = 0;
    if (!input_open(path, &input, error))
        return false;
    enum input_status status = INPUT_OK;
    while (status == INPUT_OK && bytes->size <= REPORT_MANIFEST_BYTES_MAX) {
        status = input_read(input, buffer_reserve(bytes, 65536), 65536, &got);
        bytes->size += got;
    }
    bool done = status == INPUT_END;
    if (status == INPUT_OK)
        error_fail(error, ERROR_FAILED, "%s: no manifest: larger than %zu bytes", path, REPORT_MANIFEST_BYTES_MAX);
    else if (!done)
        error_fail(error, ERROR_FAILED, "%s: cannot read: %s", path, input_failure(input));
    input_close(input);
    return done;
}

static json_t *parse(const char *path, struct error *error)
{
    struct buffer bytes = { 0 };
    json_error_t reason = { .text = "no JSON object" };
    json_t *object = NULL;
    bool done = read_whole(path, &bytes, error);
    if (done) {
        struct text json = buffer_text(&bytes);
        if (text_starts_with(json, TEXT("\xef\xbb\xbf")))
            json = (struct text){ json.data + 3, json.size - 3 };
        object = json_loadb(json.data ? json.data : "", json.size, 0, &reason);
        if (!object)
            error_fail(error, ERROR_FAILED, "%s: no manifest: line %d, column %d: %s", path, reason.line, reason.column,
                       reason.text);
    }
    buffer_done(&bytes);
    return object;
}

/* The files' names: of a report, or of a data export. NULL: neither. */
static json_t *keys_of(json_t *object, const char **ret_member)
{
    static const char *const members[] = { "reportKeys", "dataFiles" };
    for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
        json_t *keys = json_object_get(object, members[i]);
        *ret_member = members[i];
        if (json_is_array(keys))
            return keys;
    }
    return NULL;
}

bool report_manifest_is_file(const char *path)
{
    struct error ignored;
    const char *member;
    json_t *object = parse(path, &ignored);
    bool is = object && keys_of(object, &member);
    json_decref(object);
    return is;
}

/*
 * The path of an object's copy: the parts between the key's slashes. A prefix may have left empty ones, which are no folders
 * on disk. NULL: a part would lead out of the folder that stands for the bucket, or there is none.
 */
static const char *path_of(struct text key, struct arena *arena)
{
    struct buffer path = { 0 };
    size_t from = 0;
    bool is_path = !memchr(key.data, '\0', key.size);
    for (size_t at = 0; at <= key.size && is_path; at++) {
        if (at < key.size && key.data[at] != '/')
            continue;
        struct text part = { key.data + from, at - from };
        is_path = !text_equal(part, TEXT(".")) && !text_equal(part, TEXT(".."));
        if (part.size)
            buffer_printf(&path, "%s%.*s", path.size ? "/" : "", TEXT_ARGS(part));
        from = at + 1;
    }
    bool ends_in_name = is_path && path.size > 0 && key.data[key.size - 1] != '/';
    const char *copy = ends_in_name ? arena_copy_string(arena, buffer_text(&path)) : NULL;
    buffer_done(&path);
    return copy;
}

static struct text unescape(struct text key, bool plus_is_space, struct arena *arena)
{
    char *bytes = arena_take(arena, key.size, 1);
    size_t size = 0;
    for (size_t at = 0; at < key.size; at++) {
        char byte = key.data[at];
        int high = byte == '%' && key.size - at > 2 ? hex_digit(key.data[at + 1]) : -1;
        int low = high >= 0 ? hex_digit(key.data[at + 2]) : -1;
        if (low >= 0) {
            byte = (char)(high * 16 + low);
            at += 2;
        } else if (plus_is_space && byte == '+') {
            byte = ' ';
        }
        bytes[size++] = byte;
    }
    return (struct text){ bytes, size };
}

static void add_path(struct report_key *key, const char *path)
{
    for (size_t i = 0; i < key->path_count && path; i++)
        if (strcmp(key->paths[i], path) == 0)
            return;
    if (path)
        key->paths[key->path_count++] = path;
}

/* False: no key of an object. */
static bool read_key(struct text text, struct report_key *ret, struct arena *arena)
{
    const char *path = text.size ? path_of(text, arena) : NULL;
    if (!path)
        return false;
    *ret = (struct report_key){ .key = arena_copy_string(arena, text) };
    add_path(ret, path);
    add_path(ret, path_of(unescape(text, false, arena), arena));
    add_path(ret, path_of(unescape(text, true, arena), arena));
    return true;
}

/* "s3://bucket/key" names the bucket too. */
static struct text without_bucket(struct text key, struct report_manifest *manifest, struct arena *arena)
{
    if (!text_starts_with(key, TEXT(SCHEME)))
        return key;
    struct text rest = { key.data + strlen(SCHEME), key.size - strlen(SCHEME) };
    const char *slash = rest.size ? memchr(rest.data, '/', rest.size) : NULL;
    if (!slash)
        return TEXT_NONE;
    size_t size = (size_t)(slash - rest.data);
    if (manifest->bucket.size == 0)
        manifest->bucket = arena_copy(arena, (struct text){ rest.data, size });
    return (struct text){ slash + 1, rest.size - size - 1 };
}

static bool read_keys(json_t *keys, const char *member, const char *path, struct report_manifest *manifest,
                      struct arena *arena, struct error *error)
{
    struct intern seen = { 0 };
    size_t index;
    json_t *key;
    bool done = true;
    manifest->keys = arena_take(arena, (json_array_size(keys) + 1) * sizeof *manifest->keys, _Alignof(struct report_key));
    json_array_foreach (keys, index, key) {
        struct text text = without_bucket(text_of(json_string_value(key)), manifest, arena);
        struct report_key *read = &manifest->keys[manifest->key_count];
        if (!read_key(text, read, arena)) {
            done = error_fail(error, ERROR_FAILED, "%s: %s[%zu]: found \"%.200s\", expected the key of an object in S3",
                              path, member, index, json_is_string(key) ? json_string_value(key) : "no text");
            break;
        }
        struct text copy = text_of(read->paths[0]);
        if (intern_find(&seen, copy) != INTERN_NONE) {
            done = error_fail(error, ERROR_FAILED, "%s: %s[%zu]: %.*s comes twice", path, member, index, TEXT_ARGS(text));
            break;
        }
        intern_add(&seen, copy);
        manifest->key_count++;
    }
    intern_done(&seen);
    return done;
}

static struct text text_member(json_t *object, const char *name, struct arena *arena)
{
    return arena_copy(arena, text_of(json_string_value(json_object_get(object, name))));
}

bool report_manifest_read(const char *path, struct report_manifest *manifest, struct arena *arena, struct error *error)
{
    const char *member;
    *manifest = (struct report_manifest){ 0 };
    json_t *object = parse(path, error);
    if (!object)
        return false;
    json_t *keys = keys_of(object, &member);
    bool done = true;
    if (!keys)
        done = error_fail(error, ERROR_FAILED, "%s: no manifest of a Cost and Usage Report: it has no reportKeys", path);
    else if (json_array_size(keys) == 0)
        done = error_fail(error, ERROR_FAILED, "%s: %s is empty: the delivery has no files", path, member);
    if (done) {
        manifest->assembly = text_member(object, "assemblyId", arena);
        if (manifest->assembly.size == 0)
            manifest->assembly = text_member(object, "executionId", arena);
        manifest->bucket = text_member(object, "bucket", arena);
        done = read_keys(keys, member, path, manifest, arena, error);
    }
    json_decref(object);
    return done;
}
