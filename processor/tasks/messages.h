/*
 * tasks/messages.h: what tasks say to the bill tasks on `subtotals` (SEMANTICS 4, 5). Both directions of each message and
 * all keys are here. A record is a struct subtotal: a task's whole total of a key, or one of the messages below.
 */
#ifndef TASKS_MESSAGES_H
#define TASKS_MESSAGES_H

#include "base/buffer.h"
#include "base/hash.h"
#include "model/bill.h"

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
