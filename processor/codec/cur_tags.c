/* codec/cur_tags.c: headings to keys; maps as AWS, Athena and DuckDB print them. */
#include "codec/cur_tags.h"

#include <stdlib.h>
#include <strings.h>

#include "codec/json_text.h"

/* The longer name first where one begins another. Compared without case. */
static const struct {
    const char *name;
    enum cur_tag_kind kind;
    const char *prefix;
    bool is_mixed;
} columns[] = {
    { "resourceTags/", CUR_TAG_COLUMN, "", false },
    { "resource_tags_", CUR_TAG_COLUMN, "", false },
    { "costCategory/", CUR_TAG_COLUMN, "costCategory/", false },
    { "cost_category_", CUR_TAG_COLUMN, "costCategory/", false },
    { "accountTags/", CUR_TAG_COLUMN, "accountTag/", false },
    { "accountTag/", CUR_TAG_COLUMN, "accountTag/", false },
    { "account_tags_", CUR_TAG_COLUMN, "accountTag/", false },
    { "account_tag_", CUR_TAG_COLUMN, "accountTag/", false },
    { "tags/", CUR_TAG_COLUMN, "tags/", false },
    { "tags_", CUR_TAG_COLUMN, "tags/", false },
    { "resource_tags", CUR_TAG_MAP, "", false },
    { "cost_category", CUR_TAG_MAP, "costCategory/", false },
    { "account_tags", CUR_TAG_MAP, "accountTag/", false },
    { "tags", CUR_TAG_MAP, "tags/", true },
};

static struct text joined(struct text prefix, struct text key, struct arena *arena)
{
    if (prefix.size == 0)
        return arena_copy(arena, key);
    char *bytes = arena_take(arena, prefix.size + key.size, 1);
    memcpy(bytes, prefix.data, prefix.size);
    if (key.size)
        memcpy(bytes + prefix.size, key.data, key.size);
    return (struct text){ bytes, prefix.size + key.size };
}

struct cur_tag_column cur_tag_column_of(struct text heading, struct arena *names)
{
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++) {
        size_t size = strlen(columns[i].name);
        bool is_map = columns[i].kind == CUR_TAG_MAP;
        if ((is_map ? heading.size != size : heading.size <= size) || strncasecmp(heading.data, columns[i].name, size) != 0)
            continue;
        struct text prefix = text_of(columns[i].prefix);
        struct text key = { heading.data + size, heading.size - size };
        return (struct cur_tag_column){ columns[i].kind, is_map ? prefix : joined(prefix, key, names), columns[i].is_mixed };
    }
    return (struct cur_tag_column){ .kind = CUR_TAG_NONE };
}

bool cur_is_null(struct text cell)
{
    return text_equal(cell, TEXT("null")) || text_equal(cell, TEXT("NULL")) || text_equal(cell, TEXT("\\N"));
}

void cur_tags_begin(struct cur_tags *tags)
{
    tags->count = tags->maps = 0;
}

void cur_tags_add(struct cur_tags *tags, struct text key, struct text value)
{
    tags->items = memory_reserve_one(tags->items, tags->count, &tags->capacity, sizeof *tags->items);
    tags->items[tags->count++] = (struct tag){ key, value };
}

/* ---- maps ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "accountTag/owner" says what it is; a resource tag is the same one as in its own column. */
static struct text mixed_key(struct text key, struct text prefix, struct arena *arena)
{
    static const char *const own[] = { "resourceTags/", "resourceTag/" };
    size_t letters = 0;
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        if (text_starts_with(key, text_of(own[i])))
            return arena_copy(arena, (struct text){ key.data + strlen(own[i]), key.size - strlen(own[i]) });
    while (letters < key.size && is_letter(key.data[letters]))
        letters++;
    bool names_its_kind = letters > 0 && letters < key.size && key.data[letters] == '/';
    return joined(names_its_kind ? TEXT_NONE : prefix, key, arena);
}

static void add_entry(struct cur_tags *tags, const struct cur_tag_column *column, struct text key, struct text value,
                      struct arena *arena)
{
    cur_tags_add(tags, column->is_mixed ? mixed_key(key, column->text, arena) : joined(column->text, key, arena),
                 arena_copy(arena, value));
}

static bool refuse_map(struct text map, const char *why, struct refusal *refusal)
{
    return refuse(refusal, REFUSAL_BAD_FIELD, "tags", map, "the map of tags cannot be read: %s", why);
}

static bool add_value(struct cur_tags *tags, const struct cur_tag_column *column, const char *key, json_t *value,
                      struct arena *arena, struct refusal *refusal)
{
    if (json_is_null(value))
        return true;
    if (!json_is_string(value))
        return refuse(refusal, REFUSAL_BAD_FIELD, "tags", arena_copy(arena, text_of(key)),
                      "the value of tag %.80s is no text", key);
    add_entry(tags, column, text_of(key), (struct text){ json_string_value(value), json_string_length(value) }, arena);
    return true;
}

/* {"k":"v"}, or as Spark and others write a map: [{"key":"k","value":"v"}]. */
static bool add_json(struct cur_tags *tags, const struct cur_tag_column *column, struct text map, struct arena *arena,
                     struct refusal *refusal)
{
    json_error_t reason;
    json_t *json = json_parse_exact(map, &tags->scratch, &reason), *value;
    const char *key;
    size_t index;
    bool done = json != NULL;
    if (!json)
        refuse_map(map, reason.text[0] ? reason.text : "no JSON", refusal);
    json_object_foreach (json, key, value) {
        done = add_value(tags, column, key, value, arena, refusal);
        if (!done)
            break;
    }
    json_array_foreach (json, index, value) {
        key = json_string_value(json_object_get(value, "key"));
        done = key ? add_value(tags, column, key, json_object_get(value, "value"), arena, refusal)
                   : refuse_map(map, "an entry has no key", refusal);
        if (!done)
            break;
    }
    json_decref(json);
    return done;
}

/* What is left of the text between the braces. */
struct walk {
    struct text rest;
    bool has_prefixes; /* the first key is user_… or aws_…, so all are */
};

static void advance(struct walk *walk, size_t size)
{
    walk->rest = (struct text){ walk->rest.data + size, walk->rest.size - size };
}

static bool has_prefix(struct text key)
{
    static const char *const prefixes[] = { "user_", "aws_", "user:", "aws:" };
    for (size_t i = 0; i < ARRAY_COUNT(prefixes); i++)
        if (text_starts_with(key, text_of(prefixes[i])))
            return true;
    return false;
}

/* A text in single quotes, with backslashes before what would end it; what may follow it decides that it is one. */
static bool take_quoted(struct walk *walk, const char *followers, struct arena *arena, struct text *ret)
{
    struct text rest = walk->rest;
    if (rest.size < 2 || rest.data[0] != '\'')
        return false;
    char *bytes = arena_take(arena, rest.size, 1);
    size_t size = 0, at = 1;
    for (; at < rest.size && rest.data[at] != '\''; at++) {
        at += rest.data[at] == '\\' && at + 1 < rest.size;
        bytes[size++] = rest.data[at];
    }
    bool ends = at + 1 == rest.size, follows = at + 1 < rest.size && strchr(followers, rest.data[at + 1]);
    if (at >= rest.size || !(ends || follows))
        return false;
    advance(walk, at + 1);
    *ret = (struct text){ bytes, size };
    return true;
}

/* Whether an entry begins here: "key=", and of the kind of the first one. */
static bool begins_entry(const struct walk *walk, struct text rest)
{
    if (rest.size && rest.data[0] == '\'')
        return true;
    const char *equals = rest.size ? memchr(rest.data, '=', rest.size) : NULL;
    if (!equals || equals == rest.data)
        return false;
    struct text key = { rest.data, (size_t)(equals - rest.data) };
    return !text_contains(key, TEXT(", ")) && (!walk->has_prefixes || has_prefix(key));
}

/* A value goes on over a comma that no entry follows: texts of tags may hold anything. */
static struct text take_value(struct walk *walk)
{
    struct text rest = walk->rest;
    size_t at = 0;
    while (at < rest.size) {
        struct text next = { rest.data + at + 2, rest.size > at + 2 ? rest.size - at - 2 : 0 };
        if (rest.data[at] == ',' && at + 1 < rest.size && rest.data[at + 1] == ' ' && begins_entry(walk, next))
            break;
        at++;
    }
    advance(walk, at);
    return (struct text){ rest.data, at };
}

static bool take_key(struct walk *walk, struct arena *arena, struct text *key)
{
    if (take_quoted(walk, "=:", arena, key)) {
        advance(walk, walk->rest.size ? 1 : 0);
        while (walk->rest.size && walk->rest.data[0] == ' ')
            advance(walk, 1);
        return true;
    }
    const char *equals = walk->rest.size ? memchr(walk->rest.data, '=', walk->rest.size) : NULL;
    if (!equals || equals == walk->rest.data)
        return false;
    *key = (struct text){ walk->rest.data, (size_t)(equals - walk->rest.data) };
    advance(walk, key->size + 1);
    return true;
}

static bool add_braces(struct cur_tags *tags, const struct cur_tag_column *column, struct text map, struct arena *arena,
                       struct refusal *refusal)
{
    struct walk walk = { .rest = { map.data + 1, map.size - 2 } };
    walk.has_prefixes = has_prefix(walk.rest);
    while (walk.rest.size) {
        struct text key, value;
        if (!take_key(&walk, arena, &key))
            return refuse_map(map, "expected key=value", refusal);
        if (!take_quoted(&walk, ",", arena, &value))
            value = take_value(&walk);
        if (!cur_is_null(value))
            add_entry(tags, column, key, value, arena);
        if (walk.rest.size)
            advance(&walk, 1); /* the comma */
        while (walk.rest.size && walk.rest.data[0] == ' ')
            advance(&walk, 1);
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct text trimmed(struct text map)
{
    while (map.size && is_space(map.data[0]))
        map = (struct text){ map.data + 1, map.size - 1 };
    while (map.size && is_space(map.data[map.size - 1]))
        map.size--;
    return map;
}

bool cur_tags_add_map(struct cur_tags *tags, const struct cur_tag_column *column, struct text map, struct arena *arena,
                      struct refusal *refusal)
{
    map = trimmed(map);
    if (cur_is_null(map) || text_equal(map, TEXT("{}")) || map.size == 0)
        return true;
    tags->maps++;
    if (map.data[0] == '[')
        return add_json(tags, column, map, arena, refusal);
    if (map.size < 2 || map.data[0] != '{' || map.data[map.size - 1] != '}')
        return refuse_map(map, "expected {…}", refusal);
    size_t at = 1;
    while (is_space(map.data[at])) /* ends at the brace */
        at++;
    return map.data[at] == '"' || map.data[at] == '}' ? add_json(tags, column, map, arena, refusal)
                                                      : add_braces(tags, column, map, arena, refusal);
}

static int compare_tags(const void *left, const void *right)
{
    const struct tag *a = left, *b = right;
    int order = text_compare(a->key, b->key);
    return order ? order : text_compare(a->value, b->value);
}

static void drop_repeated(struct cur_tags *tags)
{
    size_t kept = 0;
    qsort(tags->items, tags->count, sizeof *tags->items, compare_tags);
    for (size_t i = 0; i < tags->count; i++)
        if (kept == 0 || compare_tags(&tags->items[kept - 1], &tags->items[i]) != 0)
            tags->items[kept++] = tags->items[i];
    tags->count = kept;
}

bool cur_tags_set(struct cur_tags *tags, struct usage_event *event, struct arena *arena, struct refusal *refusal)
{
    if (tags->count == 0)
        return true;
    if (tags->maps > 0)
        drop_repeated(tags);
    if (!tags_normalize(tags->items, &tags->count, refusal))
        return false;
    if (tags->count == 0)
        return true;
    struct tag *items = arena_take(arena, tags->count * sizeof *items, _Alignof(struct tag));
    memcpy(items, tags->items, tags->count * sizeof *items);
    event->tags = (struct tags){ items, tags->count };
    record_set(event, USAGE_EVENT_tags);
    return true;
}

void cur_tags_done(struct cur_tags *tags)
{
    free(tags->items);
    buffer_done(&tags->scratch);
    *tags = (struct cur_tags){ 0 };
}
