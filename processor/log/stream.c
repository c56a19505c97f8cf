/* log/stream.c: names, headers, and partitions that go together. */
#include "log/stream.h"

#include "model/line_item.h"

const char *stream_topic_name(enum stream_topic topic)
{
    static const char *const names[STREAM_TOPIC_COUNT] = {
        [STREAM_USAGE] = "usage",
        [STREAM_CONDUCTOR] = "conductor",
        [STREAM_TIERED] = "tiered",
        [STREAM_LINE_ITEMS] = "line-items",
        [STREAM_SUBTOTALS] = "subtotals",
        [STREAM_BILLS] = "bills",
        [STREAM_CUR] = "cur",
        [STREAM_CUR_MANIFESTS] = "cur-manifests",
        [STREAM_DEAD_LETTERS] = "dead-letters",
    };
    return names[topic];
}

struct text stream_header_of(const struct stream_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return TEXT_NONE;
}

static bool check_tasks(const char *prefix, enum stream_topic topic, int32_t count, int32_t max, struct error *error)
{
    return count <= max || error_fail(error, ERROR_INVALID, "topic %s%s: found %d partitions, expected at most %d", prefix,
                                      stream_topic_name(topic), count, max);
}

bool stream_check_partitions(const char *prefix, const int32_t counts[STREAM_TOPIC_COUNT], struct error *error)
{
    int32_t usage = counts[STREAM_USAGE], tiers = counts[STREAM_TIERED], bills = counts[STREAM_SUBTOTALS];
    if (!check_tasks(prefix, STREAM_USAGE, usage, USAGE_TASKS_MAX, error) ||
        !check_tasks(prefix, STREAM_TIERED, tiers, TIER_TASKS_MAX, error) ||
        !check_tasks(prefix, STREAM_SUBTOTALS, bills, BILL_TASKS_MAX, error))
        return false;
    int32_t line_items = counts[STREAM_LINE_ITEMS];
    return line_items >= usage + tiers + bills ||
           error_fail(error, ERROR_INVALID,
                      "topic %s%s: found %d partitions, expected at least %d: one for each of usage "
                      "(%d), tiered (%d) and subtotals (%d)",
                      prefix, stream_topic_name(STREAM_LINE_ITEMS), line_items, usage + tiers + bills, usage, tiers, bills);
}
