/* service/earlier_items.c: what is charged in the month before, with the changed items as that month has them. */
#include "service/earlier_items.h"

#include <stdlib.h>

#include "control/month_items.h"
#include "service/document_changes.h"

static void free_conductor(struct conductor *conductor)
{
    if (conductor)
        conductor_done(conductor);
    free(conductor);
}

/* ---- an item as a month has it ---- */

/* Of the version that covers the month, where the item has got others since. */
static void take_values(json_t *item, billing_period period)
{
    static const char *const values[] = { "Name", "Description", "ChargeDetails" };
    const json_t *found = item_version_at(item, period);
    for (size_t i = 0; i < ARRAY_COUNT(values) && found; i++)
        if (json_object_get(found, values[i]))
            json_object_set(item, values[i], json_object_get(found, values[i]));
}

/* Its values are those of the version that covers the month; without one it is of no month that is asked for. */
static void take_version(json_t *item, billing_period period)
{
    bool found = item_version_at(item, period);
    char month[TIME_TEXT_MAX], next[TIME_TEXT_MAX];
    take_values(item, period);
    period_format(found ? period : period + 1, month);
    period_format(found ? period + 1 : period + 2, next);
    json_object_set_new(item, "Versions", json_pack("[{s:s,s:s}]", "StartBillingPeriod", month, "EndBillingPeriod", next));
}

static struct document *document_of_month(const struct document *document, billing_period period)
{
    struct document *copy = document_draft(document, document->period);
    const char *id;
    size_t index;
    json_t *group, *item, *input, *counted;
    json_object_foreach (document->earlier, id, group) {
        if (!(item = document_edit(copy, ENTITY_ITEM, id)))
            continue;
        take_version(item, period);
        json_array_foreach (json_object_get(item, "Inputs"), index, input)
            if ((counted = document_edit(copy, ENTITY_ITEM, arn_id(entity_text(input, "Arn")))))
                take_version(counted, period);
    }
    document_publish(copy);
    return copy;
}

/* ---- groups ---- */

static uint32_t find_group(const struct conductor *conductor, const char *id)
{
    for (uint32_t i = 0; i < conductor->group_count; i++)
        if (text_equal(conductor->groups[i].id, text_of(id)))
            return i;
    return GROUP_NONE;
}

struct months {
    const struct conductor_topic *topic;
    const struct conductor *before, *today; /* the month's document, and today's with the items as the month has them */
    billing_period period;
    const json_t *ids;
};

static bool change_group(const struct months *months, const char *id, struct conductor_changes *changes, struct error *error)
{
    uint32_t today = find_group(months->today, id), before = find_group(months->before, id);
    struct buffer key = { 0 }, base = { 0 }, changed = { 0 }, merged = { 0 }, ignored = { 0 };
    if (today == GROUP_NONE)
        return true; /* it is gone with all that it had */
    month_items_write(months->today, today, months->period, &key, &changed);
    struct text known = conductor_topic_value(months->topic, buffer_text(&key));
    if (known.size)
        buffer_append_text(&base, known);
    else if (before != GROUP_NONE)
        month_items_write(months->before, before, months->period, &ignored, &base);
    else
        buffer_append_text(&base, buffer_text(&changed));
    bool done = month_items_merge(buffer_text(&base), buffer_text(&changed), months->ids, &merged, error);
    if (done)
        conductor_changes_add(changes, buffer_text(&key), buffer_text(&merged));
    buffer_done(&key);
    buffer_done(&base);
    buffer_done(&changed);
    buffer_done(&merged);
    buffer_done(&ignored);
    return done;
}

static bool change_groups(struct months *months, struct conductor_changes *changes, struct error *error)
{
    json_t *done_groups = json_object(), *group;
    const char *item;
    bool done = true;
    json_object_foreach ((json_t *)(uintptr_t)months->ids, item, group) {
        const char *id = json_string_value(group);
        if (!done || json_object_get(done_groups, id))
            continue;
        json_object_set_new(done_groups, id, json_true());
        done = change_group(months, id, changes, error);
    }
    json_decref(done_groups);
    return done;
}

static bool change_closed_month(const struct conductor_topic *topic, const struct document *then,
                                const struct document *document, billing_period period, struct conductor_changes *changes,
                                struct error *error)
{
    struct conductor *before = NULL, *today = NULL;
    struct document *now = document_of_month(document, period);
    bool done = document_conductor(then, &before, error) && document_conductor(now, &today, error);
    if (done) {
        before->version = today->version = conductor_topic_version(topic);
        struct months months = { topic, before, today, period, document->earlier };
        done = change_groups(&months, changes, error);
    }
    free_conductor(before);
    free_conductor(today);
    document_release(now);
    return done;
}

/* ---- a month that is open ---- */

/* `document` is of the month after. */
static void add_item(struct document *draft, const struct document *document, const char *id, const json_t *item)
{
    json_t *copy = json_deep_copy(item);
    take_values(copy, document->period - 1);
    document_add(draft, ENTITY_ITEM, id, copy);
}

/* What a percentage counts comes along with it, where that month has none: its versions say for which months it is. */
static void add_inputs(struct document *draft, const struct document *document, const json_t *item)
{
    size_t index;
    json_t *input;
    json_array_foreach (json_object_get(item, "Inputs"), index, input) {
        const char *id = arn_id(entity_text(input, "Arn"));
        json_t *counted = document_find(document, ENTITY_ITEM, id);
        if (counted && !document_find(draft, ENTITY_ITEM, id))
            add_item(draft, document, id, counted);
    }
}

struct document *earlier_items_document(const struct document *then, const struct document *document)
{
    struct document *draft = document_draft(then, then->period);
    const char *id;
    json_t *group, *item;
    json_object_foreach (document->earlier, id, group) {
        if ((item = document_find(document, ENTITY_ITEM, id)) &&
            document_find(then, ENTITY_GROUP, json_string_value(group))) {
            add_item(draft, document, id, item);
            add_inputs(draft, document, item);
        } else if (!item && document_find(draft, ENTITY_ITEM, id)) {
            document_drop_item(draft, id);
        }
    }
    return draft;
}

static bool tell_problems(const struct document *then, const struct problems *problems, struct error *error)
{
    char month[TIME_TEXT_MAX], first[PROBLEM_TEXT_MAX];
    period_format(then->period, month);
    problems_first(problems, first);
    return error_fail(error, ERROR_FAILED, "the document of %s would not hold with these items: %s", month, first);
}

static bool change_open_month(const struct conductor_topic *topic, const struct document *then,
                              const struct document *document, struct conductor_changes *changes, struct error *error)
{
    struct document *draft = earlier_items_document(then, document);
    struct problems problems = { 0 };
    struct price_list list = { 0 };
    problems_begin(&problems, "document");
    bool done = conductor_topic_prices(topic, then->period, &list, error) &&
                (document_check(draft, &list, &problems) || tell_problems(then, &problems, error));
    if (done) {
        document_publish(draft);
        done = document_changes(topic, draft, &list, changes, error);
    }
    problems_done(&problems);
    price_list_done(&list);
    document_release(draft);
    return done;
}

/* ---- both ---- */

static bool is_open(const struct conductor_topic *topic, billing_period period)
{
    billing_period first = conductor_topic_first_open(topic);
    return first == PERIOD_NONE || period >= first;
}

bool earlier_items_changes(const struct conductor_topic *topic, struct book *book, const struct document *document,
                           struct conductor_changes *changes, struct error *error)
{
    billing_period period = document->period - 1;
    *changes = (struct conductor_changes){ 0 };
    if (!document->earlier)
        return true;
    struct document *then = book_at(book, period);
    bool done = true, has_own = then->period != PERIOD_NONE && then->period <= period;
    if (month_items_can_change(topic, period))
        done = change_closed_month(topic, then, document, period, changes, error);
    else if (has_own && is_open(topic, period))
        done = change_open_month(topic, then, document, changes, error);
    document_release(then);
    return done;
}
