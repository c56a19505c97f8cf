/* control/document_difference.c: two documents as JSON by kind and id, held against each other. */
#include "control/document_difference.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of keys in the order in which they are told, and what people call them. */
static const struct {
    const char *kind, *word;
} kinds[] = {
    { "document", "document" },
    { "BillingGroups", "billing group" },
    { "LinkedAccounts", "account" },
    { "PricingPlans", "pricing plan" },
    { "PricingRulesAssociatedToPricingPlan", "pricing plan" },
    { "PricingRules", "pricing rule" },
    { "CustomLineItems", "custom line item" },
    { "CustomLineItemVersions", "custom line item" },
    { "ResourcesAssociatedToCustomLineItem", "custom line item" },
    { "BillingTransferPreferences", "billing transfer preference" },
    { "Price", "price" },
};

struct telling {
    struct document_difference *difference;
    json_t *before, *after; /* kind to id to entity */
    size_t lines_max;
    struct buffer line;
};

/* ---- the two documents ---- */

struct collecting {
    json_t *root;
    char month[TIME_TEXT_MAX];
    bool choose_month; /* only looks for the month to be held against */
    char asked[TIME_TEXT_MAX];
};

static bool is_told(struct text kind)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (text_equal(kind, text_of(kinds[i].kind)))
            return true;
    return false;
}

static void put(json_t *root, struct text kind, struct text id, struct text value)
{
    json_t *entities = json_object_getn(root, kind.data, kind.size);
    if (!entities) {
        entities = json_object();
        json_object_setn_new(root, kind.data, kind.size, entities);
    }
    json_error_t reason;
    json_t *entity = json_loadb(value.data, value.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);
    json_object_setn_new(entities, id.data, id.size, entity ? entity : json_null());
}

static void take_value(void *context, struct text period, struct text kind, struct text id, struct text value)
{
    struct collecting *collecting = context;
    if (!is_told(kind))
        return;
    if (!collecting->choose_month) {
        if (text_equal(period, text_of(collecting->month)))
            put(collecting->root, kind, id, value);
        return;
    }
    bool is_nearer = text_compare(period, text_of(collecting->month)) > 0;
    if (period.size < TIME_TEXT_MAX && is_nearer && text_compare(period, text_of(collecting->asked)) <= 0) {
        memcpy(collecting->month, period.data, period.size);
        collecting->month[period.size] = '\0';
    }
}

/* The month's own document, or the last one before it. */
static json_t *document_before(const struct conductor_topic *topic, billing_period period)
{
    struct collecting collecting = { .root = json_object(), .choose_month = true };
    period_format(period, collecting.asked);
    conductor_topic_each(topic, take_value, &collecting);
    collecting.choose_month = false;
    conductor_topic_each(topic, take_value, &collecting);
    return collecting.root;
}

/* "2026-06/PricingRules/id": what lies behind the month. */
static bool split_key(struct text key, struct text *kind, struct text *id)
{
    const char *end = key.data + key.size;
    const char *first = key.size ? memchr(key.data, '/', key.size) : NULL;
    const char *second = first ? memchr(first + 1, '/', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return false;
    *kind = (struct text){ first + 1, (size_t)(second - first - 1) };
    *id = (struct text){ second + 1, (size_t)(end - second - 1) };
    return true;
}

static json_t *document_after(const struct conductor_topic *topic, billing_period period,
                              const struct conductor_changes *changes)
{
    struct collecting collecting = { .root = json_object() };
    struct text kind, id;
    period_format(period, collecting.month);
    conductor_topic_each(topic, take_value, &collecting);
    for (size_t i = 0; i < changes->count; i++) {
        if (!split_key(changes->items[i].key, &kind, &id) || !is_told(kind))
            continue;
        if (changes->items[i].value.size)
            put(collecting.root, kind, id, changes->items[i].value);
        else
            json_object_deln(json_object_getn(collecting.root, kind.data, kind.size), id.data, id.size);
    }
    return collecting.root;
}

/* ---- words ---- */

static const char *last_part(const char *arn)
{
    const char *slash = arn ? strrchr(arn, '/') : NULL;
    return slash ? slash + 1 : arn;
}

static const char *member_text(const json_t *entity, const char *name)
{
    return json_string_value(json_object_get(entity, name));
}

/* The name that an entity has after the change, or had before. */
static const char *name_of(const struct telling *telling, const char *kind, const char *id)
{
    const json_t *roots[] = { telling->after, telling->before };
    for (size_t i = 0; i < ARRAY_COUNT(roots); i++) {
        const char *name = member_text(json_object_get(json_object_get(roots[i], kind), id), "Name");
        if (name)
            return name;
    }
    return NULL;
}

static void append_named(struct telling *telling, const char *kind, const char *id)
{
    const char *name = name_of(telling, kind, id);
    if (name)
        buffer_printf(&telling->line, "\"%s\" (%s)", name, id);
    else
        buffer_printf(&telling->line, "%s", id);
}

static void append_value(struct telling *telling, const json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        buffer_printf(&telling->line, "%s", strncmp(text, "arn:", 4) == 0 ? last_part(text) : text);
        return;
    }
    const char *arn = member_text(value, "Arn");
    char *dumped = arn ? NULL : json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    buffer_printf(&telling->line, "%s", arn ? last_part(arn) : dumped ? dumped : "?");
    free(dumped);
}

/* ", " behind the first of several. */
static void append_between(struct telling *telling, size_t *told)
{
    buffer_append_text(&telling->line, *told ? TEXT(", ") : TEXT(": "));
    ++*told;
}

static bool holds(const json_t *array, const json_t *wanted)
{
    size_t index;
    const json_t *value;
    json_array_foreach (array, index, value)
        if (json_equal(value, wanted))
            return true;
    return false;
}

static void tell_elements(struct telling *telling, const json_t *of, const json_t *missing_in, const char *word,
                          size_t *told)
{
    size_t index;
    const json_t *value;
    json_array_foreach (of, index, value) {
        if (holds(missing_in, value))
            continue;
        append_between(telling, told);
        buffer_printf(&telling->line, "%s ", word);
        append_value(telling, value);
    }
}

/* "ModifierPercentage 7.25 instead of 5" for each member that differs, however deep; of lists what comes and goes. */
static void tell_members(struct telling *telling, const char *name, json_t *before, json_t *after, size_t *told)
{
    const char *key;
    json_t *value;
    if (json_equal(before, after))
        return;
    if (json_is_object(before) && json_is_object(after)) {
        json_object_foreach (before, key, value)
            tell_members(telling, key, value, json_object_get(after, key), told);
        json_object_foreach (after, key, value)
            if (!json_object_get(before, key))
                tell_members(telling, key, NULL, value, told);
        return;
    }
    if (json_is_array(before) && json_is_array(after) && strcmp(name, "tiers") != 0) {
        tell_elements(telling, after, before, "with", told);
        tell_elements(telling, before, after, "without", told);
        return;
    }
    append_between(telling, told);
    buffer_printf(&telling->line, "%s ", name);
    if (after)
        append_value(telling, after);
    else
        buffer_append_text(&telling->line, TEXT("none"));
    if (before) {
        buffer_append_text(&telling->line, TEXT(" instead of "));
        append_value(telling, before);
    }
}

/* What joins or leaves a group, or moves between two. False: its group stays as it is. */
static bool tell_move(struct telling *telling, const char *account, const json_t *before, const json_t *after)
{
    const char *from = last_part(member_text(before, "BillingGroupArn"));
    const char *to = last_part(member_text(after, "BillingGroupArn"));
    if ((!from && !to) || (from && to && strcmp(from, to) == 0))
        return false;
    buffer_printf(&telling->line, "account %s %s billing group ", account, !from ? "joins" : !to ? "leaves" : "moves from");
    append_named(telling, "BillingGroups", from ? from : to);
    if (from && to) {
        buffer_append_text(&telling->line, TEXT(" to "));
        append_named(telling, "BillingGroups", to);
    }
    return true;
}

/* An entity that others name by its id: "custom line item "support" (cliSupport)". */
static void tell_subject(struct telling *telling, const char *kind, const char *word, const char *id, const json_t *entity)
{
    const char *owners = strcmp(kind, "PricingRulesAssociatedToPricingPlan") == 0                ? "PricingPlans"
                         : strncmp(kind, "Custom", 6) == 0 || strncmp(kind, "Resources", 9) == 0 ? "CustomLineItems"
                                                                                                 : kind;
    const char *arn = last_part(member_text(entity, "Arn"));
    buffer_printf(&telling->line, "%s ", word);
    append_named(telling, owners, strcmp(kind, "CustomLineItemVersions") == 0 && arn ? arn : id);
    const char *start = member_text(entity, "StartBillingPeriod"), *end = member_text(entity, "EndBillingPeriod");
    if (strcmp(kind, "CustomLineItemVersions") == 0)
        buffer_printf(&telling->line, " from %s%s%s", start ? start : "the beginning", end ? " to before " : "",
                      end ? end : "");
    if (strcmp(kind, "Price") == 0 && member_text(entity, "service"))
        buffer_printf(&telling->line, " of %s", member_text(entity, "service"));
}

/* ---- entities ---- */

static void tell_entity(struct telling *telling, const char *kind, const char *word, const char *id, json_t *before,
                        json_t *after)
{
    struct document_difference *difference = telling->difference;
    size_t told = 0;
    difference->added += !before;
    difference->removed += !after;
    difference->changed += before && after;
    if (difference->lines == telling->lines_max)
        return;
    difference->lines++;
    buffer_clear(&telling->line);
    bool moves = strcmp(kind, "LinkedAccounts") == 0 && tell_move(telling, id, before, after);
    if (!moves)
        tell_subject(telling, kind, word, id, after ? after : before);
    if (!before || !after)
        buffer_printf(&telling->line, "%s %s", moves ? "," : "", before ? "removed" : "added");
    else if (!moves)
        tell_members(telling, kind, before, after, &told);
    buffer_append(&difference->words, telling->line.data, telling->line.size);
    buffer_append_byte(&difference->words, '\n');
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void tell_kind(struct telling *telling, const char *kind, const char *word)
{
    json_t *before = json_object_get(telling->before, kind), *after = json_object_get(telling->after, kind), *value;
    const char **ids = memory_new_array(json_object_size(before) + json_object_size(after) + 1, sizeof *ids);
    const char *id;
    size_t count = 0;
    json_object_foreach (before, id, value)
        if (!json_equal(value, json_object_get(after, id)))
            ids[count++] = id;
    json_object_foreach (after, id, value)
        if (!json_object_get(before, id))
            ids[count++] = id;
    qsort(ids, count, sizeof *ids, compare_names);
    for (size_t i = 0; i < count; i++)
        tell_entity(telling, kind, word, ids[i], json_object_get(before, ids[i]), json_object_get(after, ids[i]));
    free(ids);
}

void document_difference_tell(const struct conductor_topic *topic, billing_period period,
                              const struct conductor_changes *changes, size_t lines_max,
                              struct document_difference *difference)
{
    *difference = (struct document_difference){ 0 };
    struct telling telling = { .difference = difference,
                               .before = document_before(topic, period),
                               .after = document_after(topic, period, changes),
                               .lines_max = lines_max };
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        tell_kind(&telling, kinds[i].kind, kinds[i].word);
    json_decref(telling.before);
    json_decref(telling.after);
    buffer_done(&telling.line);
}

void document_difference_done(struct document_difference *difference)
{
    buffer_done(&difference->words);
    *difference = (struct document_difference){ 0 };
}
