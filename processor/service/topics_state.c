/* service/topics_state.c: how far every task is, from its markers and its input's end; dead letters by reason. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "service/topics_parts.h"
#include "tasks/marker.h"
#include "tasks/task.h"

#define ASK_SECONDS 2
#define AWAY_MS 15000 /* without an answer, they are away */
#define TASK_MARK "task/"
#define DEAD_MARK "dead/"

/* ---- the reading thread ---- */

void topics_note_marker(struct topics *topics, uint32_t task, struct text marker)
{
    char name[sizeof TASK_MARK + 16];
    snprintf(name, sizeof name, TASK_MARK "%05u", task);
    view_put_mark(topics->view, text_of(name), marker);
}

static void take_count(void *context, struct text name, struct text value)
{
    json_t *dead = context;
    char digits[24];
    snprintf(digits, sizeof digits, "%.*s", TEXT_ARGS(value));
    json_object_setn_new(dead, name.data + sizeof DEAD_MARK - 1, name.size - (sizeof DEAD_MARK - 1),
                         json_integer(strtoll(digits, NULL, 10)));
}

bool topics_load_dead(struct topics *topics, struct error *error)
{
    json_object_clear(topics->dead);
    return view_marks(topics->view, TEXT(DEAD_MARK), take_count, topics->dead, error);
}

void topics_note_dead(struct topics *topics, const struct stream_record *record)
{
    struct buffer name = { 0 };
    char count[24];
    struct text reason = TEXT("unknown");
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, "reason") == 0)
            reason = record->headers[i].value;
    buffer_printf(&name, DEAD_MARK "%.*s", TEXT_ARGS(reason));
    buffer_append_byte(&name, '\0');
    const char *key = name.data + sizeof DEAD_MARK - 1;
    json_int_t number = json_integer_value(json_object_get(topics->dead, key)) + 1;
    json_object_set_new(topics->dead, key, json_integer(number));
    snprintf(count, sizeof count, "%lld", (long long)number);
    name.size--;
    view_put_mark(topics->view, buffer_text(&name), text_of(count));
    buffer_done(&name);
}

/* The ends of all inputs, now and then: a broker that does not answer leaves them as they were. */
void topics_ask_ends(struct topics *topics)
{
    static const enum stream_topic inputs[] = { STREAM_SUBTOTALS, STREAM_TIERED, STREAM_USAGE };
    struct stream *stream = topics->stream;
    time_t now = time(NULL);
    if (now < topics->asked + ASK_SECONDS)
        return;
    topics->asked = now;
    json_t *ends = json_object();
    for (size_t i = 0; i < ARRAY_COUNT(inputs); i++)
        for (int32_t p = 0; p < stream->ops->partition_count(stream, inputs[i]); p++) {
            int64_t first, end;
            struct error error;
            char number[16];
            if (!stream->ops->range(stream, inputs[i], p, &first, &end, &error)) {
                json_decref(ends);
                return;
            }
            snprintf(number, sizeof number, "%05u", task_number_of(stream, inputs[i], p));
            json_object_set_new(ends, number,
                                json_pack("{s:s,s:i,s:I}", "input", stream_topic_name(inputs[i]), "partition", (int)p, "end",
                                          (json_int_t)end));
        }
    topics_note_answer(topics);
    pthread_mutex_lock(&topics->lock);
    json_decref(topics->ends);
    topics->ends = ends;
    pthread_mutex_unlock(&topics->lock);
}

static int64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void topics_note_answer(struct topics *topics)
{
    atomic_store(&topics->answered_ms, monotonic_ms());
}

/* ---- any thread ---- */

enum source_health topics_health(void *context)
{
    struct topics *topics = context;
    if (atomic_load(&topics->unread))
        return SOURCE_UNREAD;
    return monotonic_ms() - atomic_load(&topics->answered_ms) < AWAY_MS ? SOURCE_READY : SOURCE_AWAY;
}

bool topics_prices(void *context, billing_period period, struct price_list *list, struct error *error)
{
    struct topics *topics = context;
    pthread_mutex_lock(&topics->control_lock);
    bool done = conductor_topic_prices(control_reader_topic(topics->control), period, list, error);
    pthread_mutex_unlock(&topics->control_lock);
    return done;
}

static void set_period(json_t *task, const char *name, billing_period period)
{
    char text[TIME_TEXT_MAX];
    if (period == PERIOD_NONE)
        return;
    period_format(period, text);
    json_object_set_new(task, name, json_string(text));
}

/* What a marker says goes into the task's row, which has its input's end. */
static void take_task(void *context, struct text name, struct text value)
{
    json_t *tasks = context;
    struct text number = { name.data + sizeof TASK_MARK - 1, name.size - (sizeof TASK_MARK - 1) };
    json_t *task = json_object_getn(tasks, number.data, number.size);
    struct marker marker = { 0 };
    struct error error;
    if (!task || !marker_read(value, &marker, &error))
        return;
    json_int_t end = json_integer_value(json_object_get(task, "end"));
    json_object_set_new(task, "offset", json_integer(marker.offset));
    json_object_set_new(task, "lag", json_integer(end > marker.offset ? end - marker.offset : 0));
    json_object_set_new(task, "conductor_version", json_integer(marker.version));
    if (marker.target != 0)
        json_object_set_new(task, "target_version", json_integer(marker.target));
    if (marker.target != 0 || marker.closing != PERIOD_NONE)
        json_object_set_new(task, "swept", json_integer(marker.swept));
    set_period(task, "closed", marker.closed);
    set_period(task, "closing", marker.closing);
    marker_done(&marker);
}

static json_t *list_tasks(json_t *tasks)
{
    json_t *list = json_array(), *task;
    const char *number;
    json_object_foreach (tasks, number, task) {
        json_object_set_new(task, "task", json_integer(strtoll(number, NULL, 10)));
        if (!json_object_get(task, "lag"))
            json_object_set(task, "lag", json_object_get(task, "end"));
        json_array_append(list, task);
    }
    return list;
}

static void take_dead(void *context, struct text name, struct text value)
{
    json_t *list = context;
    char digits[24];
    size_t skip = sizeof DEAD_MARK - 1;
    snprintf(digits, sizeof digits, "%.*s", TEXT_ARGS(value));
    json_array_append_new(list, json_pack("{s:o,s:I}", "reason", json_stringn(name.data + skip, name.size - skip), "count",
                                          (json_int_t)strtoll(digits, NULL, 10)));
}

static const char *const health_names[] = { [SOURCE_READY] = "ready", [SOURCE_AWAY] = "away", [SOURCE_UNREAD] = "unread" };

bool topics_state(void *context, struct buffer *out, struct error *error)
{
    struct topics *topics = context;
    pthread_mutex_lock(&topics->lock);
    json_t *tasks = topics->ends ? json_deep_copy(topics->ends) : json_object();
    pthread_mutex_unlock(&topics->lock);
    json_t *dead = json_array();
    bool done = view_marks(topics->view, TEXT(TASK_MARK), take_task, tasks, error) &&
                view_marks(topics->view, TEXT(DEAD_MARK), take_dead, dead, error);
    json_t *all = json_pack("{s:s,s:o,s:o}", "health", health_names[topics_health(topics)], "tasks", list_tasks(tasks),
                            "dead_letters", dead);
    char *text = done ? json_dumps(all, JSON_COMPACT) : NULL;
    buffer_append_text(out, text_of(text));
    free(text);
    json_decref(all);
    json_decref(tasks);
    return done;
}
