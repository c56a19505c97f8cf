/* settings/reference.c: secrets come from where they are kept, not from the configuration. */
#include "settings/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES_MAX 4096

static bool too_long(struct error *error)
{
    return error_fail(error, ERROR_INVALID, "longer than %zu bytes", VALUE_BYTES_MAX);
}

/* Reads to the end, as far as there is room for it and one byte more, which tells that it is too long. */
static bool read_all(int file, const char *path, struct buffer *out, struct error *error)
{
    size_t before = out->size;
    for (;;) {
        ssize_t got = read(file, buffer_reserve(out, VALUE_BYTES_MAX + 1), VALUE_BYTES_MAX + 1);
        if (got < 0)
            return error_fail(error, ERROR_INVALID, "${file:%s}: cannot read: %s", path, strerror(errno));
        out->size += (size_t)got;
        if (out->size > VALUE_BYTES_MAX)
            return too_long(error);
        if (got == 0)
            break;
    }
    if (out->size > before && out->data[out->size - 1] == '\n')
        out->size--;
    return true;
}

static bool check_file(int file, const char *path, bool secret, struct error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return error_fail(error, ERROR_INVALID, "${file:%s}: cannot read: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_fail(error, ERROR_INVALID, "${file:%s}: not a file", path);
    if (secret && (status.st_mode & (S_IROTH | S_IWOTH)))
        return error_fail(error, ERROR_INVALID,
                          "${file:%s}: a secret that every user of this machine may read or write; chmod o-rw it", path);
    return true;
}

static bool resolve_file(const char *path, bool secret, struct buffer *out, struct error *error)
{
    if (path[0] != '/')
        return error_fail(error, ERROR_INVALID, "${file:%s}: expected a path from / on", path);
    /* Not to wait for somebody to write to a pipe of that name. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return error_fail(error, ERROR_INVALID, "${file:%s}: cannot read: %s", path, strerror(errno));
    bool done = check_file(file, path, secret, error) && read_all(file, path, out, error);
    close(file);
    return done;
}

static bool resolve_environment(const char *name, struct buffer *out, struct error *error)
{
    const char *value = getenv(name);
    if (!value)
        return error_fail(error, ERROR_INVALID, "${env:%s}: not in the environment", name);
    if (strlen(value) > VALUE_BYTES_MAX)
        return too_long(error);
    buffer_append_text(out, text_of(value));
    return true;
}

/* What stands between "${" and "}". */
static bool resolve_one(struct text reference, bool secret, struct buffer *out, struct error *error)
{
    char name[NAME_BYTES_MAX];
    size_t colon = 0;
    while (colon < reference.size && reference.data[colon] != ':')
        colon++;
    struct text kind = { reference.data, colon };
    struct text rest = { reference.data + colon + 1, reference.size - colon - 1 };
    bool file = text_equal(kind, TEXT("file")), environment = text_equal(kind, TEXT("env"));
    if (colon == reference.size || (!file && !environment) || rest.size == 0 || rest.size >= sizeof name ||
        memchr(rest.data, '\0', rest.size))
        return error_fail(error, ERROR_INVALID, "expected ${file:/path} or ${env:NAME} (a plain \"${\" is \"$${\")");
    memcpy(name, rest.data, rest.size);
    name[rest.size] = '\0';
    return file ? resolve_file(name, secret, out, error) : resolve_environment(name, out, error);
}

bool reference_resolve(struct text raw, bool secret, struct buffer *out, bool *referenced, struct error *error)
{
    *referenced = false;
    for (size_t i = 0; i < raw.size; i++) {
        struct text rest = { raw.data + i, raw.size - i };
        if (text_starts_with(rest, TEXT("$${"))) {
            buffer_append_text(out, TEXT("${"));
            i += 2;
        } else if (text_starts_with(rest, TEXT("${"))) {
            *referenced = true;
            const char *end = memchr(rest.data, '}', rest.size);
            if (!end)
                return error_fail(error, ERROR_INVALID, "\"${\" without its \"}\"");
            struct text inner = { rest.data + 2, (size_t)(end - rest.data) - 2 };
            if (!resolve_one(inner, secret, out, error))
                return false;
            i += inner.size + 2;
        } else {
            buffer_append_byte(out, raw.data[i]);
        }
        if (out->size > VALUE_BYTES_MAX)
            return too_long(error);
    }
    if (!text_is_utf8(buffer_text(out)) || (out->size > 0 && memchr(out->data, '\0', out->size)))
        return error_fail(error, ERROR_INVALID, "expected UTF-8 without zero bytes");
    return true;
}
