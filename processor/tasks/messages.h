/*
 * tasks/messages.h: what tasks say to each other: on `tiered` to the tier tasks, on `subtotals` to the bill tasks
 * (SEMANTICS 4, 5). Both directions of each message and all keys are here.
 *
 *   usage → tier   an event as it came, a row that was priced here before, or a barrier; headers are a struct tier_message
 *   tier → tier    the same, of what is the other's under another version of the document
 *   any → bill     a struct subtotal: a task's whole total of a key, or one of the messages below
 */
#ifndef TASKS_MESSAGES_H
#define TASKS_MESSAGES_H

#include "base/buffer.h"
#include "base/hash.h"
#include "log/stream.h"
#include "model/bill.h"
#include "model/calendar.h"

/* ---- to the tier tasks ---- */

enum tier_message_kind {
    TIER_MESSAGE_EVENT,   /* as it came */
    TIER_MESSAGE_ROW,     /* a whole row, as a line item; the sender has it no more */
    TIER_MESSAGE_BARRIER, /* a usage task has sent all of the period */
    TIER_MESSAGE_SWEPT,   /* a tier task has all barriers of the period, and no row of it that is another's */
    TIER_MESSAGE_LAST,    /* and has sent on all that came to it until all others had said the same */
    TIER_MESSAGE_COUNT,
};

struct tier_message {
    uint32_t sender; /* number of the task */
    int64_t number;  /* runs from 1 for each sender and partition: a gap is a loss */
    int64_t offset;  /* of the event on the usage topic; 0 for what is none */
    int64_t version; /* of the document under which it was sent here */
    billing_period period;
    enum tier_message_kind kind;
};

#define TIER_HEADERS_MAX 6

/* The headers' texts; they live as long as this. */
struct tier_headers {
    struct stream_header headers[TIER_HEADERS_MAX];
    size_t count;
    char texts[TIER_HEADERS_MAX][TIME_TEXT_MAX];
};

void tier_message_write(const struct tier_message *message, struct tier_headers *out);
/* False: headers that no task writes. */
MUST_USE bool tier_message_read(const struct stream_record *record, struct tier_message *message);

/* ---- to the bill tasks ---- */

enum bill_message {
    BILL_MESSAGE_TOTAL,    /* the task's whole total of group, period, account, service and type */
    BILL_MESSAGE_PAYER,    /* the payer (usage_account_id) has usage in the period */
    BILL_MESSAGE_ARRIVAL,  /* usage of the period last came at as_of */
    BILL_MESSAGE_REPORTED, /* charged_rows and cost of the task's report rows of group, account and service */
    BILL_MESSAGE_CHECKSUM, /* the checksum of its report rows of group and account */
    BILL_MESSAGE_CLOCK,    /* bill task 0 to itself: the record's time is the broker's */
    BILL_MESSAGE_SWEPT, /* totals of the task, from the period on, that are of versions before conductor_version are gone */
    BILL_MESSAGE_BARRIER, /* the task has sent all of the period */
    BILL_MESSAGE_COUNT,
};

/* Sets what the message is; all required fields count as present. */
void bill_message_set(struct subtotal *subtotal, enum bill_message message);
/* BILL_MESSAGE_COUNT: none that we know. */
enum bill_message bill_message_of(const struct subtotal *subtotal);
/* The record's key, in place of what `out` held. Its parts are its fields; a '/' within one is escaped. */
void bill_message_key(const struct subtotal *subtotal, struct buffer *out);

/* 32 hex digits. */
#define CHECKSUM_TEXT_MAX 33
void checksum_format(struct hash128 checksum, char out[CHECKSUM_TEXT_MAX]);
MUST_USE bool checksum_parse(struct text text, struct hash128 *checksum);

/* A key's part: '/' becomes %2F and '%' becomes %25, so that keys stay apart. */
void key_append_part(struct buffer *out, struct text part);

#endif
