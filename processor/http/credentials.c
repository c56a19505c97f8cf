/* http/credentials.c: sections, members, and what a section must have. */
#include "http/credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

#define FILE_BYTES_MAX ((size_t)16 * 1024 * 1024)

static struct text trim(struct text text)
{
    while (text.size && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = (struct text){ text.data + 1, text.size - 1 };
    while (text.size && strchr(" \t\r", text.data[text.size - 1]))
        text.size--;
    return text;
}

/* A place in the file, for errors. */
struct reading {
    const char *name;
    size_t line, section_line;
    struct credentials *credentials;
    struct credential *current;
};

static bool fail(const struct reading *reading, struct error *error, const char *found, const char *expected)
{
    return error_fail(error, ERROR_INVALID, "%s: line %zu: found %s, expected %s", reading->name, reading->line, found,
                      expected);
}

static bool check_section(struct reading *reading, struct error *error)
{
    const struct credential *current = reading->current;
    if (!current)
        return true;
    reading->line = reading->section_line;
    if (!current->key.size || !current->secret.size || !current->account.size)
        return fail(reading, error, "a section that lacks one of them",
                    "aws_access_key_id, aws_secret_access_key and account in each");
    for (const struct credential *other = reading->credentials->items; other < current; other++)
        if (text_equal(other->key, current->key))
            return fail(reading, error, "an aws_access_key_id that an earlier section has", "one of its own in each");
    return true;
}

static bool begin_section(struct reading *reading, struct text line, struct error *error)
{
    struct credentials *credentials = reading->credentials;
    if (line.size < 3 || line.data[line.size - 1] != ']')
        return fail(reading, error, "a section's name without its end", "[NAME]");
    size_t at = reading->line;
    if (!check_section(reading, error))
        return false;
    credentials->items =
        memory_reserve_one(credentials->items, credentials->count, &credentials->capacity, sizeof *credentials->items);
    reading->current = &credentials->items[credentials->count++];
    *reading->current = (struct credential){ 0 };
    reading->line = reading->section_line = at;
    return true;
}

static bool key_is_sound(struct text key)
{
    for (size_t i = 0; i < key.size; i++)
        if ((unsigned char)key.data[i] <= 0x20 || (unsigned char)key.data[i] >= 0x7f || strchr("/,=", key.data[i]))
            return false;
    return key.size > 0 && key.size <= 128;
}

static bool take_member(struct reading *reading, struct text name, struct text value, struct error *error)
{
    struct credential *current = reading->current;
    struct text *member = NULL;
    if (!current)
        return fail(reading, error, "a member before the first section", "[NAME]");
    if (text_equal(name, TEXT("aws_access_key_id"))) {
        if (!key_is_sound(value))
            return fail(reading, error, "no access key", "letters and digits, at most 128");
        member = &current->key;
    } else if (text_equal(name, TEXT("aws_secret_access_key"))) {
        if (!value.size || value.size > 1024)
            return fail(reading, error, "no secret", "1 to 1024 characters");
        member = &current->secret;
    } else if (text_equal(name, TEXT("account"))) {
        if (!text_is_digits(value, 12))
            return fail(reading, error, "no account", "12 digits");
        member = &current->account;
    } else if (text_equal(name, TEXT("role"))) {
        if (!text_equal(value, TEXT("payer")))
            return fail(reading, error, "another role", "payer, or no such line");
        current->is_payer = true;
        return true;
    } else {
        return true; /* region, output: the CLI's own */
    }
    if (member->size)
        return fail(reading, error, "a member that the section has already", "each once");
    *member = arena_copy(&reading->credentials->arena, value);
    return true;
}

static bool take_line(struct reading *reading, struct text line, struct error *error)
{
    line = trim(line);
    if (!line.size || line.data[0] == '#' || line.data[0] == ';')
        return true;
    if (line.data[0] == '[')
        return begin_section(reading, line, error);
    const char *equals = memchr(line.data, '=', line.size);
    if (!equals)
        return fail(reading, error, "a line without '='", "[NAME], or name = value");
    size_t size = (size_t)(equals - line.data);
    return take_member(reading, trim((struct text){ line.data, size }),
                       trim((struct text){ equals + 1, line.size - size - 1 }), error);
}

bool credentials_parse(struct text text, const char *name, struct credentials *credentials, struct error *error)
{
    struct reading reading = { .name = name, .credentials = credentials };
    bool done = true;
    if (text.size && memchr(text.data, '\0', text.size))
        return error_fail(error, ERROR_INVALID, "%s: found a zero byte, expected text", name);
    while (done && text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        reading.line++;
        done = take_line(&reading, (struct text){ text.data, size }, error);
        size += end != NULL;
        text = (struct text){ text.data + size, text.size - size };
    }
    done = done && check_section(&reading, error);
    if (done && credentials->count == 0)
        return error_fail(error, ERROR_INVALID, "%s: found no section, expected one for each who may sign", name);
    return done;
}

bool credentials_read(const char *path, struct credentials *credentials, struct error *error)
{
    struct buffer bytes = { 0 };
    FILE *file = fopen(path, "re");
    if (!file)
        return error_fail(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    size_t got;
    while (bytes.size < FILE_BYTES_MAX && (got = fread(buffer_reserve(&bytes, 4096), 1, 4096, file)) > 0)
        bytes.size += got;
    bool failed = ferror(file) != 0;
    fclose(file);
    bool done = failed ? error_fail(error, ERROR_FAILED, "%s: cannot be read", path)
                       : credentials_parse(buffer_text(&bytes), path, credentials, error);
    if (bytes.data)
        explicit_bzero(bytes.data, bytes.capacity);
    buffer_done(&bytes);
    return done;
}

const struct credential *credentials_find(const struct credentials *credentials, struct text key)
{
    for (size_t i = 0; i < credentials->count; i++)
        if (text_equal(credentials->items[i].key, key))
            return &credentials->items[i];
    return NULL;
}

void credentials_done(struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->count; i++)
        if (credentials->items[i].secret.size)
            explicit_bzero((char *)(uintptr_t)credentials->items[i].secret.data, credentials->items[i].secret.size);
    free(credentials->items);
    arena_done(&credentials->arena);
    *credentials = (struct credentials){ 0 };
}
