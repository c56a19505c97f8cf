/* service/topics_parts.h: what reading, writing and months of topics share. Private to topics*.c. */
#ifndef SERVICE_TOPICS_PARTS_H
#define SERVICE_TOPICS_PARTS_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/intern.h"
#include "service/control_reader.h"
#include "service/topics.h"

struct topics {
    struct topics_options options;
    struct book *book;
    struct view *view;
    pthread_t thread;
    bool started, told; /* told: what changes is news, no longer the beginning */
    _Atomic bool stopping;
    _Atomic bool unread;         /* the view is being read anew */
    _Atomic int64_t answered_ms; /* when the brokers answered last, by the monotonic clock */

    /* The reading thread's. */
    struct kafka_settings kafka;
    struct stream *stream;
    struct control_reader *control; /* others read it under control_lock, which whoever changes it holds */
    pthread_mutex_t control_lock;
    struct stream_partition *positions;
    size_t position_count, position_capacity;
    bool *ended;
    size_t ended_count;
    bool moved;
    struct intern changed; /* period/group */
    json_t *kept;          /* whether a month's rows are: as far as it was asked in this round */
    struct arena arena;
    json_t *dead; /* letters by reason, as the view will have them */
    time_t asked; /* for the ends of inputs */

    /* Under the lock: months that are to be closed, and where the inputs of tasks end. */
    pthread_mutex_t lock;
    json_t *months, *ends;

    pthread_mutex_t report_lock; /* one report is made at a time */

    /* The writing thread's. */
    struct {
        struct kafka_settings kafka;
        struct stream *stream;
        struct control_reader *control;
        struct stream_partition position;
        int64_t end;
        billing_period prices_of; /* PERIOD_NONE: none are here */
        struct price_list prices;
    } writer;
};

MUST_USE bool topics_commit(struct topics *topics, struct error *error);
/* topics_months.c: under the lock. */
void topics_note_closes(struct topics *topics);
/* topics_months.c: the reading thread's. Whether bills and line items of a month are in the view. */
bool topics_keeps(struct topics *topics, struct text period);
MUST_USE bool topics_drop_months(struct topics *topics, struct error *error);
/* topics_state.c */
void topics_note_marker(struct topics *topics, uint32_t task, struct text marker);
void topics_note_dead(struct topics *topics, const struct stream_record *record);
MUST_USE bool topics_load_dead(struct topics *topics, struct error *error);
void topics_ask_ends(struct topics *topics);
void topics_note_answer(struct topics *topics);
enum source_health topics_health(void *context);
/* As source.prices. */
bool topics_prices(void *context, billing_period period, struct price_list *list, struct error *error);
bool topics_state(void *context, struct buffer *out, struct error *error); /* as source.state */
/* topics_reports.c: as source.open_report. */
bool topics_open_report(void *context, billing_period period, struct text group, struct text account, int *file,
                        uint64_t *bytes, struct error *error);
/* topics_writer.c */
void topics_writer_close(struct topics *topics);

#endif
