/* service/topics_writer.c: documents back to the topic. */
#include <stdlib.h>
#include <time.h>

#include "log/kafka_stream.h"
#include "service/apply.h"
#include "service/document_changes.h"
#include "service/earlier_items.h"
#include "service/topics_parts.h"

#define POLL_MS 100
#define POLL_RECORDS 8192
#define ROUNDS_MAX 600
#define REPLY_KEPT_S (48 * 3600)

static void close_stream(struct topics *topics)
{
    if (topics->writer.stream)
        topics->writer.stream->ops->close(topics->writer.stream);
    topics->writer.stream = NULL;
    control_reader_free(topics->writer.control);
    topics->writer.control = NULL;
}

void topics_writer_close(struct topics *topics)
{
    close_stream(topics);
    price_list_done(&topics->writer.prices);
}

/* Under the name that all who publish documents share: who opens last is the one that can commit. */
static bool open_stream(struct topics *topics, struct error *error)
{
    if (topics->writer.stream)
        return true;
    topics->writer.kafka = *topics->options.kafka;
    topics->writer.kafka.instance_id = APPLY_INSTANCE;
    if (!kafka_stream_open(&topics->writer.kafka, NULL, 0, &topics->writer.stream, error))
        return false;
    topics->writer.control = control_reader_new(topics->options.payer);
    topics->writer.position = (struct stream_partition){ .topic = STREAM_CONDUCTOR, .offset = OFFSET_NONE };
    topics->writer.prices_of = PERIOD_NONE;
    return topics->writer.stream->ops->assign(topics->writer.stream, &topics->writer.position, 1, error);
}

static bool on_record(void *context, const struct stream_record *record, struct error *error)
{
    struct topics *topics = context;
    topics->writer.position.offset = record->offset + 1;
    return control_reader_take(topics->writer.control, record, error);
}

static void on_ended(void *context, enum stream_topic topic, int32_t partition, int64_t end)
{
    struct topics *topics = context;
    (void)topic;
    (void)partition;
    if (topics->writer.position.offset < end)
        topics->writer.position.offset = end;
}

static bool read_on(struct topics *topics, struct error *error)
{
    const struct stream_handler handler = { .context = topics, .record = on_record, .ended = on_ended };
    const struct stream_ops *ops = topics->writer.stream->ops;
    int64_t first;
    int64_t version = conductor_topic_version(control_reader_topic(topics->writer.control));
    /* To the very end: a version that somebody's open transaction hides would be published once more. */
    if (!ops->range(topics->writer.stream, STREAM_CONDUCTOR, 0, &first, &topics->writer.end, error) ||
        !ops->high(topics->writer.stream, STREAM_CONDUCTOR, 0, STREAM_ANSWER_MS, &topics->writer.end, error))
        return false;
    for (unsigned i = 0; topics->writer.position.offset < topics->writer.end && topics->writer.end > first; i++) {
        if (i == ROUNDS_MAX)
            return error_fail(error, ERROR_FAILED, "the conductor topic cannot be read to its end");
        if (ops->poll(topics->writer.stream, POLL_MS, POLL_RECORDS, &handler, error) != OUTCOME_DONE)
            return false;
    }
    if (conductor_topic_version(control_reader_topic(topics->writer.control)) != version)
        topics->writer.prices_of = PERIOD_NONE;
    return true;
}

static bool refresh(void *context, struct error *error)
{
    struct topics *topics = context;
    bool done = open_stream(topics, error) && read_on(topics, error);
    if (done)
        control_reader_update(topics->writer.control, topics->book);
    else
        close_stream(topics);
    return done;
}

static const char *kept(void *context, const char *key)
{
    struct topics *topics = context;
    return control_reader_reply(topics->writer.control, key);
}

/* Of the document in force in a month; the next one keeps them. */
static const struct price_list *prices(void *context, billing_period period)
{
    struct topics *topics = context;
    struct error error;
    if (topics->writer.prices_of == period)
        return &topics->writer.prices;
    price_list_done(&topics->writer.prices);
    topics->writer.prices = (struct price_list){ 0 };
    if (!conductor_topic_prices(control_reader_topic(topics->writer.control), period, &topics->writer.prices, &error)) {
        price_list_done(&topics->writer.prices);
        topics->writer.prices = (struct price_list){ 0 };
        price_list_index(&topics->writer.prices);
    }
    topics->writer.prices_of = period;
    return &topics->writer.prices;
}

/* Records of kept replies, and deletions of those that are too old. */
struct reply_records {
    struct arena arena;
    struct conductor_change *items;
    size_t count, capacity;
};

static void add_record(struct reply_records *records, struct text key, struct text value)
{
    records->items = memory_reserve_one(records->items, records->count, &records->capacity, sizeof *records->items);
    records->items[records->count++] =
        (struct conductor_change){ arena_copy(&records->arena, key), arena_copy(&records->arena, value) };
}

static void add_expired(void *context, const char *key)
{
    add_record(context, text_of(key), TEXT_NONE);
}

static void add_replies(struct topics *topics, billing_period period, const struct kept_reply *replies, size_t count,
                        struct reply_records *records)
{
    struct buffer key = { 0 };
    for (size_t i = 0; i < count; i++) {
        buffer_clear(&key);
        control_reader_reply_key(period, replies[i].key, &key);
        add_record(records, buffer_text(&key), text_of(replies[i].json));
    }
    buffer_done(&key);
    control_reader_expired(topics->writer.control, (int64_t)time(NULL) - REPLY_KEPT_S, add_expired, records);
}

static enum publish_outcome outcome_of(struct topics *topics, enum stream_outcome outcome, struct error *error)
{
    struct error ignored;
    switch (outcome) {
    case OUTCOME_DONE:
        return PUBLISH_DONE;
    case OUTCOME_ABORT:
    case OUTCOME_LATER:
        if (topics->writer.stream->ops->abort(topics->writer.stream, &ignored) != OUTCOME_DONE)
            close_stream(topics);
        return PUBLISH_LOST;
    case OUTCOME_INDETERMINATE:
    case OUTCOME_FENCED:
        /* Read again from the beginning: what was committed, also by us, is there then. */
        close_stream(topics);
        return PUBLISH_LOST;
    case OUTCOME_REFUSED:
        break;
    }
    close_stream(topics);
    (void)error;
    return PUBLISH_FAILED;
}

/* What the document makes of its month, and the version that it then is. */
static bool compute_month(struct topics *topics, const struct conductor_topic *topic, const struct document *document,
                          struct conductor_changes *changes, int64_t *version, struct error *error)
{
    bool done = document_changes(topic, document, prices(topics, document->period), changes, error);
    *version = conductor_topic_version(topic) + (done && changes->count > 0);
    return done;
}

/* And, before that, of the month before. */
static bool compute(struct topics *topics, const struct document *document, struct conductor_changes *changes,
                    struct conductor_changes *earlier, int64_t *version, struct error *error)
{
    struct conductor_topic *topic = control_reader_topic(topics->writer.control);
    if (!earlier_items_changes(topic, topics->book, document, earlier, error))
        return false;
    if (earlier->count == 0)
        return compute_month(topics, topic, document, changes, version, error);
    struct conductor_topic *with = conductor_topic_copy(topic);
    bool done =
        conductor_topic_take_changes(with, earlier, error) && compute_month(topics, with, document, changes, version, error);
    conductor_topic_free(with);
    return done;
}

static enum publish_outcome publish(void *context, struct document *document, const struct kept_reply *replies,
                                    size_t reply_count, struct error *error)
{
    struct topics *topics = context;
    struct conductor_changes changes = { 0 }, earlier = { 0 };
    struct reply_records records = { 0 };
    int64_t version = 0;
    bool done = compute(topics, document, &changes, &earlier, &version, error);
    /* No broker is asked until here. */
    enum publish_outcome outcome = error->kind == ERROR_FAILED ? PUBLISH_REFUSED : PUBLISH_FAILED;
    for (size_t i = 0; i < earlier.count && done; i++)
        add_record(&records, earlier.items[i].key, earlier.items[i].value);
    if (done) {
        add_replies(topics, document->period, replies, reply_count, &records);
        outcome =
            outcome_of(topics, apply_publish(topics->writer.stream, &changes, records.items, records.count, error), error);
        document->version = version;
    }
    if (outcome == PUBLISH_DONE)
        book_put(topics->book, document_hold(document));
    /* The month before has a document of its own, which the next list is to show. Committed is committed, read or not. */
    if (outcome == PUBLISH_DONE && earlier.count > 0)
        refresh(topics, &(struct error){ 0 });
    conductor_changes_done(&changes);
    conductor_changes_done(&earlier);
    free(records.items);
    arena_done(&records.arena);
    return outcome;
}

struct publisher topics_publisher(struct topics *topics)
{
    return (struct publisher){ topics, refresh, kept, prices, publish };
}
