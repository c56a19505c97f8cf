/* settings/entries.c: from lines to keys and values. */
#include "settings/entries.h"

#include <stdlib.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct text trim(struct text text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = (struct text){ text.data + 1, text.size - 1 };
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

static bool has_control(struct text text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

/* False: a quote is missing, or something stands behind the last one. */
static bool unquote(struct text raw, struct arena *arena, struct text *value)
{
    if (raw.size == 0 || raw.data[0] != '"') {
        *value = arena_copy(arena, raw);
        return true;
    }
    char *out = arena_take(arena, raw.size, 1);
    size_t size = 0;
    for (size_t i = 1; i < raw.size; i++) {
        bool escape = raw.data[i] == '\\' && i + 1 < raw.size && (raw.data[i + 1] == '"' || raw.data[i + 1] == '\\');
        if (escape)
            i++;
        else if (raw.data[i] == '"') {
            *value = (struct text){ out, size };
            return i + 1 == raw.size;
        }
        out[size++] = raw.data[i];
    }
    return false;
}

/* True: the entry stands for its key now. */
static bool claim_key(struct entries *entries, const struct entry *entry, struct faults *faults)
{
    size_t known = entries->keys.count;
    uint32_t number = intern_add(&entries->keys, entry->key);
    if (number == known) {
        entries->of_key = memory_reserve_one(entries->of_key, known, &entries->key_capacity, sizeof *entries->of_key);
    } else if (entry->origin.line == 0) {
        entries->items[entries->of_key[number]].overridden = true;
    } else {
        fault_add(faults, entry->origin, entry->key, "is set in line %u already",
                  entries->items[entries->of_key[number]].origin.line);
        return false;
    }
    entries->of_key[number] = entries->count;
    return true;
}

static void add_entry(struct entries *entries, struct entry entry, struct faults *faults)
{
    if (!claim_key(entries, &entry, faults))
        return;
    entry.key = intern_text(&entries->keys, intern_find(&entries->keys, entry.key));
    entries->items = memory_reserve_one(entries->items, entries->count, &entries->capacity, sizeof *entries->items);
    entries->items[entries->count++] = entry;
}

/* No message tells what the line holds: without its key nobody knows whether that is a secret. */
static void read_line(struct entries *entries, struct text line, struct origin origin, struct faults *faults)
{
    struct text trimmed = trim(line), value;
    const char *equals = trimmed.size > 0 ? memchr(trimmed.data, '=', trimmed.size) : NULL;
    struct text key = equals ? trim((struct text){ trimmed.data, (size_t)(equals - trimmed.data) }) : TEXT_NONE;
    if (!text_is_utf8(line) || has_control(trimmed)) {
        fault_add(faults, origin, TEXT_NONE, "expected UTF-8 without control characters");
        return;
    }
    if (key.size == 0) {
        fault_add(faults, origin, TEXT_NONE, "expected \"key = value\"");
        return;
    }
    struct text raw = trim((struct text){ equals + 1, trimmed.size - (size_t)(equals + 1 - trimmed.data) });
    if (!unquote(raw, &entries->arena, &value)) {
        fault_add(faults, origin, key, "expected a closing quote at the end of the line");
        return;
    }
    add_entry(entries, (struct entry){ .key = key, .value = value, .origin = origin }, faults);
}

void entries_read(struct entries *entries, struct text file, const char *path, struct faults *faults)
{
    struct origin origin = { path, 0 };
    if (text_starts_with(file, TEXT("\xef\xbb\xbf")))
        file = (struct text){ file.data + 3, file.size - 3 };
    while (file.size > 0) {
        const char *newline = memchr(file.data, '\n', file.size);
        struct text line = { file.data, newline ? (size_t)(newline - file.data) : file.size };
        size_t taken = line.size + (newline != NULL);
        file = (struct text){ file.data + taken, file.size - taken };
        origin.line++;
        struct text trimmed = trim(line);
        if (trimmed.size > 0 && trimmed.data[0] != '#')
            read_line(entries, line, origin, faults);
    }
}

void entries_set(struct entries *entries, struct text line, struct faults *faults)
{
    read_line(entries, line, (struct origin){ NULL, 0 }, faults);
}

void entries_done(struct entries *entries)
{
    arena_done(&entries->arena);
    intern_done(&entries->keys);
    free(entries->of_key);
    free(entries->items);
    *entries = (struct entries){ 0 };
}
