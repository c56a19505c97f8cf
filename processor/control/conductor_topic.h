/*
 * control/conductor_topic.h: the conductor topic as a whole: entities of the document, price list entries, versions,
 * closes and imports, each under `period / kind / id` (SEMANTICS 4).
 *
 * The topic is compacted: the latest value of each key is the state. A document is published in one transaction that ends
 * with its version record, so whoever has read that has read it all. Values are JSON. Thread: one.
 */
#ifndef CONTROL_CONDUCTOR_TOPIC_H
#define CONTROL_CONDUCTOR_TOPIC_H

#include "base/buffer.h"
#include "base/intern.h"
#include "documents/conductor_json.h"
#include "log/stream.h"

/* A period that is to be closed, or was. */
struct close_record {
    billing_period period;
    int64_t version;
    int64_t *ends; /* end offset of every usage partition; OFFSET_NONE for one that owes nothing */
    size_t end_count;
    int64_t *report_from; /* of every partition of `cur`, where its rows may begin */
    size_t report_count;
};

struct conductor_topic;

struct conductor_topic *conductor_topic_new(void);
void conductor_topic_free(struct conductor_topic *topic);

/* Takes a record of the topic. */
MUST_USE bool conductor_topic_take(struct conductor_topic *topic, const struct stream_record *record, struct error *error);

/* The number of the newest version, of whatever month's document; 0 before the first. */
int64_t conductor_topic_version(const struct conductor_topic *topic);

/*
 * Documents by the month from which each is in force: up to the month before the next one's. The documents of a version are
 * the newest that each month had by then.
 */
size_t conductor_topic_month_count(const struct conductor_topic *topic);
billing_period conductor_topic_month(const struct conductor_topic *topic, size_t index);
/* The newest version of that month's document. */
int64_t conductor_topic_month_version(const struct conductor_topic *topic, size_t index);
/* The month of the document that is in force in a period: the last one not after it, else the first; PERIOD_NONE: none. */
billing_period conductor_topic_month_of(const struct conductor_topic *topic, billing_period period);
/* The month of the newest version's document; PERIOD_NONE before the first. */
billing_period conductor_topic_newest_month(const struct conductor_topic *topic);
/* The first month that no close is through for, as far as one is known; PERIOD_NONE: no month was closed. */
billing_period conductor_topic_first_open(const struct conductor_topic *topic);

/* The offset of the newest custom line items of a closed month (control/month_items.h); OFFSET_NONE: there are none. */
int64_t conductor_topic_items_offset(const struct conductor_topic *topic);

/* False: what was taken last is part of a document whose version record has not come yet. */
bool conductor_topic_is_whole(const struct conductor_topic *topic);

/*
 * The document that is in force in a period, and its price list; its version is the one that it was last changed by. The
 * caller frees both, after true. Fails: the topic has none.
 */
MUST_USE bool conductor_topic_document(const struct conductor_topic *topic, billing_period period,
                                       struct conductor **ret_conductor, struct price_list *list, struct error *error);

/* Its price list alone, into an empty one, which the caller frees in any case. */
MUST_USE bool conductor_topic_prices(const struct conductor_topic *topic, billing_period period, struct price_list *list,
                                     struct error *error);

/* The document's JSON as `export` prints it. */
MUST_USE bool conductor_topic_export(const struct conductor_topic *topic, billing_period period, struct buffer *out,
                                     struct error *error);

/* Closes in the order of their periods. Valid until the next take. */
size_t conductor_topic_close_count(const struct conductor_topic *topic);
const struct close_record *conductor_topic_close(const struct conductor_topic *topic, size_t index);

/* Visits all values, of every month and kind. The texts live until the next take. */
void conductor_topic_each(const struct conductor_topic *topic,
                          void (*visit)(void *context, struct text period, struct text kind, struct text id,
                                        struct text value),
                          void *context);

/* Whether a month's close is through: all bill tasks have said so. */
bool conductor_topic_is_closed(const struct conductor_topic *topic, billing_period period);

struct conductor_topic *conductor_topic_copy(const struct conductor_topic *topic);

/* The import record of a payer's month; empty: none. Valid until the next take. */
struct text conductor_topic_import(const struct conductor_topic *topic, billing_period period, struct text payer);

/* The latest value of a key; empty: none. Valid until the next take. */
struct text conductor_topic_value(const struct conductor_topic *topic, struct text key);

/* ---- publishing ---- */

/* One record to be published; a value without data deletes the key. */
struct conductor_change {
    struct text key, value;
};

struct conductor_changes {
    struct arena arena;
    struct conductor_change *items;
    size_t count, capacity;
    size_t added, changed, removed; /* without the version record */
};

/*
 * What has to be published so that the topic holds this document (its JSON, already validated) and these price list
 * entries for the document's month, the version record last. No change at all: count is 0. Fails also where the document
 * cannot come into force now (control/document_change.h).
 */
MUST_USE bool conductor_changes_compute(const struct conductor_topic *topic, struct input *document,
                                        const struct conductor *conductor, const struct price_list *list,
                                        struct conductor_changes *changes, struct error *error);
/* The topic as it would be behind them; offsets aside. */
MUST_USE bool conductor_topic_take_changes(struct conductor_topic *topic, const struct conductor_changes *changes,
                                           struct error *error);
/* Adds a record; key and value are copied. */
void conductor_changes_add(struct conductor_changes *changes, struct text key, struct text value);
void conductor_changes_done(struct conductor_changes *changes);

/*
 * A close is announced CLOSE_ANNOUNCED_MS before its ends are asked for: whoever prices usage of the month hears of it in
 * time, and takes none beyond the ends that the record will name.
 */
#define CLOSE_ANNOUNCED_MS 1000
/* The latest month whose close is announced and not there yet; PERIOD_NONE: none. *offset: of the announcement. */
billing_period conductor_topic_announced(const struct conductor_topic *topic, int64_t *offset);
void close_announcement_write(billing_period period, struct buffer *key, struct buffer *value);
/* What a bill task says when it has closed a month; `tasks`: how many there are. */
void closed_record_write(billing_period period, uint32_t task, int32_t tasks, struct buffer *key, struct buffer *value);

/* Asks the broker for the ends that a close of now has: all that has come, also what is still being committed.
 * close_record_done it. */
MUST_USE bool close_record_measure(struct stream *stream, billing_period period, int64_t version, struct close_record *close,
                                   struct error *error);
void close_record_done(struct close_record *close);

/*
 * The record of a close. `nonce` is another one each time: no two records have one key, whatever they say, so that
 * compaction keeps all closes of a month in their order, and the first counts for everybody, also after a restart.
 */
void close_record_write(const struct close_record *close, uint64_t nonce, struct buffer *key, struct buffer *value);
void import_record_write(billing_period period, struct text payer, struct buffer *key, struct buffer *value);

#endif
