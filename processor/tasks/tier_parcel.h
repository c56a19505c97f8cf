/*
 * tasks/tier_parcel.h: a record on `tiered`: messages of one sender to one tier task, a few dozen in a record, since a
 * record costs more than an event (SEMANTICS 4). Both directions of it are here. Pure.
 *
 *   usage → tier   an event as it came, a row that was priced here before, or a barrier
 *   tier → tier    the same, of what is the other's under another version of the document
 *
 * In headers stands what all messages of a record share; its value has them one behind the other, each as kind, offset,
 * size and bytes.
 */
#ifndef TASKS_TIER_PARCEL_H
#define TASKS_TIER_PARCEL_H

#include "log/stream.h"
#include "model/calendar.h"
#include "store/bytes.h"

enum tier_message_kind {
    TIER_MESSAGE_EVENT,   /* as it came */
    TIER_MESSAGE_ROW,     /* a whole row, as a line item; the sender has it no more */
    TIER_MESSAGE_BARRIER, /* a usage task has sent all of the period */
    TIER_MESSAGE_SWEPT,   /* a tier task has all barriers of the period, and no row of it that is another's */
    TIER_MESSAGE_LAST,    /* and has sent on all that came to it until all others had said the same */
    TIER_MESSAGE_COUNT,
};

struct tier_message {
    enum tier_message_kind kind;
    int64_t offset; /* of the event on the usage topic; 0 for what is none */
    struct text value;
};

struct tier_parcel {
    uint32_t sender; /* number of the task */
    int64_t first;   /* number of the first message; they run from 1 for each sender and partition: a gap is a loss */
    int64_t version; /* of the document under which it was sent here */
    billing_period period;
};

#define TIER_HEADERS 4

/* The headers' texts live as long as this. */
struct tier_headers {
    struct stream_header headers[TIER_HEADERS];
    char texts[TIER_HEADERS][TIME_TEXT_MAX];
};

void tier_parcel_write(const struct tier_parcel *parcel, struct tier_headers *out);
/* False: headers that no task writes. */
MUST_USE bool tier_parcel_read(const struct stream_record *record, struct tier_parcel *parcel);

void tier_message_append(const struct tier_message *message, struct buffer *out);
/* The next message; its value is borrowed. False: no task has written this. */
MUST_USE bool tier_message_take(struct byte_reader *reader, struct tier_message *message);

#endif
