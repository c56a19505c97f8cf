/* service/topics_months.c: states of months and their reports, from close records and manifests. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "observe/logging.h"
#include "service/topics_parts.h"

#define DROPPED_ROWS_MAX ((size_t)20000) /* a step, between records that come */

void topics_note_closes(struct topics *topics)
{
    const struct conductor_topic *topic = control_reader_topic(topics->control);
    for (size_t i = 0; i < conductor_topic_close_count(topic); i++) {
        char month[TIME_TEXT_MAX];
        period_format(conductor_topic_close(topic, i)->period, month);
        json_object_set_new(topics->months, month, json_true());
    }
}

static billing_period running_month(void *context)
{
    (void)context;
    return period_of((int64_t)time(NULL) * 1000);
}

struct manifest_walk {
    void (*visit)(void *visitor, struct text group, struct text account);
    void *visitor;
    size_t count, prefix;
};

/* "manifest/2026-06/GROUP/ACCOUNT" */
static void take_manifest(void *context, struct text name, struct text value)
{
    struct manifest_walk *walk = context;
    struct text rest = { name.data + walk->prefix, name.size - walk->prefix };
    const char *slash = rest.size ? memchr(rest.data, '/', rest.size) : NULL;
    (void)value;
    if (!slash)
        return;
    size_t size = (size_t)(slash - rest.data);
    walk->count++;
    if (walk->visit)
        walk->visit(walk->visitor, (struct text){ rest.data, size }, (struct text){ slash + 1, rest.size - size - 1 });
}

static bool walk_manifests(struct topics *topics, billing_period period, struct manifest_walk *walk, struct error *error)
{
    struct buffer prefix = { 0 };
    char month[TIME_TEXT_MAX];
    period_format(period, month);
    buffer_printf(&prefix, "manifest/%s/", month);
    walk->prefix = prefix.size;
    bool done = view_marks(topics->view, buffer_text(&prefix), take_manifest, walk, error);
    buffer_done(&prefix);
    return done;
}

static bool reports(void *context, billing_period period,
                    void (*visit)(void *visitor, struct text group, struct text account), void *visitor, struct error *error)
{
    struct manifest_walk walk = { .visit = visit, .visitor = visitor };
    return walk_manifests(context, period, &walk, error);
}

static enum month_state month_state(void *context, billing_period period)
{
    struct topics *topics = context;
    struct manifest_walk walk = { 0 };
    struct error error;
    char month[TIME_TEXT_MAX];
    period_format(period, month);
    pthread_mutex_lock(&topics->lock);
    bool closes = json_object_get(topics->months, month);
    pthread_mutex_unlock(&topics->lock);
    if (!closes)
        return MONTH_OPEN;
    if (!walk_manifests(topics, period, &walk, &error) || walk.count == 0)
        return MONTH_CLOSING;
    return period > running_month(NULL) - topics->options.months ? MONTH_CLOSED : MONTH_GONE;
}

/* ---- months that were closed long ago ---- */

bool topics_keeps(struct topics *topics, struct text text)
{
    billing_period period, first = running_month(NULL) - topics->options.months + 1;
    const json_t *known = json_object_getn(topics->kept, text.data, text.size);
    if (known)
        return json_is_true(known);
    bool keeps = !period_parse(text, &period) || period >= first || month_state(topics, period) != MONTH_GONE;
    json_object_setn_new(topics->kept, text.data, text.size, json_boolean(keeps));
    return keeps;
}

struct oldest {
    struct topics *topics;
    char period[8];
};

static void note_oldest(void *context, struct text period)
{
    struct oldest *oldest = context;
    if (!oldest->period[0] && period.size < sizeof oldest->period && !topics_keeps(oldest->topics, period))
        snprintf(oldest->period, sizeof oldest->period, "%.*s", TEXT_ARGS(period));
}

/* A step of one month; the next round goes on. */
bool topics_drop_months(struct topics *topics, struct error *error)
{
    struct oldest oldest = { .topics = topics };
    bool whole;
    if (!view_periods(topics->view, note_oldest, &oldest, error))
        return false;
    if (!oldest.period[0])
        return true;
    if (!view_drop_month(topics->view, text_of(oldest.period), DROPPED_ROWS_MAX, &whole, error))
        return false;
    if (whole)
        log_event(LOGGING_INFO, "month_left_view", LOG_TEXT("period", oldest.period));
    return true;
}

struct source topics_source(struct topics *topics)
{
    return (struct source){
        .context = topics,
        .running_month = running_month,
        .month_state = month_state,
        .reports = reports,
        .open_report = topics_open_report,
        .health = topics_health,
        .prices = topics_prices,
        .state = topics_state,
    };
}
