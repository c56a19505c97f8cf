/* documents/json_walk.c: follows the paths of the targets and hands captured values to jansson. */
#include "documents/json_walk.h"

#include "codec/json_text.h"
#include "documents/json_scan.h"

struct walk {
    struct json_scan scan;
    const struct json_target *targets;
    size_t target_count;
    bool seen[JSON_TARGETS_MAX];
    json_walk_visit *visit;
    void *context;
    struct error *error;
    struct buffer path, name, wrapped, scratch;
};

/* jansson reads arrays and objects only at the top: every captured text goes into brackets of its own. */
static json_t *parse_captured(struct walk *walk, struct json_position at, struct text text)
{
    buffer_clear(&walk->wrapped);
    buffer_append_byte(&walk->wrapped, '[');
    buffer_append_text(&walk->wrapped, text);
    buffer_append_byte(&walk->wrapped, ']');
    json_error_t failure;
    json_t *array = json_parse_exact(buffer_text(&walk->wrapped), &walk->scratch, &failure);
    if (!array)
        json_scan_fail(&walk->scan, at, "found a value that is no JSON: %s", failure.text);
    return array;
}

/* Reads a member's name and its colon. */
static bool read_name(struct walk *walk)
{
    if (json_scan_peek(&walk->scan) != '"')
        return json_scan_fail_expected(&walk->scan, "a member name in quotes");
    struct json_position at = json_scan_position(&walk->scan);
    struct text raw;
    json_scan_capture_begin(&walk->scan);
    if (!json_scan_skip_string(&walk->scan) || !json_scan_capture_end(&walk->scan, &raw))
        return false;
    buffer_clear(&walk->name);
    struct text plain = { raw.data + 1, raw.size - 2 };
    if (!memchr(plain.data, '\\', plain.size)) {
        if (!text_is_utf8(plain))
            return json_scan_fail(&walk->scan, at, "found a member name that is not UTF-8, expected UTF-8");
        buffer_append_text(&walk->name, plain);
    } else {
        json_t *array = parse_captured(walk, at, raw);
        if (!array)
            return false;
        const json_t *string = json_array_get(array, 0);
        buffer_append(&walk->name, json_string_value(string), json_string_length(string));
        json_decref(array);
    }
    return json_scan_take(&walk->scan, ':');
}

static bool capture_item(struct walk *walk, struct json_item *item)
{
    json_scan_peek(&walk->scan);
    struct json_position at = json_scan_position(&walk->scan);
    struct text text;
    json_scan_capture_begin(&walk->scan);
    if (!json_scan_skip_value(&walk->scan) || !json_scan_capture_end(&walk->scan, &text))
        return false;
    json_t *array = parse_captured(walk, at, text);
    if (!array)
        return false;
    item->value = json_array_get(array, 0);
    bool done = walk->visit(walk->context, item, walk->error);
    json_decref(array);
    return done;
}

static const char *kind_of(int byte)
{
    switch (byte) {
    case '{':
        return "an object";
    case '[':
        return "an array";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "true or false";
    default:
        return "a number";
    }
}

static bool walk_container(struct walk *walk, size_t target, char open, char close)
{
    int found = json_scan_peek(&walk->scan);
    if (found != open) {
        struct json_item item = { .target = target, .found = kind_of(found) };
        bool is_absent = found == 'n' || found < 0;
        return json_scan_skip_value(&walk->scan) && (is_absent || walk->visit(walk->context, &item, walk->error));
    }
    if (!json_scan_enter(&walk->scan, open))
        return false;
    bool more;
    for (size_t i = 0;; i++) {
        if (!json_scan_more(&walk->scan, close, i == 0, &more))
            return false;
        if (!more)
            return true;
        struct json_item item = { .target = target, .index = i };
        if (close == '}') {
            if (!read_name(walk))
                return false;
            item.name = buffer_text(&walk->name);
        }
        if (!capture_item(walk, &item))
            return false;
    }
}

static bool walk_target(struct walk *walk, size_t target)
{
    if (walk->seen[target])
        return json_scan_fail(&walk->scan, json_scan_position(&walk->scan), "found %s a second time, expected it once",
                              walk->targets[target].path);
    walk->seen[target] = true;
    switch (walk->targets[target].kind) {
    case JSON_ELEMENTS:
        return walk_container(walk, target, '[', ']');
    case JSON_MEMBERS:
        return walk_container(walk, target, '{', '}');
    case JSON_WHOLE:
        break;
    }
    struct json_item item = { .target = target };
    return json_scan_peek(&walk->scan) == 'n' ? json_scan_skip_value(&walk->scan) : capture_item(walk, &item);
}

/* True if a target lies below the current path. */
static bool leads_to_target(const struct walk *walk)
{
    struct text path = buffer_text(&walk->path);
    for (size_t i = 0; i < walk->target_count; i++) {
        struct text target = text_of(walk->targets[i].path);
        if (text_starts_with(target, path) && target.size > path.size && target.data[path.size] == '/')
            return true;
    }
    return false;
}

static bool walk_object(struct walk *walk);

/* The value of a member whose name has just been read. */
static bool walk_member(struct walk *walk)
{
    size_t path_size = walk->path.size;
    bool done;
    /* A path separates names by slashes: a name that holds one is none of the targets'. */
    if (walk->name.size == 0 || memchr(walk->name.data, '/', walk->name.size))
        return json_scan_skip_value(&walk->scan);
    buffer_append_byte(&walk->path, '/');
    buffer_append_text(&walk->path, buffer_text(&walk->name));
    size_t target = 0;
    while (target < walk->target_count && !text_equal(text_of(walk->targets[target].path), buffer_text(&walk->path)))
        target++;
    if (target < walk->target_count)
        done = walk_target(walk, target);
    else if (leads_to_target(walk) && json_scan_peek(&walk->scan) != 'n')
        done = walk_object(walk);
    else
        done = json_scan_skip_value(&walk->scan);
    walk->path.size = path_size;
    return done;
}

static bool walk_object(struct walk *walk)
{
    if (json_scan_peek(&walk->scan) != '{')
        return json_scan_fail_expected(&walk->scan, "an object");
    if (!json_scan_enter(&walk->scan, '{'))
        return false;
    bool more;
    for (bool is_first = true;; is_first = false) {
        if (!json_scan_more(&walk->scan, '}', is_first, &more))
            return false;
        if (!more)
            return true;
        if (!read_name(walk) || !walk_member(walk))
            return false;
    }
}

static struct walk walk_of(const struct json_target *targets, size_t target_count, json_walk_visit *visit, void *context,
                           struct error *error)
{
    CHECK(target_count <= JSON_TARGETS_MAX);
    return (
        struct walk){ .targets = targets, .target_count = target_count, .visit = visit, .context = context, .error = error };
}

static void walk_close(struct walk *walk)
{
    json_scan_close(&walk->scan);
    buffer_done(&walk->path);
    buffer_done(&walk->name);
    buffer_done(&walk->wrapped);
    buffer_done(&walk->scratch);
}

bool json_walk(struct input *input, const struct json_target *targets, size_t target_count, json_walk_visit *visit,
               void *context, bool *ret_seen, struct error *error)
{
    struct walk walk = walk_of(targets, target_count, visit, context, error);
    json_scan_open(&walk.scan, input, error);
    bool done = walk_object(&walk) && json_scan_end(&walk.scan);
    if (ret_seen)
        memcpy(ret_seen, walk.seen, target_count * sizeof *ret_seen);
    walk_close(&walk);
    return done;
}

static bool walk_document(struct walk *walk)
{
    size_t array = 0;
    while (array < walk->target_count && walk->targets[array].path[0] != '\0')
        array++;
    bool is_array = array < walk->target_count && json_scan_peek(&walk->scan) == '[';
    return is_array ? walk_target(walk, array) : walk_object(walk);
}

bool json_walk_all(struct input *input, const struct json_target *targets, size_t target_count, json_walk_visit *visit,
                   void *context, size_t *ret_documents, bool *ret_seen, struct error *error)
{
    struct walk walk = walk_of(targets, target_count, visit, context, error);
    json_scan_open(&walk.scan, input, error);
    memset(ret_seen, 0, target_count * sizeof *ret_seen);
    bool done = true;
    for (*ret_documents = 0; done && (*ret_documents == 0 || json_scan_peek(&walk.scan) >= 0); ++*ret_documents) {
        memset(walk.seen, 0, sizeof walk.seen);
        done = walk_document(&walk);
        for (size_t i = 0; i < target_count; i++)
            ret_seen[i] = ret_seen[i] || walk.seen[i];
    }
    done = done && json_scan_end(&walk.scan);
    walk_close(&walk);
    return done;
}
