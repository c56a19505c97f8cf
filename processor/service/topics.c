/* service/topics.c: the reading thread: records into the view, a commit at the end of each round. */
#include "service/topics.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/intern.h"
#include "codec/cur_manifest.h"
#include "log/kafka_stream.h"
#include "observe/logging.h"
#include "service/control_reader.h"
#include "service/topics_parts.h"

#define POLL_MS 100
#define POLL_RECORDS 8192
#define COMMIT_BYTES ((size_t)8 * 1024 * 1024)
#define RETRY_SECONDS 1
/* After as many in a row it is what was read that is at fault. */
#define FAILURES_MAX 5
/* Half of what compaction keeps of deletions (a day): an older view may hold what was deleted while it did not look. */
#define VIEW_AGE_MAX_S (12 * 3600)
#define POSITIONS_MARK "positions"
#define MANIFEST_MARK "manifest/"

static const enum stream_topic kept_topics[] = { STREAM_BILLS, STREAM_LINE_ITEMS, STREAM_CUR_MANIFESTS,
                                                 STREAM_DEAD_LETTERS };

/* ---- positions ---- */

/* As kept in the view: topic, partition, offset, a line each, behind the time of the commit. */
static void write_positions(const struct topics *topics, struct buffer *out)
{
    buffer_printf(out, "%lld\n", (long long)time(NULL));
    for (size_t i = 0; i < topics->position_count; i++)
        if (topics->positions[i].topic != STREAM_CONDUCTOR)
            buffer_printf(out, "%d %d %lld\n", (int)topics->positions[i].topic, (int)topics->positions[i].partition,
                          (long long)topics->positions[i].offset);
}

static struct stream_partition *position_of(struct topics *topics, enum stream_topic topic, int32_t partition)
{
    for (size_t i = 0; i < topics->position_count; i++)
        if (topics->positions[i].topic == topic && topics->positions[i].partition == partition)
            return &topics->positions[i];
    return NULL;
}

/* False: a view that cannot be gone on with. */
static bool read_positions(struct topics *topics, struct text text)
{
    struct buffer copy = { 0 };
    long long written_s, offset;
    int topic, partition, used;
    buffer_append_text(&copy, text);
    buffer_append_byte(&copy, '\0');
    const char *at = copy.data;
    size_t found = 0;
    bool sound = sscanf(at, "%lld\n%n", &written_s, &used) == 1 && time(NULL) - written_s < VIEW_AGE_MAX_S;
    while (sound && sscanf(at += used, "%d %d %lld\n%n", &topic, &partition, &offset, &used) == 3) {
        struct stream_partition *position = position_of(topics, (enum stream_topic)topic, partition);
        if (position)
            position->offset = offset;
        found += position != NULL;
    }
    buffer_done(&copy);
    return sound && found + 1 == topics->position_count;
}

static void add_positions(struct topics *topics, enum stream_topic topic)
{
    int32_t count = topics->stream->ops->partition_count(topics->stream, topic);
    for (int32_t i = 0; i < count; i++) {
        topics->positions = memory_reserve_one(topics->positions, topics->position_count, &topics->position_capacity,
                                               sizeof *topics->positions);
        topics->positions[topics->position_count++] =
            (struct stream_partition){ .topic = topic, .partition = i, .offset = OFFSET_NONE };
    }
}

/* ---- records ---- */

static void note_change(struct topics *topics, struct text period, struct text group)
{
    struct buffer key = { 0 };
    buffer_append_text(&key, period);
    buffer_append_byte(&key, '/');
    buffer_append_text(&key, group);
    intern_add(&topics->changed, buffer_text(&key));
    buffer_done(&key);
}

/* Decodes, for as long as it takes: who knows the schema may be away for a while. False: no such record. */
static bool decode(struct topics *topics, const struct record_type *type, const struct stream_record *record, void *ret)
{
    struct refusal refusal;
    struct error error = { 0 };
    enum wire_answer answer;
    arena_reset(&topics->arena);
    while ((answer = wire_decode(topics->options.wire, type, record->value, ret, &topics->arena, &refusal, &error)) ==
               WIRE_LATER &&
           !atomic_load(&topics->stopping)) {
        log_event(LOGGING_WARN, "schema_awaited", LOG_TEXT("reason", error.message));
        nanosleep(&(struct timespec){ RETRY_SECONDS, 0 }, NULL);
    }
    if (answer == WIRE_REFUSED)
        log_event(LOGGING_ERROR, "record_unreadable", LOG_TEXT("topic", stream_topic_name(record->topic)),
                  LOG_NUMBER("partition", record->partition), LOG_NUMBER("offset", record->offset),
                  LOG_TEXT("reason", refusal.detail));
    return answer == WIRE_DONE;
}

static struct text take_part(struct text *rest)
{
    const char *slash = rest->size ? memchr(rest->data, '/', rest->size) : NULL;
    struct text part = { rest->data, slash ? (size_t)(slash - rest->data) : rest->size };
    *rest = slash ? (struct text){ slash + 1, rest->size - part.size - 1 } : TEXT_NONE;
    return part;
}

/* Keyed by group / period / account / service / type. */
static bool take_bill(struct topics *topics, const struct stream_record *record, struct error *error)
{
    struct text rest = record->key, group = take_part(&rest), period = take_part(&rest);
    struct bill bill;
    if (!topics_keeps(topics, period))
        return true;
    note_change(topics, period, group);
    if (record->is_null) {
        struct text account = take_part(&rest), service = take_part(&rest);
        view_delete_bill(topics->view, group, period, account, service, rest);
        return true;
    }
    return !decode(topics, &bill_type, record, &bill) || view_put_bill(topics->view, &bill, error);
}

static bool take_line_item(struct topics *topics, const struct stream_record *record, struct error *error)
{
    struct line_item item;
    if (record->key.size && record->key.data[0] == '#') {
        if (!record->is_null && decode(topics, &line_item_type, record, &item))
            topics_note_marker(topics, (uint32_t)record->partition, item.marker);
        return true;
    }
    if (record->is_null)
        return view_delete_line_item(topics->view, record->key, error);
    return !decode(topics, &line_item_type, record, &item) || !topics_keeps(topics, item.billing_period) ||
           view_put_line_item(topics->view, &item, error);
}

static void put_report(struct topics *topics, struct text period, struct text group, struct text account,
                       struct text snapshot)
{
    struct buffer name = { 0 };
    buffer_printf(&name, MANIFEST_MARK "%.*s/%.*s/%.*s", TEXT_ARGS(period), TEXT_ARGS(group), TEXT_ARGS(account));
    view_put_mark(topics->view, buffer_text(&name), snapshot);
    buffer_done(&name);
}

/* "group/2026-06/account": an account of which a later revision has nothing. */
static void drop_report(struct topics *topics, struct text key)
{
    const char *end = key.data + key.size;
    const char *first = key.size ? memchr(key.data, '/', key.size) : NULL;
    const char *second = first ? memchr(first + 1, '/', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return;
    struct buffer name = { 0 };
    buffer_printf(&name, MANIFEST_MARK "%.*s/%.*s/%.*s", (int)(second - first - 1), first + 1, (int)(first - key.data),
                  key.data, (int)(end - second - 1), second + 1);
    view_delete_mark(topics->view, buffer_text(&name));
    buffer_done(&name);
}

/* A group's manifest names its accounts: each has a report of its own. */
static void take_manifest(struct topics *topics, const struct stream_record *record)
{
    struct cur_manifest manifest;
    struct error error = { 0 };
    if (record->is_null) {
        drop_report(topics, record->key);
        return;
    }
    arena_reset(&topics->arena);
    if (!wire_decode_manifest(topics->options.wire, record->value, &manifest, &topics->arena, &error)) {
        log_event(LOGGING_ERROR, "record_unreadable", LOG_TEXT("topic", stream_topic_name(record->topic)),
                  LOG_NUMBER("partition", record->partition), LOG_NUMBER("offset", record->offset),
                  LOG_TEXT("reason", error.message));
        return;
    }
    put_report(topics, manifest.billing_period, manifest.billing_group, TEXT_NONE, manifest.snapshot_id);
    for (size_t i = 0; i < manifest.total_count; i++)
        put_report(topics, manifest.billing_period, manifest.billing_group, manifest.totals[i].usage_account_id,
                   manifest.snapshot_id);
    note_change(topics, manifest.billing_period, manifest.billing_group);
}

static bool take_control(struct topics *topics, const struct stream_record *record, struct error *error)
{
    pthread_mutex_lock(&topics->control_lock);
    bool done = control_reader_take(topics->control, record, error);
    pthread_mutex_unlock(&topics->control_lock);
    return done;
}

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct topics *topics = context;
    struct stream_partition *position = position_of(topics, record->topic, record->partition);
    bool done = true;
    if (!position)
        return true;
    if (record->topic == STREAM_CONDUCTOR)
        done = take_control(topics, record, error);
    else if (record->topic == STREAM_BILLS)
        done = take_bill(topics, record, error);
    else if (record->topic == STREAM_LINE_ITEMS)
        done = take_line_item(topics, record, error);
    else if (record->topic == STREAM_DEAD_LETTERS)
        topics_note_dead(topics, record);
    else
        take_manifest(topics, record);
    position->offset = record->offset + 1;
    topics->moved = true;
    if (done && view_pending(topics->view) > COMMIT_BYTES)
        done = topics_commit(topics, error);
    return done;
}

/* The end may lie behind a commit's own mark, where no record is. */
static void on_ended(void *context, enum stream_topic topic, int32_t partition, int64_t end)
{
    struct topics *topics = context;
    struct stream_partition *position = position_of(topics, topic, partition);
    if (!position)
        return;
    if (position->offset < end) {
        position->offset = end;
        topics->moved = true;
    }
    if (!topics->ended[position - topics->positions])
        topics->ended_count++;
    topics->ended[position - topics->positions] = true;
}

/* ---- commits ---- */

static void tell_changes(struct topics *topics)
{
    for (uint32_t i = 0; i < topics->changed.count; i++) {
        struct text rest = intern_text(&topics->changed, i), period = take_part(&rest);
        if (topics->options.changed && topics->told)
            topics->options.changed(topics->options.context, period, rest);
    }
    if (topics->changed.count && topics->options.committed && topics->told)
        topics->options.committed(topics->options.context);
    intern_reset(&topics->changed);
}

bool topics_commit(struct topics *topics, struct error *error)
{
    struct buffer positions = { 0 };
    write_positions(topics, &positions);
    view_put_mark(topics->view, TEXT(POSITIONS_MARK), buffer_text(&positions));
    buffer_done(&positions);
    if (!view_commit(topics->view, error))
        return false;
    topics->moved = false;
    tell_changes(topics);
    return true;
}

/* What was read anew is whole when every partition has been read to its end; only then is it known what is old. */
static bool catch_up(struct topics *topics, struct error *error)
{
    if (topics->ended_count < topics->position_count)
        return true;
    atomic_store(&topics->unread, false);
    return topics_drop_months(topics, error);
}

/* One round: what is there is taken and committed. */
static bool do_round(struct topics *topics, struct error *error)
{
    const struct stream_handler handler = { .context = topics, .record = on_record, .ended = on_ended };
    if (topics->stream->ops->poll(topics->stream, POLL_MS, POLL_RECORDS, &handler, error) != OUTCOME_DONE)
        return false;
    pthread_mutex_lock(&topics->lock);
    control_reader_update(topics->control, topics->book);
    topics_note_closes(topics);
    pthread_mutex_unlock(&topics->lock);
    topics_ask_ends(topics);
    if (!view_is_there(topics->view))
        return error_fail(error, ERROR_FAILED, "somebody has deleted %s", topics->options.directory);
    json_object_clear(topics->kept);
    if (topics->moved && !topics_commit(topics, error))
        return false;
    return catch_up(topics, error);
}

/* ---- beginning ---- */

/* All is read from the beginning. */
static void forget_positions(struct topics *topics)
{
    for (size_t i = 0; i < topics->position_count; i++) {
        topics->positions[i].offset = OFFSET_NONE;
        topics->ended[i] = false;
    }
    topics->ended_count = 0;
}

static bool open_view(struct topics *topics, bool anew, struct error *error)
{
    struct buffer text = { 0 };
    bool found = false;
    if (anew)
        rocks_remove(topics->options.directory);
    bool done = view_open(topics->options.directory, topics->options.memory_bytes, &topics->view, error) &&
                view_fetch_mark(topics->view, TEXT(POSITIONS_MARK), &text, &found, error);
    bool goes_on = done && found && read_positions(topics, buffer_text(&text));
    buffer_done(&text);
    if (goes_on || (done && anew))
        return topics_load_dead(topics, error);
    forget_positions(topics);
    view_close(topics->view);
    topics->view = NULL;
    return !anew && open_view(topics, true, error);
}

static bool begin_stream(struct topics *topics, struct error *error)
{
    topics->kafka = *topics->options.kafka;
    topics->kafka.instance_id = NULL;
    if (!kafka_stream_open(&topics->kafka, NULL, 0, &topics->stream, error))
        return false;
    add_positions(topics, STREAM_CONDUCTOR);
    for (size_t i = 0; i < ARRAY_COUNT(kept_topics); i++)
        add_positions(topics, kept_topics[i]);
    topics->ended = memory_new_array(topics->position_count, sizeof *topics->ended);
    return true;
}

/* The conductor topic is small and read anew each time; the view goes on where it ended. */
static bool assign(struct topics *topics, struct error *error)
{
    pthread_mutex_lock(&topics->control_lock);
    control_reader_free(topics->control);
    topics->control = control_reader_new(topics->options.payer);
    pthread_mutex_unlock(&topics->control_lock);
    struct stream_partition *conductor = position_of(topics, STREAM_CONDUCTOR, 0);
    if (conductor)
        conductor->offset = OFFSET_NONE;
    return topics->stream->ops->assign(topics->stream, topics->positions, topics->position_count, error);
}

static bool may_go_on(const struct topics *topics, struct error *error)
{
    const _Atomic bool *stop = topics->options.stop;
    return !stop || !atomic_load(stop) || error_fail(error, ERROR_LATER, "nobody waits for it any more");
}

bool topics_open(const struct topics_options *options, struct topics **ret_topics, struct error *error)
{
    struct topics *topics = memory_new(sizeof *topics);
    topics->options = *options;
    pthread_mutex_init(&topics->lock, NULL);
    pthread_mutex_init(&topics->control_lock, NULL);
    pthread_mutex_init(&topics->report_lock, NULL);
    topics->book = book_new(options->payer);
    topics->months = json_object();
    topics->dead = json_object();
    topics->kept = json_object();
    bool done = begin_stream(topics, error) && open_view(topics, false, error) && assign(topics, error);
    while (done && topics->ended_count < topics->position_count)
        done = may_go_on(topics, error) && do_round(topics, error);
    if (!done) {
        topics_close(topics);
        return false;
    }
    topics->told = true;
    topics_note_answer(topics);
    *ret_topics = topics;
    return true;
}

/* ---- the thread ---- */

/* Nobody is shown half of it meanwhile. */
static bool remake_view(struct topics *topics, struct error *error)
{
    atomic_store(&topics->unread, true);
    json_object_clear(topics->dead);
    forget_positions(topics);
    return view_remake(topics->view, error);
}

/* Whatever went wrong, the topics have it all: the view is made anew if going on where it ended does not help. */
static void begin_again(struct topics *topics, const struct error *reason, bool anew)
{
    struct error error = { 0 };
    log_event(LOGGING_ERROR, "reading_failed", LOG_TEXT("reason", reason->message));
    nanosleep(&(struct timespec){ RETRY_SECONDS, 0 }, NULL);
    if (anew && !remake_view(topics, &error))
        log_event(LOGGING_ERROR, "reading_failed", LOG_TEXT("reason", error.message));
    if (topics->stream)
        topics->stream->ops->close(topics->stream);
    topics->stream = NULL;
    bool done = kafka_stream_open(&topics->kafka, NULL, 0, &topics->stream, &error);
    pthread_mutex_lock(&topics->lock);
    done = done && assign(topics, &error);
    pthread_mutex_unlock(&topics->lock);
    if (!done)
        log_event(LOGGING_ERROR, "reading_failed", LOG_TEXT("reason", error.message));
}

static void *run(void *context)
{
    struct topics *topics = context;
    unsigned failures = 0;
    while (!atomic_load(&topics->stopping)) {
        struct error error = { 0 };
        bool done = topics->stream ? do_round(topics, &error) : error_fail(&error, ERROR_FAILED, "there is no connection");
        failures = done ? 0 : failures + (topics->stream != NULL);
        if (!done)
            begin_again(topics, &error, failures >= FAILURES_MAX || !view_is_there(topics->view));
        failures %= FAILURES_MAX;
    }
    return NULL;
}

void topics_start(struct topics *topics)
{
    CHECK(pthread_create(&topics->thread, NULL, run, topics) == 0);
    topics->started = true;
}

void topics_stop(struct topics *topics)
{
    if (!topics || !topics->started)
        return;
    atomic_store(&topics->stopping, true);
    pthread_join(topics->thread, NULL);
    topics->started = false;
}

void topics_close(struct topics *topics)
{
    if (!topics)
        return;
    topics_stop(topics);
    if (topics->stream)
        topics->stream->ops->close(topics->stream);
    topics_writer_close(topics);
    view_close(topics->view);
    book_free(topics->book);
    control_reader_free(topics->control);
    intern_done(&topics->changed);
    arena_done(&topics->arena);
    json_decref(topics->months);
    json_decref(topics->ends);
    json_decref(topics->dead);
    json_decref(topics->kept);
    free(topics->positions);
    free(topics->ended);
    pthread_mutex_destroy(&topics->lock);
    pthread_mutex_destroy(&topics->control_lock);
    pthread_mutex_destroy(&topics->report_lock);
    free(topics);
}

struct book *topics_book(struct topics *topics)
{
    return topics->book;
}

struct view *topics_view(struct topics *topics)
{
    return topics->view;
}
